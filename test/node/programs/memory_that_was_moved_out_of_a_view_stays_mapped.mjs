// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, MiB, untilCollected } from './common.mjs';

if (!ArrayBuffer.prototype.transfer) {
  console.log('this Node has no ArrayBuffer.prototype.transfer');
  process.exit(77);
}
const name = freshName();
const witness = Segment.create(name, { peerName: 'witness', initialSize: MiB, deadlineMs: 100 });
const names = () => witness.peers().map((peer) => peer.name);

let segment = Segment.attach(name, { peerName: 'one', relocatable: true, deadlineMs: 100 });
const moved = [segment.view(0, 64).transfer(), segment.view(64, 64).transfer()];
// And by a byte stream, which keeps neither its source nor tells of it.
const stream = new ReadableStream({
  type: 'bytes',
  pull: (controller) => controller.enqueue(new Uint8Array(segment.view(128, 64))),
});
const { value } = await stream.getReader().read();
for (let i = 0; i < 3; i++) globalThis.gc();
new Uint8Array(moved[0])[0] = 9;
await assert.rejects(witness.shrink(MiB / 2), { code: 'PEERMAP_EBUSY' });
segment.detach();
assert.throws(() => segment.size, { code: 'PEERMAP_EDETACHED' });
segment = undefined;
for (let i = 0; i < 3; i++) globalThis.gc();
await new Promise((resolve) => setImmediate(resolve));
assert.equal(new Uint8Array(moved[0])[0], 9);
assert.equal(new Uint8Array(moved[1])[0], 0);
assert.equal(value[0], 0);
assert.deepEqual(names(), ['witness', 'one']);
moved.length = 0;
stream.done = undefined;
value.fill(1); // until here it is used

await (async () => {
  // `value` is a constant of the module: what it holds is moved on, into nothing.
  value.buffer.transfer(0);
  await untilCollected(() => names().length === 1);
})();
await witness.shrink(MiB / 2);
witness.detach();
