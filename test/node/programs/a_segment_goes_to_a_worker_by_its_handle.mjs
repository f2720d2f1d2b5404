// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import { Observer, Segment } from 'peermap';
import { freshName } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', heap: true });
const object = segment.alloc(64, { zeroed: true });

// A copy of it would be no segment.
const { port1, port2 } = new MessageChannel();
const refused = { name: 'DataCloneError', message: /post segment\.handle\(\), and there use Segment\.from\(handle\)$/ };
for (const thing of [segment, object, segment.range(0, 8), segment.pin(), { deep: [segment] }]) {
  assert.throws(() => structuredClone(thing), refused);
  assert.throws(() => port1.postMessage(thing), refused);
  assert.throws(() => new Worker('', { eval: true, workerData: thing }), refused);
}
assert.throws(() => structuredClone(new Observer(name)), { name: 'DataCloneError' });
port1.close();
port2.close();
assert.equal(
  JSON.stringify({ segment, object }),
  JSON.stringify({ segment: { name }, object: { segment: name, offset: object.offset, byteLength: 64 } }),
);
assert.deepEqual(
  [inspect(segment), inspect(segment.pin())],
  ['Segment {}', `Pin { segment: Segment {}, bytes: ${segment.size} }`],
);

const worker = new Worker(
  `const { workerData, parentPort } = require('node:worker_threads');
   const { Segment } = require('node:module').createRequire(workerData.here)('peermap');
   const segment = Segment.from(workerData.handle);
   segment.object(workerData.offset).typed(Int32Array)[0] = 42;
   const reader = Segment.from({ ...workerData.handle, readOnly: true }, { peerName: 'reader' });
   parentPort.postMessage([segment instanceof Segment, segment.me().name, reader.handle(), reader.object(workerData.offset).typed(Int32Array)[0]]);
   reader.detach();
   segment.detach();`,
  { eval: true, workerData: { handle: structuredClone(segment.handle()), offset: object.offset, here: import.meta.url } },
);
const [is, peer, handle, read] = (await once(worker, 'message'))[0];
assert.deepEqual([is, peer, handle, read], [true, `worker-${process.pid}-${worker.threadId}`, { name, readOnly: true }, 42]);
await once(worker, 'exit');
assert.equal(object.typed(Int32Array)[0], 42);
for (const wrong of [undefined, 'name', {}, { name: 5 }, null]) assert.throws(() => Segment.from(wrong), TypeError);
segment.detach();
assert.deepEqual([segment.handle(), segment.readOnly, JSON.stringify(segment)], [{ name }, false, JSON.stringify({ name })]);
