// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, MiB, untilCollected } from './common.mjs';

const name = freshName();
const witness = Segment.create(name, { peerName: 'witness', initialSize: MiB, deadlineMs: 100 });
const names = () => witness.peers().map((peer) => peer.name);

// Nobody refers to the segment any more, but to a view of it.
let view = (() => new Uint8Array(Segment.attach(name, { peerName: 'one', relocatable: true }).view(0, 64)))();
for (let i = 0; i < 5; i++) {
  globalThis.gc();
  await new Promise((resolve) => setImmediate(resolve));
}
view[0] = 3;
assert.equal(witness.read(0, 1)[0], 3);
assert.deepEqual(names(), ['witness', 'one']);
view = undefined;
await untilCollected(() => names().length === 1);

// A forgotten view of a segment that is in use lets go of the memory.
(() => witness.range(0, MiB).bytes.fill(1))();
await assert.rejects(witness.shrink(MiB / 2), { code: 'PEERMAP_EBUSY' });
await untilCollected(() =>
  witness.shrink(MiB / 2).then(
    () => true,
    () => false,
  ),
);
// Many of them come and go.
for (let i = 0; i < 20000; i++) witness.typed(Int32Array, (i % 1000) * 8, 2)[0] = i;
await untilCollected(() =>
  witness.shrink(4096).then(
    () => true,
    () => false,
  ),
);
witness.detach();
