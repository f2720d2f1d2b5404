// SPDX-License-Identifier: MIT
//
// The events that the inspector keeps: the newest million, and where some are missing.
//
// A log never changes.  Appending makes another one that shares all full chunks with it, and the last one too: the new log knows of more of
// it than the old one does.  So keeping the log before costs nothing, and appending costs what is appended.
//
// Sequence numbers have no gaps in the ring, so a gap here means events that were overwritten before anybody read them.  Times are in
// order but for those of writers that raced each other: what is looked up by time is right to within such a race.

import type { EventBatch, PeermapEvent } from '../extension/protocol/model';
import { Chunk, chunkSize } from './event-chunk';
import { indexOf } from './event-index';

/** At least so many of the newest are kept; older ones go, a chunk at a time. */
export const eventLimit = 1_000_000;

export interface Gap {
  /** Sequence number of the first event after the gap, which may not have happened yet. */
  before: number;
  count: number;
}

export interface Part {
  chunk: Chunk;
  /** In the chunk: events from here to before there. */
  from: number;
  to: number;
  /** In the log: of the first of them. */
  index: number;
}

interface Fields {
  chunks: readonly Chunk[];
  length: number;
  last: number;
  dropped: number;
  lost: number;
  tail: number;
  holders: ReadonlyMap<number, number>;
}

export class EventLog {
  /** All but the last are full. */
  private readonly chunks: readonly Chunk[];
  readonly length: number;
  /** Everything up to this sequence number was read or is in a gap. */
  readonly last: number;
  /** Events that were read and then forgotten to keep within the limit. */
  readonly dropped: number;
  /** Events that nobody could read, in all gaps that there ever were. */
  readonly lost: number;
  /** Of them, after the newest event. */
  readonly tail: number;
  /** The pid that each slot of an event had last. */
  readonly holders: ReadonlyMap<number, number>;

  constructor({ chunks, length, last, dropped, lost, tail, holders }: Fields) {
    this.chunks = chunks;
    this.length = length;
    this.last = last;
    this.dropped = dropped;
    this.lost = lost;
    this.tail = tail;
    this.holders = holders;
  }

  at(index: number): PeermapEvent | undefined {
    const whole = index < 0 ? index + this.length : index;
    if (whole < 0 || whole >= this.length) return undefined;
    return this.chunks[Math.floor(whole / chunkSize)]?.event(whole % chunkSize);
  }

  get firstTime(): number | undefined {
    return this.length === 0 ? undefined : this.chunks[0]?.time[0];
  }

  get lastTime(): number | undefined {
    return this.length === 0 ? undefined : this.timeAt(this.length - 1);
  }

  /** The columns of the events with these indices. */
  *parts(from = 0, to = this.length): Generator<Part> {
    const end = Math.min(to, this.length);
    for (let index = Math.max(0, from); index < end;) {
      const chunk = this.chunks[Math.floor(index / chunkSize)];
      if (!chunk) return;
      const start = index % chunkSize;
      const stop = Math.min(chunkSize, start + end - index);
      yield { chunk, from: start, to: stop, index };
      index += stop - start;
    }
  }

  /** As objects: for a window that a person reads, not for all there is. */
  events(from = 0, to = this.length): PeermapEvent[] {
    const events = [];
    for (const part of this.parts(from, to)) for (let at = part.from; at < part.to; at += 1) events.push(part.chunk.event(at));
    return events;
  }

  timeAt(index: number): number {
    return this.chunks[Math.floor(index / chunkSize)]?.time[index % chunkSize] ?? Infinity;
  }

  seqAt(index: number): number {
    return this.chunks[Math.floor(index / chunkSize)]?.seq[index % chunkSize] ?? Infinity;
  }

  /** Index of the event with this sequence number, or -1. */
  indexOf(seq: number): number {
    const index = this.firstFrom(seq, (at) => this.seqAt(at));
    return index < this.length && this.seqAt(index) === seq ? index : -1;
  }

  /** The event with this sequence number. */
  find(seq: number | undefined): PeermapEvent | undefined {
    return seq === undefined ? undefined : this.at(this.indexOf(seq) < 0 ? this.length : this.indexOf(seq));
  }

  /** Index of the first event that is not before `time`. */
  indexAt(time: number): number {
    return this.firstFrom(time, (at) => this.timeAt(at));
  }

  private firstFrom(wanted: number, value: (index: number) => number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value(middle) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where events are missing, from the one before the event with index `from` to the one before `to`; the one at the end with the last. */
  gaps(from = 0, to = this.length): Gap[] {
    const found: Gap[] = [];
    for (const { chunk, from: start, to: stop } of this.parts(from, to))
      for (const { at, count } of chunk.gaps) if (at >= start && at < stop) found.push({ before: chunk.seq[at] ?? 0, count });
    if (this.tail > 0 && to >= this.length) found.push({ before: this.last + 1, count: this.tail });
    return found;
  }

  /** This log with a batch after it; with `reset`, the batch alone.  Events that are there already are not taken twice. */
  append(batch: EventBatch, reset: boolean): EventLog {
    const base = reset ? emptyLog : this;
    const chunks = base.chunks.slice();
    let { length, tail, lost, holders } = base;
    let expected = reset ? startOf(batch) : base.last + 1;
    let own: Map<number, number> | undefined;
    for (const event of batch.events) {
      if (event.seq < expected) continue;
      const missing = event.seq - expected;
      const chunk = chunkFor(chunks, length);
      chunk.push(event, missing + tail);
      // Now, in small pieces, rather than for a million at once when somebody first zooms out.
      if (chunk.used === chunkSize) indexOf(chunk);
      lost += missing;
      tail = 0;
      length += 1;
      expected = event.seq + 1;
      if (event.slot >= 0 && holders.get(event.slot) !== event.pid)
        holders = own = (own ?? new Map(holders)).set(event.slot, event.pid);
    }
    if (batch.last >= expected) {
      if (batch.missed > 0) {
        tail += batch.last - expected + 1;
        lost += batch.last - expected + 1;
      }
      expected = batch.last + 1;
    }
    const excess = Math.max(0, Math.floor((length - eventLimit) / chunkSize));
    return new EventLog({
      chunks: excess > 0 ? chunks.slice(excess) : chunks,
      length: length - excess * chunkSize,
      last: expected - 1,
      dropped: base.dropped + excess * chunkSize,
      lost,
      tail,
      holders,
    });
  }
}

export const emptyLog = new EventLog({ chunks: [], length: 0, last: 0, dropped: 0, lost: 0, tail: 0, holders: new Map() });

/** The chunk that takes the event with this index.  If another log has gone on in the last chunk meanwhile, a copy of what both have. */
function chunkFor(chunks: Chunk[], length: number): Chunk {
  const at = Math.floor(length / chunkSize);
  const there = chunks[at];
  const used = length % chunkSize;
  if (there && there.used === used) return there;
  return (chunks[at] = there ? there.copy(used) : new Chunk());
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
