// SPDX-License-Identifier: MIT
//
// The trace against what Chrome's trace event format demands of each kind of event, and Perfetto of flows and counters.

import * as assert from 'node:assert/strict';
import { toCsv, toTrace, type TraceEvent } from '../../extension/client/trace-file';
import type { PeermapEvent } from '../../extension/protocol/model';
import { event, MiB, peer, snapshot } from './snapshots';

const events: PeermapEvent[] = [
  event(1, 'create', { slot: 0, pid: 100, size: 2 * MiB }),
  event(2, 'attach', { slot: 1, pid: 101, ns: 500 }),
  event(3, 'round-begin', { epoch: 2, op: 'grow', bySlot: 0, byPid: 100, size: 3 * MiB }),
  event(4, 'map-request', { epoch: 2, slot: 1, pid: 101, bySlot: 0, byPid: 100 }),
  event(5, 'map-ack', { epoch: 2, slot: 1, pid: 101, method: 'agent', ns: 9_123 }),
  event(6, 'round-end', { epoch: 2, op: 'grow', bySlot: 0, byPid: 100, size: 3 * MiB, ns: 29_000 }),
  event(7, 'peer-died', { slot: 1, pid: 101 }),
  event(8, 'rollback', { epoch: 3, bySlot: 0, byPid: 100, error: 110, ns: 5_000 }),
];
const file = {
  snapshot: { ...snapshot([peer(0, 'indexer')]), monotonicNs: 1e9 },
  events: { events, last: 8, missed: 2 },
  host: 'here',
  exportedAt: '2026-01-02T03:04:05.000Z',
  extension: '1.2.3',
};
const made = toTrace(file);
const of = (ph: TraceEvent['ph']) => made.traceEvents.filter((each) => each.ph === ph);

const allowed: Record<TraceEvent['ph'], readonly string[]> = {
  M: ['args'],
  X: ['cat', 'dur', 'args'],
  i: ['cat', 's', 'args'],
  C: ['args'],
  s: ['cat', 'id'],
  f: ['cat', 'id', 'bp'],
};

describe('the trace of a timeline', () => {
  it('has of each event the fields that the format demands of its kind, and no others', () => {
    for (const each of made.traceEvents) {
      const { ph, name, pid, tid, ts, ...rest } = each;
      assert.ok(name !== '' && Number.isInteger(pid) && Number.isInteger(tid) && ts >= 0, JSON.stringify(each));
      assert.deepEqual(Object.keys(rest).sort(), [...allowed[ph]].sort(), JSON.stringify(each));
      if (ph === 'X') assert.ok(Number.isFinite(each.dur) && (each.dur ?? -1) >= 0);
    }
    assert.deepEqual(JSON.parse(JSON.stringify(made)), made);
  });

  it('names a track for each peer, also for one that left', () => {
    const names = of('M').flatMap(({ name, args }) => (name === 'thread_name' ? [args?.['name']] : []));
    assert.deepEqual(names, ['rounds', 'indexer (100)', 'slot 1 (101)']);
    const tracks = new Set(of('M').map(({ tid }) => tid));
    for (const { tid } of made.traceEvents) assert.ok(tracks.has(tid));
  });

  it('has a slice for each round and each answer, which lie within each other', () => {
    const [answer] = of('X').filter(({ name }) => name === 'agent');
    const [round] = of('X').filter(({ name }) => name === 'grow');
    assert.ok(answer && round && answer.dur === 9.123);
    assert.ok(round.ts <= answer.ts && answer.ts + (answer.dur ?? 0) <= round.ts + (round.dur ?? 0));
    assert.ok(of('X').some(({ name }) => name === 'rolled back'));
  });

  it('has an arrow from the round to each answer, whose ends are in slices', () => {
    const [from] = of('s');
    const [to] = of('f');
    assert.ok(from && to && from.id === to.id && from.cat === to.cat && from.name === to.name);
    assert.equal(from.tid, 1);
    const holds = (end: TraceEvent) =>
      of('X').some(({ tid, ts, dur = 0 }) => tid === end.tid && ts <= end.ts && end.ts <= ts + dur);
    assert.ok(holds(from) && holds(to));
  });

  it('counts the size after each growth, and marks a death on the track of who died', () => {
    assert.deepEqual(
      of('C').map(({ args }) => args?.['bytes']),
      [2 * MiB, 3 * MiB],
    );
    const [death] = of('i').filter(({ name }) => name === 'peer-died');
    assert.equal(death?.tid, 3);
  });

  it('is in the order of time, from its first event on, and says how many were missed', () => {
    const times = made.traceEvents.map(({ ts }) => ts);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
    assert.equal(made.otherData['missed'], '2');
  });

  it('of nothing is empty and whole', () => {
    assert.deepEqual(
      toTrace({ ...file, events: { events: [], last: 0, missed: 0 } }).traceEvents.map(({ ph }) => ph),
      ['M', 'M', 'M'],
    );
  });
});

describe('the table of a timeline', () => {
  it('has a line for each event', () => {
    const lines = toCsv(file).trimEnd().split('\r\n');
    assert.equal(lines.length, events.length + 1);
    assert.equal(lines[5], '5,50000,2,map-ack,agent,none,1,101,-1,0,0,0,9123');
  });
});
