// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { inspect } from 'node:util';
import { Segment } from 'peermap';
import { freshName, start } from './common.mjs';

const name = freshName();
const writer = Segment.create(name, { peerName: 'writer', heap: true });
const object = writer.alloc(64, { zeroed: true });
const numbers = object.typed(Float64Array);
numbers.set([1, 2, 3, 4]);
writer.setRoot('numbers', object, 'double[8]');
const reader = Segment.attach(name, { peerName: 'reader', relocatable: true, readOnly: true });
assert.deepEqual([reader.readOnly, writer.readOnly], [true, false]);
const root = reader.root('numbers', 'double[8]');
const seen = root.typed(Float64Array);
const bytes = root.bytes;

// It is the memory itself, and reads as what it is.
assert.deepEqual([seen.length, seen.byteLength, seen[1], seen.at(-5), seen.indexOf(3)], [8, 64, 2, 4, 2]);
numbers[0] = 10;
assert.equal(seen[0], 10);
assert.deepEqual([...seen], [10, 2, 3, 4, 0, 0, 0, 0]);
assert.equal(
  seen.reduce((sum, n) => sum + n, 0),
  19,
);
assert.deepEqual([...new Float64Array(seen)], [...seen.slice()]);
assert.ok(seen instanceof Float64Array && 7 in seen && !(8 in seen));
assert.equal(bytes.readDoubleLE(0), 10);
assert.equal(bytes.toString('hex', 0, 8), Buffer.from(new Float64Array([10]).buffer).toString('hex'));
assert.equal(bytes.subarray(8).readDoubleLE(0), 2);
assert.match(inspect(seen) + inspect(bytes) + String(seen), /10, 2[^]*<Buffer/);

// Whatever would write, or give the memory to who could, throws.
const refused = {
  code: 'PEERMAP_EREADONLY',
  message: /was attached to read, and its memory cannot be written: attach without \{ readOnly: true \}$/,
};
for (const call of [
  () => (seen[0] = 1),
  () => (bytes[0] = 1),
  () => seen.fill(1),
  () => seen.set([1]),
  () => seen.sort(),
  () => seen.reverse(),
  () => seen.copyWithin(0, 8),
  () => seen.buffer,
  () => bytes.parent,
  () => (seen.subarray(1)[0] = 1),
  () => (bytes.slice(1)[0] = 1),
  () => bytes.write('x'),
  () => bytes.writeInt8(1),
  () => bytes.utf8Write('x'),
  () => bytes.swap16(),
  () => (seen.valueOf()[0] = 1),
  () => seen.forEach((n, i, array) => (array[i] = 1)),
  () => seen.map((n, i, array) => array.fill(1)),
  () => seen.reduce((sum, n, i, array) => array.set([1])),
  () => Object.defineProperty(seen, 0, { value: 1 }),
  () => Object.setPrototypeOf(seen, {}),
  () => delete seen[0],
  () => (Object.create(seen)[0] = 1),
  () => Object.assign(seen, [1]),
  () => Reflect.set(seen, 0, 1),
  () => (reader.growing(Float64Array, root.offset).array[0] = 1),
  () => (reader.typed(Int32Array, root.offset, 1)[0] = 1),
])
  assert.throws(call, refused, String(call));
for (const call of [
  () => Float64Array.prototype.fill.call(seen, 1),
  () => Atomics.store(reader.typed(Int32Array, root.offset, 1), 0, 1),
  () => Object.freeze(seen),
  () => new DataView(seen),
])
  assert.throws(call, Error, String(call));
assert.throws(() => reader.view(0, 64), {
  code: 'PEERMAP_EREADONLY',
  message: /use read\(\), or typed\(\) and bytes of a range$/,
});
for (const call of [
  () => reader.alloc(8),
  () => reader.setRoot('x', 0, 8),
  () => reader.write(0, Buffer.of(1)),
  () => root.write(Buffer.of(1)),
])
  assert.throws(call, { code: 'PEERMAP_EREADONLY', message: /readOnly: true/ });
assert.deepEqual([...numbers], [10, 2, 3, 4, 0, 0, 0, 0]);

// It ends as others do, holds up nothing, and waits.
root.release();
assert.equal(seen.length, 0);
assert.equal(root.typed(Float64Array)[0], 10);
const waiting = reader.wait(root, 0, 60_000);
object.typed(Int32Array)[0] = 1; // the lower half of a double that is a little more than 10
writer.notify(object);
assert.equal(await waiting, true);
numbers[0] = 11;
const other = start(
  name,
  `const s = Segment.attach(name, { readOnly: true }); console.log(s.root('numbers').typed(Float64Array)[0], s.me().readOnly); s.detach();`,
);
assert.equal(await other.line(), '11 true');
assert.deepEqual(await other.ended, [0, null]);
reader.detach();
writer.detach();
