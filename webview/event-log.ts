// SPDX-License-Identifier: MIT
//
// The events that the inspector keeps: the newest of them, and where some are missing.  Pure.
//
// Sequence numbers have no gaps in the ring, so a gap here means events that were overwritten before anybody read them.

import type { EventBatch, PeermapEvent } from '../extension/protocol/model';

/** More than this is forgotten, oldest first. */
export const eventLimit = 20_000;

export interface Gap {
  /** Sequence number of the first event after the gap, which may not have happened yet. */
  before: number;
  count: number;
}

export interface EventLog {
  events: readonly PeermapEvent[];
  gaps: readonly Gap[];
  /** Everything up to this sequence number was read or is in a gap. */
  last: number;
  /** Events that were read and then forgotten to keep within the limit. */
  dropped: number;
}

export const emptyLog: EventLog = { events: [], gaps: [], last: 0, dropped: 0 };

/** `log` with a batch after it; with `reset`, the batch alone.  Events that are there already are not taken twice. */
export function append(log: EventLog, batch: EventBatch, reset: boolean): EventLog {
  let expected = reset ? startOf(batch) : log.last + 1;
  const events = reset ? [] : log.events.slice();
  const gaps = reset ? [] : log.gaps.slice();
  for (const event of batch.events) {
    if (event.seq < expected) continue;
    if (event.seq > expected) gaps.push({ before: event.seq, count: event.seq - expected });
    events.push(event);
    expected = event.seq + 1;
  }
  if (batch.last >= expected) {
    if (batch.missed > 0) gaps.push({ before: batch.last + 1, count: batch.last - expected + 1 });
    expected = batch.last + 1;
  }
  return trimmed({ events, gaps, last: expected - 1, dropped: reset ? 0 : log.dropped });
}

/** The first sequence number that a fresh batch speaks for: what was lost before its first event counts, what was never asked for does not. */
function startOf(batch: EventBatch): number {
  const [first] = batch.events;
  if (!first) return batch.last + 1 - batch.missed;
  let seen = first.seq;
  let inside = 0;
  for (const { seq } of batch.events) {
    inside += Math.max(0, seq - seen);
    seen = seq + 1;
  }
  inside += Math.max(0, batch.last + 1 - seen);
  return Math.max(1, first.seq - Math.max(0, batch.missed - inside));
}

function trimmed(log: EventLog): EventLog {
  const excess = log.events.length - eventLimit;
  if (excess <= 0) return log;
  const events = log.events.slice(excess);
  const first = events[0]?.seq ?? 0;
  return {
    ...log,
    events,
    gaps: log.gaps.filter((gap) => gap.before > first),
    dropped: log.dropped + excess,
  };
}
