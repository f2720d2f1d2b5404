// SPDX-License-Identifier: MIT
//
// What is noted as under way, and how often: with an addon whose looks are at once.

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setImmediate as immediately } from 'node:timers/promises';
import { readUnderWay, type Undertaking } from '../../extension/protocol/undertaking';
import type { Addon } from '../../extension/server/addon';
import { looks } from '../../extension/server/budgets';
import { Turns } from '../../extension/server/turns';
import { UnderWay } from '../../extension/server/under-way';
import { Watches } from '../../extension/server/watches';

const heap: Undertaking = { method: 'peermap/heap', segment: 'demo' };
const list: Undertaking = { method: 'peermap/list' };

describe('what is under way', () => {
  let folder: string;
  let file: string;
  let underWay: UnderWay;
  let writes: number;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-under-way-'));
    file = path.join(folder, 'file');
    writes = 0;
    underWay = new (class extends UnderWay {
      protected override write(): void {
        super.write();
        writes += 1;
      }
    })();
    underWay.open(file);
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const written = () => readUnderWay(fs.readFileSync(file, 'utf8'));

  it('is written while it lasts, whether it is done at once or later, well or not', async () => {
    assert.equal(
      underWay.during(heap, () => written().length),
      1,
    );
    assert.throws(() => underWay.during(heap, () => assert.fail('at once')), { message: 'at once' });
    assert.deepEqual(written(), []);
    const later = underWay.during(heap, async () => {
      await immediately();
      assert.deepEqual(written(), [heap, list]);
      return 'later';
    });
    const refused = underWay.during(list, () => immediately().then(() => assert.fail('later')));
    assert.equal(await later, 'later');
    await assert.rejects(refused, { message: 'later' });
    assert.deepEqual(written(), []);
  });

  it('is written once, however many parts of it are noted', () => {
    underWay.during(heap, () =>
      underWay.during({ ...heap }, () => underWay.during({ ...heap }, () => assert.deepEqual(written(), [heap]))),
    );
    assert.equal(writes, 2);
  });

  it('is written twice for a look at a segment that is watched, and twice for the events that are told before', async () => {
    let changed = () => {};
    class Observer {
      readonly name = 'demo';
      watch(call: () => void) {
        changed = call;
      }
      packedEvents(last: number) {
        return { last, missed: 0, rows: new Float64Array(), names: [] };
      }
      snapshotAsync() {
        return Promise.resolve({ peers: [], problems: [], roots: [] });
      }
      close() {}
    }
    const failures: unknown[] = [];
    const listener = { changed: () => {}, failed: (_: string, error: unknown) => failures.push(error) };
    const watches = new Watches({ Observer } as unknown as Addon, new Turns(looks), underWay, listener);
    await watches.watch('demo');
    writes = 0;
    changed();
    for (let i = 0; i < 10; i++) await immediately();
    watches.unwatch('demo');
    assert.deepEqual(failures, []);
    assert.equal(writes, 4);
  });
});
