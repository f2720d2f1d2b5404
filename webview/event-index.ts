// SPDX-License-Identifier: MIT
//
// A full chunk of events by lane, and over each lane a tree of summaries: what lets the timeline show a million events by looking at some
// thousand nodes.
//
// An entry is something that a lane shows: a marker at a moment, or a bar from a moment to another (an answer from its request on, a round
// from its beginning on).  A node sums up eight entries, or eight nodes.  All of it is written once and then only read.

import type { EventKind } from '../extension/protocol/model';
import { chunkSize, kindNumber, opNumber, type Chunk } from './event-chunk';

/** Which lane shows an event: its slot's, the segment's (-1), or none. */
const none = 0;
const bySlot = 1;
const bySegment = 2;

/** Events with a marker of their own.  Those of the segment are in its lane, the others in their peer's. */
export const marksOfSegment: readonly EventKind[] = ['create', 'cut', 'refuse', 'root', 'takeover', 'heap-reclaim', 'unknown'];
export const marksOfPeers: readonly EventKind[] = [
  'attach',
  'restart',
  'detach',
  'peer-died',
  'reap',
  'map-late',
  'unstop',
  'lost',
  'heap-fault',
];

/** Bits of a summary: for each kind of marker its number in `kinds`, and these for bars. */
export const bits = {
  ackOk: 1 << 22,
  ackReached: 1 << 23,
  ackLate: 1 << 24,
  ackFailed: 1 << 25,
  roundDone: 1 << 26,
  roundInside: 1 << 27,
  roundBack: 1 << 28,
} as const;
export const markBits = (1 << 22) - 1;

const lanes = new Uint8Array(256);
const marks = new Uint32Array(256);
for (const kind of marksOfSegment) lanes[kindNumber(kind)] = bySegment;
for (const kind of [...marksOfPeers, 'map-ack'] as const) lanes[kindNumber(kind)] = bySlot;
for (const kind of ['round-end', 'rollback'] as const) lanes[kindNumber(kind)] = bySegment;
for (const kind of [...marksOfSegment, ...marksOfPeers]) marks[kindNumber(kind)] = 1 << kindNumber(kind);

const [ack, late, end, back] = (['map-ack', 'map-late', 'round-end', 'rollback'] as const).map(kindNumber);
const inside = opNumber('inside');
/** Brought about by somebody else, because the peer's process was stopped: method "unstop". */
const reached = [4];

/** Slot of the lane that shows the event at `at`; undefined if none does. */
export function laneOf(chunk: Chunk, at: number): number | undefined {
  const lane = lanes[chunk.kind[at] ?? 0];
  return lane === none ? undefined : lane === bySegment ? -1 : chunk.slot[at];
}

export function flagsOf(chunk: Chunk, at: number): number {
  const kind = chunk.kind[at] ?? 0;
  const mark = marks[kind] ?? 0;
  if (kind === end) return mark | (chunk.op[at] === inside ? bits.roundInside : bits.roundDone);
  if (kind === back) return mark | bits.roundBack;
  if (kind === late) return mark | bits.ackLate;
  if (kind !== ack) return mark;
  if (chunk.error[at] !== 0) return bits.ackFailed;
  return reached.includes(chunk.method[at] ?? 0) ? bits.ackReached : bits.ackOk;
}

/** How long what ends with this event took; 0 for what is a moment. */
export function lengthOf(chunk: Chunk, at: number): number {
  const kind = chunk.kind[at] ?? 0;
  return kind === ack || kind === end || kind === back || kind === late ? (chunk.ns[at] ?? 0) : 0;
}

const fan = 8;

export class ChunkIndex {
  /** Slots in order, and where the entries and the nodes of each begin; one more for the end. */
  private readonly slots: Int32Array;
  private readonly entries: Uint16Array;
  private readonly nodes: Uint32Array;
  /** Places in the chunk, by lane and then by time. */
  private readonly places: Uint16Array;
  private readonly from: Float64Array;
  private readonly to: Float64Array;
  private readonly flags: Uint32Array;
  private readonly longest: Float64Array;

  constructor(private readonly chunk: Chunk) {
    const counts = new Map<number, number>();
    for (let at = 0; at < chunkSize; at += 1) {
      const lane = laneOf(chunk, at);
      if (lane !== undefined) counts.set(lane, (counts.get(lane) ?? 0) + 1);
    }
    const slots = [...counts.keys()].sort((a, b) => a - b);
    this.slots = Int32Array.from(slots);
    this.entries = new Uint16Array(slots.length + 1);
    this.nodes = new Uint32Array(slots.length + 1);
    slots.forEach((slot, at) => {
      const count = counts.get(slot) ?? 0;
      this.entries[at + 1] = (this.entries[at] ?? 0) + count;
      this.nodes[at + 1] = (this.nodes[at] ?? 0) + levelsOf(count).reduce((sum, size) => sum + size, 0);
    });
    this.places = new Uint16Array(this.entries[slots.length] ?? 0);
    const next = new Map(slots.map((slot, at) => [slot, this.entries[at] ?? 0]));
    for (let at = 0; at < chunkSize; at += 1) {
      const lane = laneOf(chunk, at);
      if (lane === undefined) continue;
      const place = next.get(lane) ?? 0;
      this.places[place] = at;
      next.set(lane, place + 1);
    }
    const total = this.nodes[slots.length] ?? 0;
    this.from = new Float64Array(total).fill(Infinity);
    this.to = new Float64Array(total).fill(-Infinity);
    this.flags = new Uint32Array(total);
    this.longest = new Float64Array(total);
    slots.forEach((_, run) => this.sumUp(run));
  }

  private sumUp(run: number): void {
    const { chunk } = this;
    const first = this.entries[run] ?? 0;
    const count = (this.entries[run + 1] ?? 0) - first;
    const levels = levelsOf(count);
    let base = this.nodes[run] ?? 0;
    for (let entry = 0; entry < count; entry += 1) {
      const at = this.places[first + entry] ?? 0;
      const time = chunk.time[at] ?? 0;
      const length = lengthOf(chunk, at);
      this.add(base + Math.floor(entry / fan), time - length, time, flagsOf(chunk, at), length);
    }
    for (let level = 1; level < levels.length; level += 1) {
      const below = levels[level - 1] ?? 0;
      for (let node = 0; node < below; node += 1) {
        const at = base + node;
        const parent = base + below + Math.floor(node / fan);
        this.add(parent, this.from[at] ?? 0, this.to[at] ?? 0, this.flags[at] ?? 0, this.longest[at] ?? 0);
      }
      base += below;
    }
  }

  private add(node: number, from: number, to: number, flags: number, length: number): void {
    if (from < (this.from[node] ?? 0)) this.from[node] = from;
    if (to > (this.to[node] ?? 0)) this.to[node] = to;
    this.flags[node] = (this.flags[node] ?? 0) | flags;
    if (length > (this.longest[node] ?? 0)) this.longest[node] = length;
  }

  /** Tells `sink` of a lane's entries that touch start … end: in sum, where a sum is shorter than `shortest`. */
  visit(slot: number, start: number, end: number, shortest: number, sink: Sink): void {
    const run = this.slots.indexOf(slot);
    if (run < 0) return;
    const { chunk } = this;
    const first = this.entries[run] ?? 0;
    const count = (this.entries[run + 1] ?? 0) - first;
    const levels = levelsOf(count);
    const base = this.nodes[run] ?? 0;
    const descend = (level: number, node: number, offset: number): void => {
      const at = base + offset + node;
      const from = this.from[at] ?? 0;
      const to = this.to[at] ?? 0;
      if (to < start || from > end) return;
      if (to - from < shortest) {
        const inIt = Math.min(fan ** (level + 1), count - node * fan ** (level + 1));
        sink.sum(from, to, inIt, this.flags[at] ?? 0, this.longest[at] ?? 0);
        return;
      }
      const stop = Math.min((node + 1) * fan, level === 0 ? count : (levels[level - 1] ?? 0));
      for (let child = node * fan; child < stop; child += 1) {
        if (level > 0) descend(level - 1, child, offset - (levels[level - 1] ?? 0));
        else this.entry(chunk, this.places[first + child] ?? 0, start, end, sink);
      }
    };
    const top = levels.length - 1;
    descend(
      top,
      0,
      levels.slice(0, top).reduce((sum, size) => sum + size, 0),
    );
  }

  private entry(chunk: Chunk, at: number, start: number, end: number, sink: Sink): void {
    const time = chunk.time[at] ?? 0;
    const length = lengthOf(chunk, at);
    if (time >= start && time - length <= end) sink.one(time - length, time, flagsOf(chunk, at), length, chunk, at);
  }
}

export interface Sink {
  sum: (from: number, to: number, count: number, flags: number, longest: number) => void;
  one: (from: number, to: number, flags: number, length: number, chunk: Chunk, at: number) => void;
}

/** How many nodes each level has, from the one over the entries to the one that is all. */
function levelsOf(entries: number): number[] {
  const levels = [Math.ceil(entries / fan)];
  for (let last = levels[0] ?? 0; last > 1; levels.push(last)) last = Math.ceil(last / fan);
  return levels;
}

const made = new WeakMap<Chunk, ChunkIndex>();

/** Of a full chunk. */
export function indexOf(chunk: Chunk): ChunkIndex {
  let index = made.get(chunk);
  if (!index) made.set(chunk, (index = new ChunkIndex(chunk)));
  return index;
}
