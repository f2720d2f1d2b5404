// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { Segment } from 'peermap';
import { freshName, MiB, start } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', initialSize: MiB, deadlineMs: 300 });
const other = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'two' }); console.log('attached'); for await (const line of process.stdin) { await eval(String(line)); console.log('done'); }`,
);
assert.equal(await other.line(), 'attached');

const growing = segment.growing(Float64Array, 8);
const first = growing.array;
assert.equal(growing.array, first);
assert.equal(first.length, MiB / 8 - 1);
first[0] = 1.5;
const grown = segment.waitSize(3 * MiB, 60_000);
other.say(`segment.growTo(${3 * MiB})`);
assert.equal(await grown, 3 * MiB);
assert.equal(await other.line(), 'done');
const second = growing.array;
assert.notEqual(second, first);
assert.deepEqual([second.length, second[0], first.length, first[0]], [(3 * MiB) / 8 - 1, 1.5, MiB / 8 - 1, 1.5]);
await assert.rejects(segment.waitSize(4 * MiB, 50), {
  code: 'ETIMEDOUT',
  message: `there were ${3 * MiB} bytes at the deadline, and not ${4 * MiB}`,
});

// To a size: whoever sees the need, and however often.
const rounds = await Promise.all([segment.growTo(4 * MiB), segment.growTo(4 * MiB), segment.growTo(MiB)]);
assert.deepEqual([segment.size, ...rounds.map((round) => round.late)], [4 * MiB, 0, 0, 0]);
await assert.rejects(segment.growTo(0), RangeError);

growing.release();
assert.equal(second.length, 0);
segment.release(first.buffer);
assert.equal(growing.array.length, (4 * MiB) / 8 - 1);
growing.release();

// Pins.
const pin = segment.pin();
const another = segment.pin();
assert.equal(pin.bytes, 4 * MiB);
await segment.grow(MiB);
await segment.shrink(MiB); // what came later
pin.release();
pin.release(); // once
pin[Symbol.dispose]();
await assert.rejects(segment.shrink(MiB), { code: 'PEERMAP_EBUSY', message: /one/ });
another[Symbol.dispose]();
await segment.shrink(MiB);
assert.equal(segment.size, 3 * MiB);
const last = segment.pin();
const waits = segment.waitSize(64 * MiB, 60_000);
await pause(30);
segment.detach();
last.release();
await assert.rejects(waits, { code: 'PEERMAP_EDETACHED' });
await other.kill();
