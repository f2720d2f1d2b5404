// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, start, until } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', heap: true });
const slots = segment.alloc(32, { zeroed: true });
segment.setRoot('slots', slots);
const before = Date.now();

// In one step: the slot names the object, and nothing is there but zeroes.
const object = segment.allocTo(slots, 100);
assert.equal(slots.typed(BigUint64Array)[0], BigInt(object.offset));
assert.ok(object.bytes.every((byte) => byte === 0));
assert.throws(() => segment.allocTo(slots, 100), { code: 'PEERMAP_EEXIST' });
assert.throws(() => segment.allocTo(slots.offset + 4, 100), { name: 'RangeError', message: /^slot must be a multiple of 8/ });
const second = segment.allocTo(slots.offset + 8, 5000);
assert.equal(slots.typed(BigUint64Array)[1], BigInt(second.offset));

// Another process leaves one that it has told nobody of, and is killed.
const other = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'two' }); console.log(segment.alloc(777).offset); process.stdin.resume();`,
);
const orphan = Number(await other.line());
const me = segment.me();
const two = segment.peers().find((peer) => peer.name === 'two');
const rows = [...segment.objects()];
assert.deepEqual(
  rows.map(({ offset }) => offset),
  [slots.offset, object.offset, second.offset, orphan].sort((a, b) => a - b),
);
const row = rows.find(({ offset }) => offset === object.offset);
assert.deepEqual([row.size, row.owner, row.pid, row.name, row.state], [100, me.id, process.pid, 'one', 'alive']);
assert.ok(Math.abs(row.allocatedAtMs - before) < 60_000);
const lost = rows.find(({ offset }) => offset === orphan);
assert.deepEqual([lost.size, lost.owner, lost.name], [777, two.id, 'two']);
await other.kill();
await until(() => [...segment.objects()].find(({ offset }) => offset === orphan).state === 'dead');

// What nothing refers to is swept.
const used = new Set([slots.offset, ...[...slots.typed(BigUint64Array)].map(Number)]);
for (const { offset } of segment.objects()) if (!used.has(offset)) segment.object(offset).free();
assert.deepEqual([...segment.objects()].length, 3);
const many = Array.from({ length: 3000 }, () => segment.alloc(16));
assert.equal([...segment.objects()].length, 3003);
for (const one of many) one.free();
segment.detach();
