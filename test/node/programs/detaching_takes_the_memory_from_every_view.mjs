// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, MiB } from './common.mjs';

const name = freshName();
const witness = Segment.create(name, { peerName: 'witness', initialSize: MiB });
for (let i = 0; i < 3; i++) {
  const segment = Segment.attach(name, { peerName: 'one', relocatable: true });
  const views = Array.from({ length: 100 }, (_, at) => segment.typed(Int32Array, at * 8, 2));
  views.forEach((view, at) => (view[0] = at));
  const running = segment.remap();
  segment.detach();
  assert.ok(views.every((view) => view.length === 0 && view[0] === undefined && view.buffer.byteLength === 0));
  // It has left: its name is free.
  assert.deepEqual(
    witness.peers().map((peer) => peer.name),
    ['witness'],
  );
  await running.catch(({ code }) => assert.equal(code, 'PEERMAP_EDETACHED'));
  assert.throws(() => segment.view(0, 8), { code: 'PEERMAP_EDETACHED' });
  segment.detach();
}
assert.equal(witness.typed(Int32Array, 99 * 8, 1)[0], 99);
witness.detach();
