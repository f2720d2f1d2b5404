// SPDX-License-Identifier: MIT
//
// A snapshot and what changed in it make the next snapshot, whatever the two are.

import * as assert from 'node:assert/strict';
import { apply, diff, isEmpty } from '../../extension/protocol/delta';
import type { Header, Peer, Snapshot } from '../../extension/protocol/model';
import { peer, snapshot } from './snapshots';

/** mulberry32: the same numbers with every run, so that a failure can be seen again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function randomPeer(slot: number, random: (below: number) => number): Peer {
  const one = peer(slot, `peer-${random(3)}`, {
    generation: 1 + random(2),
    acked: random(3),
    state: random(2) === 0 ? 'alive' : 'late',
    mappings: Array.from({ length: random(3) }, (_, at) => ({
      address: `0x${(at + random(2)).toString(16)}`,
      length: 4096 * (1 + random(2)),
      offset: 0,
      permissions: 'rw-s',
    })),
  });
  if (random(3) === 0) one.processState = 'T';
  if (random(4) === 0) delete one.mappings;
  if (random(4) === 0) delete one.missing;
  return one;
}

function randomHeader(header: Header, random: (below: number) => number): Header {
  const made: Header = { ...header, epoch: random(3), active: 4096 * random(3), flags: random(2) === 0 ? [] : ['strict'] };
  if (random(2) === 0) made.lock = { slot: random(2), pid: 7, name: 'a', died: random(2) === 0 };
  if (random(2) === 0) made.intent = { op: 'grow', from: 0, to: random(3) };
  return made;
}

function randomSnapshot(random: (below: number) => number): Snapshot {
  const slots = Array.from({ length: 6 }, (_, slot) => slot).filter(() => random(2) === 0);
  // A server lists by slot; nothing may depend on it.
  if (random(5) === 0) slots.reverse();
  if (random(10) === 0) slots.push(...slots.slice(0, 1));
  const whole = snapshot(slots.map((slot) => randomPeer(slot, random)));
  const { header, ...rest } = whole;
  const made: Snapshot = {
    ...rest,
    name: random(9) === 0 ? 'another' : 'demo',
    takenAtMs: random(3),
    object: { ...rest.object, length: random(2) },
    roots: Array.from({ length: random(3) }, (_, at) => ({ name: `r${at}`, type: '', offset: random(2), size: 8, version: 1 })),
    strangers: random(2) === 0 ? [] : [{ pid: random(2), command: 'hexdump', mappings: [] }],
    problems: random(3) === 0 ? [{ code: 'gone', where: 'object', text: 'It is gone.' }] : [],
  };
  return header && random(5) !== 0 ? { ...made, header: randomHeader(header, random) } : made;
}

describe('the change between two snapshots', () => {
  it('makes of the first the second, whatever they are, also on its way through JSON', () => {
    const random = generator(4711);
    let before = randomSnapshot(random);
    for (let turn = 0; turn < 5_000; turn += 1) {
      const next = randomSnapshot(random);
      const kept = structuredClone(before);
      const delta = diff(before, next);
      assert.deepEqual(apply(before, delta), next);
      assert.deepEqual(apply(before, JSON.parse(JSON.stringify(delta)) as typeof delta), next);
      assert.deepEqual(before, kept, 'what there was is not written to');
      before = next;
    }
  });

  it('is nothing between equal snapshots, and leaves the first as it is', () => {
    const random = generator(42);
    for (let turn = 0; turn < 1_000; turn += 1) {
      const one = randomSnapshot(random);
      const delta = diff(one, structuredClone(one));
      assert.deepEqual(delta, {});
      assert.ok(isEmpty(delta));
      assert.equal(apply(one, delta), one);
    }
  });

  it('shares with the first every object that did not change', () => {
    const before = snapshot([peer(0, 'indexer'), peer(1, 'search')]);
    const next = structuredClone(before);
    Object.assign(next.peers[1] ?? {}, { acked: 9 });
    const made = apply(before, diff(before, next));
    assert.equal(made.header, before.header);
    assert.equal(made.roots, before.roots);
    assert.equal(made.peers[0], before.peers[0]);
    assert.equal(made.peers[1]?.mappings, before.peers[1]?.mappings);
    assert.notEqual(made.peers[1], before.peers[1]);
  });

  it('of a growth in a thousand peers is as long as what changed, not as what there is', () => {
    const before = snapshot(Array.from({ length: 1_000 }, (_, slot) => peer(slot, `worker-${slot}`)));
    const next = structuredClone(before);
    if (next.header) next.header.active += 4096;
    assert.ok(JSON.stringify(diff(before, next)).length < 100);
  });
});
