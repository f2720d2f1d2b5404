// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, MiB } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one', initialSize: MiB, strict: true });
const events = segment.events({ after: 0 });
const iteration = events[Symbol.asyncIterator]();
assert.equal((await iteration.next()).value.kind, 'attach');
for (let i = 0; i < 3000; i++) await segment.remap();
let [seen, missed, next] = [1, 0, undefined];
for (;;) {
  ({ value: next } = await iteration.next());
  if (next.kind === 'missed') missed += next.missed;
  else seen += 1;
  if (next.kind !== 'missed' && next.seq !== seen + missed) assert.fail(`event ${next.seq} after ${seen} and ${missed} missed`);
  if (next.kind === 'round-end' && next.epoch === segment.epoch) break;
}
assert.ok(missed > 0);
// The listener that comes late is told so as well.
const told = await new Promise((resolve) => events.on('missed', resolve));
assert.ok(told > 0);
events.close();
assert.deepEqual(await iteration.next(), { value: undefined, done: true });
segment.detach();
