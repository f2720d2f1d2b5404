// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { Segment } from 'peermap';
import { freshName, start, until } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', initialSize: 65536, strict: true, noPtrace: true, deadlineMs: 800 });
const other = start(name, `Segment.attach(name, { peerName: 'two' }); console.log('attached'); setInterval(() => {}, 1000);`);
assert.equal(await other.line(), 'attached');
process.kill(other.pid, 'SIGSTOP');
await until(() => readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(') ')[1].startsWith('T'));

const begun = performance.now();
const ends = await Promise.allSettled(Array.from({ length: 4 }, () => segment.grow(65536)));
const took = performance.now() - begun;
const [first, ...others] = ends.map(({ reason }) => ({ code: reason?.code, message: reason?.message }));
assert.equal(first.code, 'PEERMAP_ETIMEDOUT');
// Asked for a moment later, one may have a moment left when its turn comes.
for (const { code, message } of others)
  if (code !== 'PEERMAP_ETIMEDOUT') {
    assert.equal(code, 'PEERMAP_EBUSY');
    assert.match(message, /asked for before.* went on until the deadline/);
  }
assert.ok(took > 780 && took < 1600, `${took} ms`);
process.kill(other.pid, 'SIGCONT');
assert.equal((await segment.grow(65536)).late, 0);

// What is no duration, or none that there is, is refused by its name.
for (const wrong of [0, -1, NaN, Infinity, 1.5, 2 ** 32])
  assert.throws(() => Segment.attach(name, { deadlineMs: wrong }), RangeError);
for (const wrong of [5n, '5', null]) assert.throws(() => Segment.attach(name, { deadlineMs: wrong }), TypeError);
for (const wrong of [-1, NaN, 2 ** 32]) await assert.rejects(segment.waitRoot('never', undefined, wrong), RangeError);
await assert.rejects(segment.waitRoot('never', undefined, 5n), TypeError);
await other.kill();
segment.detach();
