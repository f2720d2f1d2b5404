// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, MiB, start } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', heap: true, heapStep: MiB, reserveSize: 64 * MiB });
const other = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'two' }); console.log('attached');
   for await (const line of process.stdin) {
     const object = segment.object(segment.root('list').offset);
     console.log(object.typed(Int32Array).reduce((a, b) => a + b), object.address === segment.base + BigInt(object.offset));
     object.free();
     console.log('freed');
   }`,
);
assert.equal(await other.line(), 'attached');

const object = segment.alloc(4000, { zeroed: true });
assert.equal(object.byteLength, 4000);
assert.equal(object.offset % 16, 0);
assert.equal(object.address, segment.base + BigInt(object.offset));
assert.ok(object.bytes.every((byte) => byte === 0));
const numbers = object.typed(Int32Array);
numbers.fill(2);
assert.equal(object.read(0, 8).toString('hex'), '0200000002000000');
object.write(Buffer.from([9]), 3999);
assert.equal(object.bytes[3999], 9);
assert.throws(() => object.write(Buffer.from([9]), 4000), RangeError);

// Bigger: it moves, the old views end, the bytes go with it.
object.resize(3 * MiB);
assert.equal(numbers.length, 0);
assert.equal(object.byteLength, 3 * MiB);
assert.equal(object.typed(Int32Array, 100)[99], 2);
assert.ok(segment.size >= 3 * MiB);
object.resize(400);
object.typed(Int32Array).fill(3);
assert.equal(segment.alloc(100, { alignment: 4096 }).offset % 4096, 0);

// Found by its root, and freed, by somebody else.
segment.setRoot('list', object, 'int[100]');
const root = segment.root('list');
assert.deepEqual([root.name, root.type, root.offset, root.size, root.byteLength], ['list', 'int[100]', object.offset, 400, 400]);
assert.equal(root.typed(Int32Array)[99], 3);
root.release();
segment.removeRoot('list');
assert.equal(segment.root('list'), undefined);
segment.setRoot('list', object.offset, 400);
assert.equal(segment.root('list').type, '');
other.say('go');
assert.equal(await other.line(), '300 true');
assert.equal(await other.line(), 'freed');
assert.throws(() => segment.object(object.offset), { code: 'PEERMAP_EINVAL' });
assert.throws(() => object.free(), { code: 'PEERMAP_EINVAL' });
await other.kill();

// Freed here: its views are empty, and it is no object any more.
const mine = segment.alloc(64);
const bytes = mine.bytes;
segment.free(mine);
assert.equal(bytes.length, 0);
assert.throws(() => mine.offset, { code: 'PEERMAP_EINVAL' });
assert.throws(() => mine.free(), { code: 'PEERMAP_EINVAL' });
assert.equal(segment.alloc(0).byteLength, 0);

assert.throws(() => segment.alloc(1024 * MiB), { code: 'PEERMAP_ENOSPC' });
assert.throws(() => segment.alloc(8, { alignment: 3 }), { code: 'PEERMAP_EINVAL' });
assert.throws(() => segment.alloc(-1), RangeError);
assert.ok(segment.heapStats().grown > 0);
assert.ok(segment.heapPeers().some((peer) => peer.name === 'one' && peer.allocations > 0));

// No shrink takes an object away; trim gives what is free.
const last = segment.alloc(5 * MiB);
last.typed(Uint8Array).fill(1);
last.release();
await assert.rejects(segment.shrink(segment.size - 65536), { code: 'PEERMAP_EBUSY' });
const before = segment.size;
last.free();
assert.ok((await segment.trim()).size < before);

const plain = Segment.create(freshName());
assert.throws(() => plain.alloc(8), { code: 'PEERMAP_EINVAL' });
await assert.rejects(plain.trim(), { code: 'PEERMAP_EINVAL' });
plain.detach();
segment.detach();
assert.throws(() => segment.alloc(8), { code: 'PEERMAP_EDETACHED' });
