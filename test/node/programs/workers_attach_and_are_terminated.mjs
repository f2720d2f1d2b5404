// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Segment } from 'peermap';
import { freshName, MiB } from './common.mjs';

function work({ name, peerName }) {
  const segment = Segment.attach(name, { peerName, relocatable: true, deadlineMs: 20_000 });
  const kept = [];
  const lasting = segment.alloc(100); // until the worker ends: what it frees, the other may have next
  const events = segment.events();
  events.on('event', () => undefined);
  for (let i = 0; ; i++) {
    const object = segment.alloc(1 + ((i * 7919) % 100_000));
    object.bytes.fill(i);
    kept.push(object);
    if (kept.length > 20) kept.shift().free();
    if (i % 10 === 0) segment.grow(65536).catch(() => undefined);
    if (i === 100) parentPort.postMessage(lasting.offset);
  }
}

async function main() {
  const name = freshName();
  const segment = Segment.create(name, { peerName: 'main', heap: true, deadlineMs: 20_000, reserveSize: 2048 * MiB });
  for (let turn = 0; turn < 3; turn++) {
    const workers = ['left', 'right'].map((peerName) => new Worker(new URL(import.meta.url), { workerData: { name, peerName } }));
    const offsets = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
    assert.notEqual(offsets[0], offsets[1]);
    // In the middle of allocating, growing and views, while the main thread does the same.
    const mine = Array.from({ length: 50 }, (_, i) => segment.alloc(10_000 + i));
    mine.forEach((object, i) => object.bytes.fill(i));
    await Promise.all(workers.map((worker) => worker.terminate()));
    assert.deepEqual(
      segment.peers().map((peer) => peer.name),
      ['main'],
    );
    mine.forEach((object, i) => {
      assert.ok(object.bytes.every((byte) => byte === i));
      object.free();
    });
    assert.equal((await segment.grow(65536)).peers, 1);
  }
  segment.reap();
  assert.equal(segment.heapStats().faults, 0);
  segment.detach();
}

if (isMainThread) await main();
else work(workerData);
