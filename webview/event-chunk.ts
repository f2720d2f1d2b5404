// SPDX-License-Identifier: MIT
//
// A run of events, by column.  A million events as objects would be 150 MB and a second of garbage collection; as columns they are 63 MB that
// nobody has to look through.
//
// Written once, from the front: what is below `used` never changes again, so whoever knows how much of it is his may share it.

import { words } from '../extension/protocol/batch';
import type { EventKind, Op, PeermapEvent } from '../extension/protocol/model';

export const chunkSize = 4096;

/** A kind is kept as its place in this list, and so are methods and ops. */
export const { kinds, methods, ops } = words;

const numbersOf = (list: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(list.map((word, at) => [word, at]));
const kindNumbers = numbersOf(kinds);
const methodNumbers = numbersOf(methods);
const opNumbers = numbersOf(ops);

export function kindNumber(kind: EventKind): number {
  return kindNumbers[kind] ?? 0;
}
export function opNumber(op: Op): number {
  return opNumbers[op] ?? 0;
}

const doubles = ['seq', 'time', 'epoch', 'size', 'ns'] as const;
const integers = ['slot', 'pid', 'bySlot', 'byPid', 'error'] as const;

export class Chunk {
  /** How many events are in it, for whomever it was written last. */
  used = 0;
  readonly seq = new Float64Array(chunkSize);
  readonly time = new Float64Array(chunkSize);
  readonly epoch = new Float64Array(chunkSize);
  readonly size = new Float64Array(chunkSize);
  readonly ns = new Float64Array(chunkSize);
  readonly slot = new Int32Array(chunkSize);
  readonly pid = new Int32Array(chunkSize);
  readonly bySlot = new Int32Array(chunkSize);
  readonly byPid = new Int32Array(chunkSize);
  readonly error = new Int32Array(chunkSize);
  readonly kind = new Uint8Array(chunkSize);
  readonly method = new Uint8Array(chunkSize);
  readonly op = new Uint8Array(chunkSize);
  /** Before the event at `at` so many were lost. */
  readonly gaps: { at: number; count: number }[] = [];

  push(event: PeermapEvent, lost: number): void {
    const at = this.used;
    if (lost > 0) this.gaps.push({ at, count: lost });
    this.seq[at] = event.seq;
    this.time[at] = event.timeNs;
    this.epoch[at] = event.epoch;
    this.size[at] = event.size;
    this.ns[at] = event.ns;
    this.slot[at] = event.slot;
    this.pid[at] = event.pid;
    this.bySlot[at] = event.bySlot;
    this.byPid[at] = event.byPid;
    this.error[at] = event.error;
    this.kind[at] = kindNumber(event.kind);
    this.method[at] = methodNumbers[event.method] ?? 0;
    this.op[at] = opNumber(event.op);
    this.used = at + 1;
  }

  event(at: number): PeermapEvent {
    return {
      seq: this.seq[at] ?? 0,
      timeNs: this.time[at] ?? 0,
      epoch: this.epoch[at] ?? 0,
      kind: kinds[this.kind[at] ?? 0] ?? 'unknown',
      method: methods[this.method[at] ?? 0] ?? 'none',
      op: ops[this.op[at] ?? 0] ?? 'none',
      slot: this.slot[at] ?? -1,
      pid: this.pid[at] ?? 0,
      bySlot: this.bySlot[at] ?? -1,
      byPid: this.byPid[at] ?? 0,
      error: this.error[at] ?? 0,
      size: this.size[at] ?? 0,
      ns: this.ns[at] ?? 0,
    };
  }

  /** The first `count` events in a chunk of their own. */
  copy(count: number): Chunk {
    const other = new Chunk();
    for (const column of doubles) other[column].set(this[column].subarray(0, count));
    for (const column of integers) other[column].set(this[column].subarray(0, count));
    for (const column of ['kind', 'method', 'op'] as const) other[column].set(this[column].subarray(0, count));
    other.gaps.push(...this.gaps.filter(({ at }) => at < count));
    other.used = count;
    return other;
  }
}
