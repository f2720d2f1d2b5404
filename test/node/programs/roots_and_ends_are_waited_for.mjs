// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { Root, Segment } from 'peermap';
import { freshName, start, until } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', initialSize: 65536, deadlineMs: 200 });
const other = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'two' }); console.log('attached');
   for await (const line of process.stdin) eval(String(line));`,
);
assert.equal(await other.line(), 'attached');
const two = segment.peers().find((peer) => peer.name === 'two');
assert.notEqual(two.id, segment.peers().find((peer) => peer.name === 'one').id);

// Many at once, and the thread pool is nobody's: a file is read meanwhile.
const waiting = Array.from({ length: 12 }, () => segment.waitRoot('r', undefined, 60_000));
assert.ok((await import('node:fs/promises').then((fs) => fs.readFile('/proc/self/status', 'utf8'))).includes('Name'));
await pause(100);
other.say("segment.setRoot('r', 64, 10, 'first')");
const all = await Promise.all(waiting);
const [first] = all;
assert.ok(first instanceof Root && all.every((root) => root.version === first.version));
assert.deepEqual([first.offset, first.size, first.type], [64, 10, 'first']);
assert.equal((await segment.waitRoot('r')).version, first.version);
assert.equal(segment.root('r').version, first.version);

// Replaced, and removed.
let next = segment.waitRoot('r', first, 60_000);
other.say("segment.setRoot('r', 128, 20)");
const second = await next;
assert.deepEqual([second.offset, second.size], [128, 20]);
next = segment.waitRoot('r', second.version, 60_000);
other.say("segment.removeRoot('r')");
assert.equal(await next, undefined);

// Neither comes: it ends when it should.
for (const [given, least] of [
  [undefined, 200],
  [100, 100],
]) {
  const begun = performance.now();
  await assert.rejects(segment.waitRoot('never', undefined, given), {
    name: 'TimeoutError',
    code: 'ETIMEDOUT',
    message: /root never did not appear/,
  });
  assert.ok(performance.now() - begun > least - 5);
}
assert.equal(segment.peerEnded(two), false);
assert.equal(await segment.waitEnded(two, 50), false);
await assert.rejects(segment.waitRoot('no name'), { code: 'PEERMAP_ENAME' });
await assert.rejects(segment.waitRoot(5), TypeError);
await assert.rejects(segment.waitEnded({ pid: 1 }), TypeError);
assert.throws(() => segment.peerEnded({ id: 0n }), { code: 'PEERMAP_EINVAL' });

// A kill.
const ending = segment.waitEnded(two, 60_000);
await pause(50);
await other.kill();
assert.equal(await ending, true);
assert.equal(segment.peerEnded(two), true);

// A process that does nothing but wait lives until the deadline, and a worker that does can be terminated.
const begun = performance.now();
const waiter = start(
  name,
  `Segment.attach(name, { peerName: 'waiter' }).waitRoot('never', undefined, 500).catch((error) => console.log(error.code));`,
);
assert.equal(await waiter.line(), 'ETIMEDOUT');
await waiter.ended;
assert.ok(performance.now() - begun > 450);
const boss = start(
  name,
  `const { Worker } = await import('node:worker_threads');
   const worker = new Worker(\`import { workerData, parentPort } from 'node:worker_threads'; import { Segment } from 'peermap';
     const segment = Segment.attach(workerData, { peerName: 'worker' });
     for (let i = 0; i < 8; i++) segment.waitRoot('never', undefined, 60000); parentPort.postMessage('waits');\`, { eval: true, workerData: name });
   await new Promise((resolve) => worker.once('message', resolve));
   await worker.terminate();
   console.log('terminated');
   const segment = Segment.attach(name, { peerName: 'boss', relocatable: true });
   segment.waitRoot('never', undefined, 60000); process.exit(0);`,
);
assert.equal(await boss.line(), 'terminated');
assert.deepEqual((await boss.ended)[0], 0);
await until(() => segment.peers().every((peer) => peer.name === 'one' || peer.state === 'dead'));

// A detach ends them, and says so.
const cut = segment.waitRoot('never', undefined, 60_000);
await pause(50);
segment.detach();
await assert.rejects(cut, { code: 'PEERMAP_EDETACHED' });
await assert.rejects(segment.waitRoot('r'), { code: 'PEERMAP_EDETACHED' });
