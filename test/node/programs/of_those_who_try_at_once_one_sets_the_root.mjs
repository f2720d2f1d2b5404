// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Root, Segment } from 'peermap';
import { freshName, start } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', heap: true });
const others = Array.from({ length: 3 }, (_, i) =>
  start(
    name,
    `const segment = Segment.attach(name, { peerName: 'other${i}' });
     console.log('attached');
     for await (const line of process.stdin) {
       const mine = segment.alloc(8);
       mine.write(Buffer.from('${i}'));
       const made = segment.compareExchangeRoot('first', undefined, mine, 'char[8]');
       if (!made) mine.free();
       console.log(made, segment.root('first').read(0, 1).toString());
     }`,
  ),
);
for (const other of others) assert.equal(await other.line(), 'attached');
for (const other of others) other.say('go');
const lines = await Promise.all(others.map((other) => other.line()));
const winner = lines.findIndex((line) => line.startsWith('true'));
assert.deepEqual(
  lines,
  lines.map((_, i) => `${i === winner} ${winner}`),
);
assert.equal([...segment.objects()].length, 1); // the others have freed theirs

// By what it was, or by its version.
const was = segment.root('first', 'char[8]');
assert.ok(was instanceof Root && was.version > 0);
const next = segment.alloc(16);
assert.equal(segment.compareExchangeRoot('first', was, next, 'struct order'), true);
assert.equal(segment.compareExchangeRoot('first', was, next), false);
const now = segment.root('first');
assert.deepEqual([now.offset, now.size, now.type], [next.offset, 16, 'struct order']);
assert.equal(segment.compareExchangeRoot('first', now.version, next.offset, 8, 'order'), true);
assert.equal(segment.root('first').size, 8);
assert.equal(segment.compareExchangeRoot('first', segment.root('first'), null), true);
assert.equal(segment.root('first'), undefined);

// Types are the same however they are spaced, and with or without `struct`.
segment.setRoot('prices', next, 'double [1000]');
segment.setRoot('order', next, 'order');
assert.ok(segment.root('prices', 'double[1000]') && segment.root('order', 'struct  order'));
segment.setRoot('words', next, 'std::map<std::__cxx11::string , int >');
assert.ok(segment.root('words', 'class std::map<std::string,int>') && segment.root('prices', ' double [ 1000 ]'));
segment.removeRoot('words');
assert.throws(() => segment.root('prices', 'double[10]'), {
  code: 'PEERMAP_ETYPE',
  message: 'root "prices" is "double [1000]", not "double[10]"',
});
segment.setRoot('plain', next);
assert.throws(() => segment.root('plain', 'int'), { code: 'PEERMAP_ETYPE', message: 'root "plain" is of no type, not "int"' });

// All of them, and whoever waits for any.
assert.deepEqual(
  segment
    .roots()
    .map(({ name: root, offset, type }) => [root, offset, type])
    .sort(),
  [
    ['order', next.offset, 'order'],
    ['plain', next.offset, ''],
    ['prices', next.offset, 'double [1000]'],
  ],
);
const seen = await segment.waitRoots();
await assert.rejects(segment.waitRoots(seen, 30), { name: 'TimeoutError', code: 'ETIMEDOUT' });
const changed = segment.waitRoots(seen, 60_000);
segment.removeRoot('plain');
assert.notEqual(await changed, seen);
for (let i = 0; i < 200; i++) segment.setRoot(`root-${i}`, next);
assert.equal(segment.roots().length, 202);

// Who one is.
const { id, pid, name: own } = segment.me();
assert.deepEqual([pid, own], [process.pid, 'one']);
assert.equal(segment.peers().find((peer) => peer.name === 'one').id, id);
for (const other of others) await other.kill();
segment.detach();
