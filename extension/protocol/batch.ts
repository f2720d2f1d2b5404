// SPDX-License-Identifier: MIT
//
// Events as they travel while a segment is watched: rows of numbers in one array, which crosses from process to process as the bytes that
// it is.  An object for each of a hundred thousand events a second costs every process on their way most of a core.

import type { EventBatch, EventKind, Method, Op, PackedEvents, PeermapEvent } from './model';

const rowLength = 13;

/** The addon's eventWords, for processes without the addon: a test compares the two. */
export const words: { kinds: readonly EventKind[]; methods: readonly Method[]; ops: readonly Op[] } = {
  kinds: [
    'unknown',
    'create',
    'attach',
    'restart',
    'detach',
    'peer-died',
    'reap',
    'round-begin',
    'map-request',
    'map-ack',
    'map-late',
    'round-end',
    'rollback',
    'cut',
    'refuse',
    'root',
    'takeover',
    'unstop',
    'lost',
    'heap-fault',
    'heap-reclaim',
  ],
  methods: ['none', 'attach', 'agent', 'self', 'unstop', 'ahead'],
  ops: ['none', 'grow', 'shrink', 'remap', 'map', 'recover', 'ahead', 'inside'],
};

export function countOf({ rows }: PackedEvents): number {
  return rows.length / rowLength;
}

export function unpack(batch: PackedEvents): EventBatch {
  const events = Array.from({ length: countOf(batch) }, (_, at) => eventAt(batch.rows, at * rowLength));
  return { events, last: batch.last, missed: batch.missed };
}

function eventAt(rows: Float64Array, at: number): PeermapEvent {
  const field = (index: number): number => rows[at + index] ?? 0;
  return {
    seq: field(0),
    timeNs: field(1),
    epoch: field(2),
    kind: words.kinds[field(3)] ?? 'unknown',
    method: words.methods[field(4)] ?? 'none',
    op: words.ops[field(5)] ?? 'none',
    slot: field(6),
    pid: field(7),
    bySlot: field(8),
    byPid: field(9),
    error: field(10),
    size: field(11),
    ns: field(12),
  };
}

/**
 * One batch of several, in their order, or of none: all events up to `last`.  What was missed between them is still seen, by the gap between sequence
 * numbers.
 */
export function join(batches: readonly PackedEvents[], last: number): PackedEvents {
  const [only] = batches;
  if (only && batches.length === 1) return only;
  const rows = new Float64Array(batches.reduce((sum, batch) => sum + batch.rows.length, 0));
  let at = 0;
  for (const batch of batches) {
    rows.set(batch.rows, at);
    at += batch.rows.length;
  }
  return { rows, last, missed: batches.reduce((sum, { missed }) => sum + missed, 0) };
}

/** The events of a batch with greater sequence numbers; they rise. */
export function after(batch: PackedEvents, seq: number): PackedEvents {
  let from = 0;
  while (from < batch.rows.length && (batch.rows[from] ?? 0) <= seq) from += rowLength;
  return from === 0 ? batch : { ...batch, rows: batch.rows.slice(from) };
}
