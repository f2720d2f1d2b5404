// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { Observer, Segment } from 'peermap';
import { freshName, MiB, start, until } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', initialSize: MiB, strict: true });
const events = segment.events();
const told = [];
for (const kind of ['round', 'attach', 'detach', 'death'])
  events.on(kind, (event) => told.push(`${kind} ${event.kind} ${kind === 'round' ? event.op : event.pid}`));

// One who iterates over the same from the beginning, and one who stops after the first.
const iterated = [];
const all = (async () => {
  for await (const event of segment.events({ after: 0 })) iterated.push(event);
})();
const first = (async () => {
  for await (const event of events) return event;
})();

const change = once(events, 'change');
const two = start(
  name,
  `const segment = Segment.attach(name, { peerName: 'two' }); console.log('attached'); process.stdin.resume();`,
);
assert.equal(await two.line(), 'attached');
assert.ok((await change)[0].events.length > 0);
const one = await first;
assert.deepEqual([one.kind, one.pid], ['attach', two.pid]);
await segment.grow(MiB);
await two.kill();
await until(() => told.length >= 3); // the death is noticed without anybody's doing
const three = start(name, `Segment.attach(name, { peerName: 'three' }).detach();`);
assert.deepEqual(await three.ended, [0, null]);
await until(() => told.length >= 5);
assert.deepEqual(told, [
  `attach attach ${two.pid}`,
  'round round-end grow',
  `death peer-died ${two.pid}`,
  `attach attach ${three.pid}`,
  `detach detach ${three.pid}`,
]);

// Somebody who only looks.
const stream = new Observer(name).stream();
const seen = once(stream, 'round');
await segment.grow(MiB);
assert.equal((await seen)[0].kind, 'round-end');
stream.close();
stream.close();

// The iterations end with the attachment.
await until(() => iterated.filter(({ kind }) => kind === 'round-end').length === 2);
const closed = once(events, 'close');
segment.detach();
await closed;
await all;
assert.deepEqual([iterated[0].kind, iterated[1].kind], ['attach', 'create']);
assert.deepEqual(
  iterated.map(({ seq }) => seq),
  iterated.map((_, i) => i + 1),
);
for await (const event of events) assert.fail(event.kind);
// Nothing keeps the process from ending now.
