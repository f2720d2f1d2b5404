// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', heap: true, initialSize: 65536, reserveSize: 1 << 26, maxPeers: 8 });
const other = Segment.create(freshName(), { heap: true });
const again = Segment.attach(name, { peerName: 'again', relocatable: true });

function refused(call, kind, message) {
  assert.throws(call, (error) => {
    const told = `${call}: ${error}`;
    assert.ok(kind.startsWith?.('PEERMAP') ? error.code === kind : error.name === kind, told);
    assert.match(error.message, message, told);
    assert.doesNotMatch(error.message, /PEERMAP_|[a-z]_[a-z]|undefined|NaN bytes/, told);
    return true;
  });
}

// Options that do not exist.
refused(() => Segment.open(name, { haep: true }), 'TypeError', /^unknown option haep; did you mean heap\?$/);
assert.throws(() => Segment.open(name, { reserve_size: 1 }), {
  message: 'unknown option reserve_size; did you mean reserveSize?',
});
refused(() => Segment.open(name, { peername: 'x' }), 'TypeError', /^unknown option peername; did you mean peerName\?$/);
refused(
  () => Segment.open(name, { colour: 'red' }),
  'TypeError',
  /^unknown option colour; there are peerName, initialSize, .*owner$/,
);
refused(() => segment.alloc(8, { aligment: 16 }), 'TypeError', /did you mean alignment\?$/);
refused(() => segment.events({ persistant: true }), 'TypeError', /did you mean persistent\?$/);
await assert.rejects(segment.waitRoot('x', undefined, { deadline: 5 }), /unknown option deadline; did you mean deadlineMs\?/);

// Options that the segment contradicts, or that there is no room for.
refused(() => Segment.open(other.name, { strict: true, relocatable: true }), 'PEERMAP_EINVAL', /without \{ strict: true \}/);
refused(() => Segment.open(name, { maxPeers: 100, relocatable: true }), 'PEERMAP_EINVAL', /with maxPeers 8, and not 100/);
refused(() => Segment.open(name, { reserveSize: 2 ** 40, relocatable: true }), 'PEERMAP_EINVAL', /reserveSize/);
refused(() => Segment.open(name, { maxRoots: 2 ** 21, relocatable: true }), 'PEERMAP_EINVAL', /maxRoots/);
refused(
  () => Segment.create(freshName(), { initialSize: 1 << 20, reserveSize: 4096 }),
  'PEERMAP_EINVAL',
  /^initialSize is 1048576, more than reserveSize, 4096$/,
);
refused(
  () => Segment.attach(name, { peerName: 'two' }),
  'PEERMAP_EADDR',
  /already, as peer one; use that handle, or attach a second time with \{ relocatable: true \}$/,
);
refused(() => Segment.attach(name, { peerName: 'one', relocatable: true }), 'PEERMAP_EPEERNAME', /choose another peerName$/);

// Places that are none.
for (const wrong of [-1, NaN, 1.5, Infinity, 2 ** 53]) {
  const what = new RegExp(`^offset must be an integer from 0 to 9007199254740991, and is ${wrong}$`);
  refused(() => segment.range(wrong, 8), 'RangeError', what);
  refused(() => segment.read(wrong, 8), 'RangeError', what);
  refused(() => segment.setRoot('x', wrong, 8), 'RangeError', what);
  refused(() => segment.range(0, wrong), 'RangeError', /^byteLength must be .*, and is /);
  refused(() => segment.typed(Int32Array, 0, wrong), 'RangeError', /^length must be .*, and is /);
}
refused(() => segment.range(0), 'TypeError', /^byteLength must be a number$/);
refused(() => segment.range('0', 8), 'TypeError', /^offset must be a number$/);
const outside = /^offset 65530 and length 8 are outside the active memory of 65536 bytes$/;
for (const call of [
  () => segment.range(65530, 8),
  () => segment.read(65530, 8),
  () => segment.write(65530, Buffer.alloc(8)),
  () => segment.setRoot('x', 65530, 8),
  () => segment.compareExchangeRoot('x', undefined, 65530, 8),
])
  refused(call, 'RangeError', outside);
const object = segment.alloc(12);
refused(
  () => object.typed(Float64Array),
  'RangeError',
  /^12 bytes are no whole number of elements of 8, as a Float64Array has them$/,
);
assert.equal(object.typed(Float64Array, 1).length, 1);
refused(() => object.typed(Float64Array, 2), 'RangeError', /^2 elements of a Float64Array are 16 bytes, and the range has 12$/);
refused(() => segment.range(4, 8).typed(Float64Array), 'RangeError', /begins at a multiple of 8, and not at offset 4$/);
refused(() => object.typed(DataView), 'TypeError', /^type must be the class of a typed array, such as Float64Array$/);
refused(() => object.read(8, 8), 'RangeError', /^offset 8 and length 8 are outside the range of 12 bytes$/);
refused(() => object.write('text'), 'TypeError', /^bytes must be a Uint8Array$/);
refused(() => segment.notify(2), 'RangeError', /^offset must be a multiple of 4, and is 2$/);
refused(() => segment.view(4, 8), 'RangeError', /^offset must be a multiple of 8, and is 4$/);
await assert.rejects(segment.grow(-1), { name: 'RangeError', message: /^bytes must be an integer from 1 to .*, and is -1$/ });
await assert.rejects(segment.wait(65536, 0), { name: 'RangeError', message: /^offset 65536 and length 4 are outside/ });
await assert.rejects(segment.waitRoot('x', undefined, 'soon'), TypeError);
await assert.rejects(segment.waitSize(-1), RangeError);

// Objects of another segment, of another attachment, and that have gone.
const foreign = other.alloc(16);
const strange = new RegExp(`^that is a part of segment ${other.name}, and not of this attachment to segment ${name}$`);
for (const call of [
  () => segment.setRoot('x', foreign),
  () => segment.compareExchangeRoot('x', undefined, foreign),
  () => segment.free(foreign),
  () => segment.allocTo(foreign, 8),
  () => segment.waitSync(foreign, 0),
  () => segment.notify(foreign),
])
  refused(call, 'PEERMAP_EINVAL', strange);
await assert.rejects(segment.wait(foreign, 1), { code: 'PEERMAP_EINVAL', message: strange });
refused(
  () => segment.setRoot('x', again.object(object.offset)),
  'PEERMAP_EINVAL',
  /^that is a part of another attachment to it, and not of this attachment/,
);
assert.equal(segment.root('x'), undefined);
other.setRoot('x', foreign);
refused(() => segment.compareExchangeRoot('x', other.root('x'), object), 'PEERMAP_EINVAL', strange);
refused(
  () => other.compareExchangeRoot('y', other.root('x'), foreign),
  'PEERMAP_EINVAL',
  /^what it was is root "x", and not "y"$/,
);
refused(() => segment.compareExchangeRoot('x', undefined, undefined), 'TypeError', /^offset must be a number$/);
refused(() => segment.free(object.offset), 'TypeError', /^object must be what/);
const twice = segment.object(object.offset);
object.free();
for (const call of [
  () => object.free(),
  () => object.resize(8),
  () => object.bytes,
  () => object.typed(Uint8Array),
  () => object.read(),
  () => object.offset,
  () => segment.setRoot('x', object),
])
  refused(call, 'PEERMAP_EINVAL', /^the object was freed$/);
refused(() => twice.free(), 'PEERMAP_EINVAL', /./);
refused(() => twice.resize(8), 'PEERMAP_EINVAL', /./);

// What has been detached says so once, whatever is asked of it.
const gone = again.object(segment.alloc(16).offset);
const range = again.range(0, 8);
again.detach();
for (const call of [
  () => gone.free(),
  () => gone.resize(8),
  () => range.bytes,
  () => range.read(),
  () => again.pin(),
  () => again.me(),
  () => again.range(0, 8),
])
  refused(call, 'PEERMAP_EDETACHED', /^the handle is detached, or belongs to the parent process$/);
other.detach();
segment.detach();
