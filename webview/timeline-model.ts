// SPDX-License-Identifier: MIT
//
// Events put together into rounds.  Pure.
//
// A round is known by its epoch.  Any of its events may be missing (overwritten), so each one contributes what it can: the end of a
// round tells how long it took, an acknowledgement how long its peer took, even if nobody saw them begin.  A growth below the horizon is
// a round whose end is all there is: it asks nobody.

import type { EventKind, Method, Op, PeermapEvent } from '../extension/protocol/model';

export interface Ack {
  slot: number;
  seq: number;
  from: number;
  /** Absent while the peer has not answered. */
  to?: number;
  latencyNs?: number;
  late: boolean;
  error: number;
  method: Method;
}

/** By somebody else's hand, because its process was stopped. */
export function isReached(method: Method): boolean {
  return method === 'unstop';
}

export type RoundResult = 'running' | 'done' | 'rolled back' | 'abandoned';

export interface Round {
  epoch: number;
  op: Op;
  by: number;
  byPid: number;
  /** Sizes before and aimed at; -1 where unknown. */
  before: number;
  target: number;
  from: number;
  /** Absent while it runs. */
  to?: number;
  ns?: number;
  result: RoundResult;
  firstSeq: number;
  lastSeq: number;
  acks: Ack[];
}

export function roundsOf(events: readonly PeermapEvent[]): Round[] {
  const rounds = new Map<number, Round>();
  let open: Round | undefined;
  for (const event of events) {
    if (!inRound.has(event.kind)) continue;
    let round = rounds.get(event.epoch);
    if (!round) {
      if (event.kind === 'takeover') continue;
      round = fresh(event);
      rounds.set(event.epoch, round);
    }
    if (event.kind === 'round-begin') {
      // One round that asks runs at a time: whoever begins one has finished, or given up, the one before.
      if (open && open.result === 'running') close(open, event.timeNs, 'abandoned');
      open = round;
    }
    contribute(round, event);
  }
  return [...rounds.values()];
}

/** The kinds that belong to the round of their epoch. */
export const inRound: ReadonlySet<EventKind> = new Set<EventKind>([
  'round-begin',
  'map-request',
  'map-ack',
  'map-late',
  'round-end',
  'rollback',
  'takeover',
]);

function fresh(event: PeermapEvent): Round {
  const { epoch, timeNs, seq } = event;
  return {
    epoch,
    op: 'none',
    by: -1,
    byPid: 0,
    before: -1,
    target: -1,
    from: timeNs,
    result: 'running',
    firstSeq: seq,
    lastSeq: seq,
    acks: [],
  };
}

function contribute(round: Round, event: PeermapEvent): void {
  round.lastSeq = Math.max(round.lastSeq, event.seq);
  switch (event.kind) {
    case 'round-begin':
      Object.assign(round, {
        op: event.op,
        by: event.bySlot,
        byPid: event.byPid,
        target: event.size,
        before: event.ns,
        from: event.timeNs,
      });
      break;
    case 'map-request':
      answerOf(round, event).from = event.timeNs;
      break;
    case 'map-ack':
    case 'map-late': {
      const ack = answerOf(round, event);
      ack.from = Math.min(ack.from, event.timeNs - event.ns);
      ack.to = event.timeNs;
      ack.latencyNs = event.ns;
      ack.seq = event.seq;
      ack.late ||= event.kind === 'map-late';
      // A late answer's error is why it could not be reached, not what its mapping came to.
      ack.error = event.kind === 'map-ack' ? event.error : 0;
      ack.method = event.method;
      break;
    }
    case 'round-end':
    case 'rollback':
      round.from = Math.min(round.from, event.timeNs - event.ns);
      round.ns = event.ns;
      if (round.op === 'none') Object.assign(round, { op: event.op, by: event.bySlot, byPid: event.byPid });
      // The end tells the active size, which mapping ahead leaves as it is.
      if (event.kind === 'round-end' && round.op !== 'ahead') round.target = event.size;
      close(round, event.timeNs, event.kind === 'round-end' ? 'done' : 'rolled back');
      break;
    default:
      if (round.result === 'running') close(round, event.timeNs, 'abandoned');
  }
}

function close(round: Round, at: number, result: RoundResult): void {
  round.to = at;
  round.result = result;
}

/** The last answer of each slot: a round may ask a thousand peers. */
const latest = new WeakMap<Round, Map<number, Ack>>();

function answerOf(round: Round, event: PeermapEvent): Ack {
  const bySlot = latest.get(round) ?? new Map<number, Ack>();
  latest.set(round, bySlot);
  const pending = event.kind === 'map-request' ? undefined : bySlot.get(event.slot);
  if (pending) return pending;
  const ack: Ack = { slot: event.slot, seq: event.seq, from: event.timeNs, late: false, error: 0, method: 'none' };
  round.acks.push(ack);
  bySlot.set(event.slot, ack);
  return ack;
}

/** The round that an event is part of. */
export function roundOf(rounds: readonly Round[], event: PeermapEvent): Round | undefined {
  return inRound.has(event.kind) ? rounds.findLast(({ epoch }) => epoch === event.epoch) : undefined;
}
