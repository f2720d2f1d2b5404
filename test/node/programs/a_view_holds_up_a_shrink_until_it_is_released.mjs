// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, MiB, start } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'viewer', initialSize: 2 * MiB, deadlineMs: 200 });
const other = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'other', deadlineMs: 200 }); console.log('attached');
   // Without a round it was refused before it began, since its agent had no core: where all are busy.
   const shrink = () => segment.shrink(${MiB / 4}).then(() => 'shrunk', ({ code, round }) => (round ? code + ' ' + round.blocker?.name : shrink()));
   for await (const _ of process.stdin) console.log(await shrink());`,
);
assert.equal(await other.line(), 'attached');
const range = segment.range(MiB + MiB / 2, 64);
const bytes = range.bytes;
const again = segment.range(MiB + MiB / 2, 64); // another view of the same bytes
again.bytes[1] = 6;
bytes[0] = 5;
other.say('shrink');
assert.equal(await other.line(), 'PEERMAP_EBUSY viewer');
await assert.rejects(segment.shrink(MiB), { code: 'PEERMAP_EBUSY' }); // nor does the process itself
assert.deepEqual([bytes[0], bytes[1]], [5, 6]);

range.release();
assert.equal(bytes.length, 0);
assert.equal(bytes[0], undefined);
range.release(); // of what is released already
other.say('shrink');
assert.equal(await other.line(), 'PEERMAP_EBUSY viewer');

again.release();
other.say('shrink');
assert.equal(await other.line(), 'shrunk');
assert.equal(range.bytes[0], 5); // a new view
assert.throws(() => segment.view(2 * MiB - 8, 8), RangeError);
// One that is made after a growth holds what has come with it.
await segment.grow(MiB);
const late = segment.view(2 * MiB, 64);
range.release();
other.say('shrink');
assert.equal(await other.line(), 'PEERMAP_EBUSY viewer');
segment.release(late);
other.say('shrink');
assert.equal(await other.line(), 'shrunk');
await other.kill();
segment.detach();
