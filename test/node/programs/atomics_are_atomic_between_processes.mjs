// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, start } from './common.mjs';

const name = freshName();
const times = 300_000;
const body = `const words = segment.typed(Int32Array, 0, 4); const long = segment.typed(BigInt64Array, 64, 1);
  while (Atomics.load(words, 3) === 0);
  for (let i = 0; i < ${times}; i++) {
    Atomics.add(words, 0, 1);
    for (let seen = Atomics.load(words, 1); ; ) {
      const now = Atomics.compareExchange(words, 1, seen, seen + 1);
      if (now === seen) break;
      seen = now;
    }
    Atomics.add(long, 0, 2n ** 31n);
  }`;
const segment = Segment.create(name, { peerName: 'one' });
const other = start(name, `const segment = Segment.attach(name, { peerName: 'two' }); console.log('attached'); ${body}`);
assert.equal(await other.line(), 'attached');
Atomics.store(segment.typed(Int32Array, 0, 4), 3, 1);
new Function('segment', body)(segment);
assert.deepEqual(await other.ended, [0, null]);
assert.deepEqual([...segment.typed(Int32Array, 0, 2)], [2 * times, 2 * times]);
assert.equal(segment.typed(BigInt64Array, 64, 1)[0], BigInt(2 * times) * 2n ** 31n);
assert.throws(() => Atomics.wait(segment.typed(Int32Array, 0, 1), 0, 0), TypeError);
assert.equal(Atomics.notify(segment.typed(Int32Array, 0, 1), 0), 0);
segment.detach();
