// SPDX-License-Identifier: MIT
//
// The server, with segments that are made to be too much (test/peers/swamp.c): what it spends on them is what was said, what it leaves out is told, and nobody else
// waits for them.  Bytes are counted, not seconds.

import * as assert from 'node:assert/strict';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Snapshot } from '../../extension/protocol/model';
import type { Method, Requests } from '../../extension/protocol/requests';
import { readUnderWay } from '../../extension/protocol/undertaking';
import { telling } from '../../extension/server/budgets';
import { bytesOf } from '../../extension/server/flow';
import { cleanUp, heldUp, Peer, root, testSegment, until } from '../peers/drive';
import { Client } from './client';

const mib = 1 << 20;
function the<T>(found: T | undefined): T {
  return found ?? assert.fail();
}

const swamp = path.join(root, 'build/native/peers/swamp');

describe('a segment that is too much', function () {
  this.timeout(180_000);
  let segment: string;
  let folder: string;

  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-budgets-'))));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => (segment = testSegment()));
  afterEach(async () => {
    await Client.endAll();
    await cleanUp();
  });

  it('holds up no other: what is asked of another one later is answered earlier', async () => {
    await Peer.startAs(swamp, segment, 'swamp', 'heap');
    const calm = testSegment();
    await Peer.start(calm, 'writer', 'create', 65536);
    const client = await Client.start();
    const answered: string[] = [];
    const ask = async (name: string, method: 'peermap/heap' | 'peermap/snapshot', of: string) => {
      const { value, problems } = await client.request(method, { segment: of });
      answered.push(name);
      return { value, problems };
    };
    const asked = [
      ask('heap', 'peermap/heap', segment),
      ask('its registry', 'peermap/snapshot', segment),
      ask('another one', 'peermap/snapshot', calm),
      ask('the heap of another one', 'peermap/heap', calm),
    ];
    const [heap] = await Promise.all(asked);
    assert.deepEqual(answered, ['another one', 'the heap of another one', 'heap', 'its registry']);
    // As far as it went in its time; whether that is the end depends on the machine (looks_have_bounds.c gives it too little on any).
    assert.ok(heap?.value);
    assert.ok(heap.problems.every(({ code, where }) => code === 'left-out' && where === 'heap'));
  });

  it('holds up no other where it is joined, reaped, left and grown while somebody keeps its locks', async () => {
    const holder = await Peer.startAs(swamp, segment, 'swamp', 'locks');
    const [calm, fresh] = [testSegment(), testSegment()];
    await Peer.start(calm, 'writer', 'create', 65536);
    const client = await Client.start();
    await client.request('peermap/attach', { segment });
    await holder.ask('lock');
    let answered = 0;
    const hold = async <M extends Method>(method: M, params: Requests[M]['params']) => {
      await client.request(method, params).catch(() => undefined);
      answered += 1;
    };
    // Each until its deadline, one after the other.
    const held = Array.from({ length: 10 }, () => [
      hold('peermap/reap', { segment }),
      hold('peermap/grow', { segment, bytes: 65536, allowLate: true }), // joins once more
      hold('peermap/detach', { segment }),
      hold('peermap/attach', { segment }),
    ]).flat();
    await client.request('peermap/create', { segment: fresh, bytes: 65536 });
    await client.request('peermap/attach', { segment: calm });
    await client.request('peermap/grow', { segment: calm, bytes: 65536 });
    await client.request('peermap/reap', { segment: calm });
    await client.request('peermap/detach', { segment: calm });
    await client.request('peermap/destroy', { segment: fresh });
    await client.request('peermap/snapshot', { segment });
    assert.ok(answered < held.length, 'all of them waited for the locks');
    await holder.ask('unlock');
    await Promise.all(held);
  });

  it('is told of at a bounded rate, with all that was left out counted, and in the end as it is', async () => {
    const flood = await Peer.startAs(swamp, segment, 'swamp', 'flood');
    const client = await Client.start();
    const began = performance.now();
    const { value: first } = await client.request('peermap/watch', { segment });
    const sizes = () => client.changes.map(({ told: { batch, delta } }) => batch.rows.byteLength + bytesOf(delta));
    // Where the flood has so little of the cores that all of it can be told, what is told is enough to see its rate by.
    const much = () => sizes().reduce((sum, each) => sum + each, 0) > 4 * telling.bytesPerSecond;
    await until(() => (client.changes.at(-1)?.told.sampling.leftOut?.events ?? 0) > 0 || much(), 'something to be left out');
    const bytes = sizes();
    const seconds = (performance.now() - began) / 1000;
    const total = bytes.reduce((sum, each) => sum + each, 0);
    // After the largest there is a rest that is as long as it was large.
    assert.ok(total <= telling.bytesPerSecond * seconds + Math.max(...bytes), `${total / mib} MiB in ${seconds} s`);
    assert.ok(Math.max(...bytes) <= telling.events * 13 * 8 + 4 * mib, 'no message is larger than what waits');
    await flood.end();
    const head = (await client.request('peermap/snapshot', { segment })).value.header?.eventHead ?? 0;
    await until(() => (client.changes.at(-1)?.batch.last ?? 0) >= head, 'the last event');
    const told = client.changes.reduce((sum, { batch }) => sum + batch.events.length, 0);
    const missed = client.changes.reduce((sum, { batch }) => sum + batch.missed, 0);
    const last = client.changes.at(-1)?.batch.last ?? 0;
    assert.equal(told + missed, last - (first.header?.eventHead ?? 0));
    // Not what the kernel says of the pids in its registry: they are of anybody.
    const claims = ({ header, peers }: Snapshot) => [
      header,
      peers.map(({ slot, generation, acked }) => [slot, generation, acked]),
    ];
    const { value: final } = await client.request('peermap/snapshot', { segment });
    await until(() => isDeepStrictEqual(claims(the(client.changes.at(-1)).snapshot), claims(final)), 'what there is to be told');
  });

  it('costs the list of its mappings, not the look at it', async () => {
    const peer = await Peer.startAs(swamp, segment, 'swamp', 'pieces', 5000);
    const client = await Client.start();
    const { value, problems } = await client.request('peermap/snapshot', { segment });
    assert.equal(value.peers.length, 1024);
    assert.ok(value.peers.reduce((sum, { mappings = [] }) => sum + mappings.length, 0) <= 65_536);
    const left = problems.filter(({ code }) => code === 'left-out').map(({ where }) => where);
    assert.ok(left.includes(`/proc/${peer.pid}/maps`), left.join(', '));
  });

  it('is written down before it is looked at, so that it is known what a server ended at', async () => {
    await Peer.startAs(swamp, segment, 'swamp', 'heap');
    const underWay = path.join(folder, 'under-way.json');
    const client = await Client.start({ underWay });
    const written = () => readUnderWay(fs.readFileSync(underWay, 'utf8'));
    await client.request('peermap/snapshot', { segment });
    assert.deepEqual(written(), []);
    const request = client.refusal('peermap/heap', { segment });
    await until(() => written().length > 0, 'the count to begin');
    await client.kill();
    assert.ok(await request);
    assert.deepEqual(written(), [{ method: 'peermap/heap', segment }]);
  });

  // A server that dies in the middle of what others had made for it: each is what changes its addon as it is loaded.
  const die = `process.kill(process.pid, 'SIGKILL');`;
  const observer = (method: string, body: string) =>
    `addon.Observer = class extends addon.Observer { ${method}(...all) { ${body} } };`;
  /** What was read is well, and to tell of it is the end. */
  const poisoned = (method: string) => observer(method, `return super.${method}(...all).then(poisoned);`);
  const ends: [what: string, body: string, method: Method, ofAll?: true][] = [
    ['opening it', `addon.Observer = class { constructor() { ${die} } };`, 'peermap/watch'],
    ['beginning to watch it', observer('watch', die), 'peermap/watch'],
    ['reading its events before a look', observer('packedEvents', die), 'peermap/watch'],
    ['telling of a look that is watched', poisoned('snapshotAsync'), 'peermap/watch'],
    ['telling of a look', poisoned('snapshotAsync'), 'peermap/snapshot'],
    ['telling of its heap', poisoned('heapAsync'), 'peermap/heap'],
    [
      'telling of all segments',
      `addon.listAsync = () => Promise.resolve({ segments: poisoned([]), leftOut: 0, whole: true });`,
      'peermap/list',
      true,
    ],
    [
      'telling of the shared memory of the system',
      `addon.censusAsync = () => Promise.resolve(poisoned({}));`,
      'peermap/census',
      true,
    ],
  ];
  for (const [what, body, method, ofAll] of ends) {
    it(`is named where the server ends at ${what}`, async () => {
      const writer = await Peer.start(segment, 'writer', 'create', 65536);
      const { client, written } = await startWith(body);
      const gone = once(client.process, 'exit');
      const params = ofAll ? {} : { segment };
      const refused = client.refusal(method, params as { segment: string }).catch(() => undefined);
      await Promise.race([gone, refused]);
      await writer.ask('grow 65536'); // a change, for who watches
      await gone;
      assert.deepEqual(written(), [ofAll ? { method } : { method, segment }]);
    });
  }

  it('is named where the server ends at its removal', async () => {
    const { client, written } = await startWith(`addon.removeAsync = () => { ${die} };`);
    const gone = once(client.process, 'exit');
    const name = `peermap.${segment}`;
    void client.refusal('peermap/remove', { kind: 'posix', name, inode: 1, device: 1 }).catch(() => undefined);
    await gone;
    assert.deepEqual(written(), [{ method: 'peermap/remove', object: name }]);
  });

  it('is named, with its root, where the server ends at what gdb answers', async () => {
    const writer = await Peer.start(segment, 'writer', 'create', 65536);
    await writer.ask('root table 0 64 table');
    fs.writeFileSync(path.join(folder, 'gdb'), '#!/bin/sh\necho "{\\"of\\": \\"gdb\\"}" >&4\n', { mode: 0o755 });
    const { client, written } = await startWith(
      `const { parse } = JSON; JSON.parse = (text) => { if (text.includes('"gdb"')) { ${die} } return parse(text); };`,
    );
    const gone = once(client.process, 'exit');
    void client.refusal('peermap/structure', { segment, root: 'table' }).catch(() => undefined);
    await gone;
    assert.deepEqual(written(), [{ method: 'peermap/structure', segment, root: 'table' }]);
  });

  /** A server whose addon is changed by `body` as it is loaded, and what it has written down. */
  async function startWith(body: string): Promise<{ client: Client; written: () => unknown }> {
    const preload = path.join(folder, 'preload.cjs');
    fs.writeFileSync(
      preload,
      `const { _extensions } = require('node:module'); const load = _extensions['.node'];
       const poisoned = (value = {}) => Object.defineProperty(value, 0, { enumerable: true, get() { ${die} } });
       _extensions['.node'] = (module, file) => { load(module, file); const addon = { ...module.exports }; module.exports = addon; ${body} };`,
    );
    const underWay = path.join(folder, 'under-way.json');
    const env = { ...process.env, NODE_OPTIONS: `--require ${preload}`, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const client = await Client.start({ underWay, env });
    return { client, written: () => readUnderWay(fs.readFileSync(underWay, 'utf8')) };
  }
});

describe('a process that is held up in the kernel', function () {
  this.timeout(60_000);
  afterEach(async () => {
    await Client.endAll();
    await cleanUp();
  });

  it('holds up no answer about the machine, and none about others', async function () {
    const segment = testSegment();
    const peer = await Peer.start(segment, 'writer', 'create', 65536);
    const client = await Client.start();
    const stuck = await heldUp();
    if (!stuck) this.skip();
    try {
      const pids = [stuck.pid, peer.pid];
      // More than Node has threads for files, and than looks are made at once.
      const facts = await Promise.all(Array.from({ length: 6 }, () => client.request('peermap/facts', { pids })));
      for (const { value, problems } of facts) {
        assert.match(the(value.find(({ pid }) => pid === peer.pid)).commandLine, /writer/);
        assert.equal(the(value.find(({ pid }) => pid === stuck.pid)).commandLine, '');
        assert.deepEqual(
          problems.map(({ code, where }) => [code, where]),
          [['left-out', `/proc/${stuck.pid}/cmdline`]],
        );
      }
      for (let i = 0; i < 2; i += 1) {
        const census = await client.request('peermap/census', {});
        assert.ok(census.problems.some(({ code, where }) => code === 'left-out' && where === `/proc/${stuck.pid}`));
        const processes = await client.request('peermap/processes', {});
        assert.ok(processes.value.some(({ pid }) => pid === peer.pid));
        await client.request('peermap/snapshot', { segment, strangers: true });
      }
      const residency = await client.request('peermap/residency', { segment });
      assert.deepEqual(
        residency.value.map(({ pid }) => pid),
        [peer.pid],
      );
    } finally {
      await stuck.end();
    }
    const { value, problems } = await client.request('peermap/facts', { pids: [peer.pid] });
    assert.match(the(value[0]).commandLine, /writer/);
    assert.deepEqual(problems, []);
  });
});
