// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import type { Snapshot } from '../../extension/protocol/model';
import { installed, Stage, until } from '../demo/programs';
import { besidesHeldUp } from '../problems';
import { cleanUp, json, peermap, row, Running, well } from './cli';

describe('cli: with the demo', () => {
  let stage: Stage;
  beforeEach(() => (stage = new Stage()));
  afterEach(async () => {
    await cleanUp();
    await stage.end();
  });

  it('shows its programs and its root while they work', async () => {
    const indexer = stage.start('indexer', installed('typescript/lib'));
    await until(() => stage.objectSize > 0);
    const follow = new Running(['events', stage.segment, '--follow']);
    const watch = new Running(['watch', stage.segment, '--json']);
    await follow.said(/grew +indexer +to /);
    await until(() => indexer.out.includes('done'));
    const snapshot = await json<Snapshot>('show', stage.segment);
    assert.deepEqual(
      snapshot.peers.map(({ name, pid, state }) => ({ name, pid, state })),
      [{ name: 'indexer', pid: indexer.pid, state: 'alive' }],
    );
    assert.ok(snapshot.roots.length > 0);
    assert.deepEqual(besidesHeldUp(snapshot.problems), []);
    await until(() => watch.lines<Snapshot>().at(-1)?.header?.active === snapshot.header?.active);
  });

  it('names the one that is stopped and holds up a growth', async () => {
    const indexer = stage.start('indexer', '--strict', '--no-ptrace', installed('mocha/bin'));
    await until(() => indexer.out.includes('done'));
    const search = stage.start('search');
    await until(() => search.out.length > 0 || stage.objectSize > 0);
    let text = await well('show', stage.segment);
    while (!text.includes('2 peers')) text = await well('show', stage.segment);
    search.kill('SIGSTOP');
    const { code, err, out } = await peermap(['grow', stage.segment, '+25%', '--deadline', '200']);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`PEERMAP_ETIMEDOUT.*search.*${search.pid}`));
    assert.match(row(out, 'search').join(' '), /did not map it: it is stopped/);
    search.kill('SIGCONT');
    await well('grow', stage.segment, '+25%');
  });
});
