// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Segment } from 'peermap';
import { freshName, start } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', heap: true, deadlineMs: 200 });
const word = segment.alloc(8, { zeroed: true });
const at = word.offset;
const numbers = word.typed(Int32Array);

// By another process, by a thread that waits in itself, and here, while this one does other things.
const other = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'two' }); console.log('waits'); console.log(await segment.wait(${at}, 0, 60000));`,
);
assert.equal(await other.line(), 'waits');
const worker = new Worker(
  `const { workerData, parentPort } = require('node:worker_threads');
   const segment = require('node:module').createRequire(workerData.here)('peermap').Segment.from(workerData.handle);
   parentPort.postMessage('waits');
   parentPort.postMessage([segment.waitSync(workerData.at, 0, 60000), segment.waitSync(workerData.at, -1, 60000), segment.waitSync(workerData.at, 7, 10)]);
   segment.waitSync(workerData.at, 7, 60000);`,
  { eval: true, workerData: { handle: segment.handle(), at, here: import.meta.url } },
);
await once(worker, 'message');
const here = [segment.wait(word, 0, 60_000), word.wait(0, 0, { deadlineMs: 60_000 })];
let turns = 0;
const busy = setInterval(() => turns++, 1);
await pause(50);
Atomics.store(numbers, 0, -1);
assert.ok(segment.notify(word) >= 0);
assert.deepEqual(await Promise.all(here), [true, true]);
assert.equal(await other.line(), 'true');
await pause(20);
Atomics.store(numbers, 0, 7); // and nobody is told
assert.deepEqual((await once(worker, 'message'))[0], [true, true, false]);
assert.ok(turns > 10);
clearInterval(busy);
await worker.terminate(); // in the middle of waitSync()
assert.equal(await segment.wait(word, 7), false); // the segment's deadline
assert.equal(await segment.wait(word, 7, 20), false);
assert.equal(segment.waitSync(at, 6), true);
assert.equal(word.notify(0, 1), 0);

// An abort ends a wait of any kind, with its reason, and nothing is left of it.
const controller = new AbortController();
const { signal } = controller;
const waits = [
  segment.wait(word, 7, { signal, deadlineMs: 60_000 }),
  segment.waitRoot('never', undefined, { signal, deadlineMs: 60_000 }),
  segment.waitRoots(await segment.waitRoots().catch(() => 0), { signal, deadlineMs: 60_000 }),
  segment.waitSize(2 ** 40, { signal, deadlineMs: 60_000 }),
  segment.waitEnded(segment.me(), { signal, deadlineMs: 60_000 }),
];
controller.abort(new Error('enough'));
for (const { reason } of await Promise.allSettled(waits)) assert.equal(reason?.message, 'enough');
await assert.rejects(segment.wait(word, 7, { signal }), { message: 'enough' });
const alone = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'three' });
   const told = await segment.wait(${at}, 7, { deadlineMs: 60000, signal: AbortSignal.timeout(50) }).catch(({ name }) => name); console.log(told); segment.detach();`,
);
assert.equal(await alone.line(), 'TimeoutError');
assert.deepEqual(await alone.ended, [0, null]); // long before the deadline

// A detach ends it too, as it does others.
const cut = segment.wait(word, 7, 60_000);
await pause(30);
segment.detach();
await assert.rejects(cut, { code: 'PEERMAP_EDETACHED' });
