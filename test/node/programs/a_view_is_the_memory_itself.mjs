// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { canView, Segment } from 'peermap';
import { freshName, MiB, start } from './common.mjs';

assert.equal(canView, true);
const name = freshName();
const segment = Segment.create(name, { peerName: 'one', initialSize: MiB });
assert.equal(segment.canView, true);
const range = segment.range(4099, 21); // begins and ends anywhere
range.bytes.fill('x');
assert.equal(segment.read(4098, 23).toString('latin1'), `\0${'x'.repeat(21)}\0`);
const numbers = segment.typed(Float64Array, 8192, 4);
numbers.set([1, 2, 3, 4]);
const other = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'two' }); const numbers = segment.typed(Float64Array, 8192, 4);
   console.log(numbers.join()); numbers[2] = 33; await segment.grow(${MiB}); segment.detach();`,
);
assert.equal(await other.line(), '1,2,3,4');
assert.deepEqual(await other.ended, [0, null]);
assert.equal(numbers[2], 33);
// What grew is there for views, old and new.
segment.typed(Uint8Array, MiB, MiB).fill(7);
assert.equal(segment.read(2 * MiB - 1, 1)[0], 7);
assert.equal(numbers[3], 4);

assert.throws(() => segment.view(4097, 8), RangeError);
assert.throws(() => segment.view(0, 2 * MiB + 1), RangeError);
assert.throws(() => segment.view(0, 0), RangeError);
assert.throws(() => segment.view(2 * MiB, 8), RangeError);
assert.throws(() => segment.typed(Float64Array, 12, 1), RangeError);
assert.throws(() => range.typed(Float64Array, 3), RangeError);
assert.throws(() => range.read(0, 22), RangeError);
assert.throws(() => segment.release(numbers), TypeError);
segment.release(new ArrayBuffer(8)); // nobody's
assert.equal(segment.range(0, 0).bytes.length, 0);
// Nobody gets the memory away from here, and to another thread: Node refuses, or sends a copy.
try {
  structuredClone(numbers.buffer, { transfer: [numbers.buffer] });
} catch ({ name: refusal }) {
  assert.equal(refusal, 'DataCloneError');
}
assert.equal(numbers[2], 33);
segment.detach();
