// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Segment } from 'peermap';
import { freshName, start } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'one' });

/** Whether a process that has done this, and nothing else, ends by itself: waited for where it should. */
async function ends(how, should) {
  const other = start(name, `const segment = Segment.attach(name); console.log('attached'); ${how}`);
  assert.equal(await other.line(), 'attached');
  const ended = await Promise.race([other.ended.then(() => true), ...(should ? [] : [pause(1000, false)])]);
  await other.kill();
  return ended;
}

const cases = [
  ["segment.events().on('death', () => {})", true],
  ["segment.events({ persistent: true }).on('death', () => {})", false],
  ["segment.events({ persistent: true }).on('death', () => {}).unref()", true],
  ['for await (const _ of segment.events()); ', false],
  ['for await (const _ of segment.events({ after: 0 })) break; ', true],
  ['for await (const _ of segment.events({ persistent: false })); ', true],
  ["new Observer(name).stream().on('death', () => {})", true],
  ['segment.events().unref()', true],
  ['segment.events({ persistent: false }).ref()', false],
  ['segment.events().unref().ref()', false],
  ['segment.events().close()', true],
  ['segment.events(); segment.detach()', true],
  ['segment.events({ signal: AbortSignal.abort() })', true],
  ['const c = new AbortController(); segment.events({ signal: c.signal }); c.abort()', true],
  ['for await (const _ of segment.events().unref()); ', true],
];
const found = await Promise.all(cases.map(([how, should]) => ends(how, should)));
assert.deepEqual(
  cases.map(([how], i) => [how, found[i]]),
  cases,
);

// An abort ends listeners and iterations; a signal that is never aborted keeps nothing.
const controller = new AbortController();
const events = segment.events({ signal: controller.signal });
const iterated = (async () => {
  for await (const event of events) void event;
})();
const closed = once(events, 'close');
controller.abort();
await Promise.all([closed, iterated]);
segment.detach();
