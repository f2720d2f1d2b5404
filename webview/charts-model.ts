// SPDX-License-Identifier: MIT
//
// The charts as numbers: for each pixel of a window of time, what the sizes were and what went on.  Pure.
//
// Events tell each change of size, samples what was so in between and before; where neither does, nothing is drawn.

import { kindNumber } from './event-chunk';
import type { EventLog } from './event-log';
import type { Sample } from './samples';
import type { Window } from './timeline-scene';

export interface Charts {
  window: Window;
  pixels: number;
  /** At the end of each pixel; NaN where it is not known. */
  active: Float64Array;
  target: Float64Array;
  resident: Float64Array;
  /** Of the active size within each pixel: where it went back and forth, a line from one to the other. */
  lowest: Float64Array;
  highest: Float64Array;
  rounds: Dot[];
  bins: Bin[];
}

/** Rounds of about the same length on the same pixel. */
export interface Dot {
  x: number;
  ns: number;
  count: number;
  failed: boolean;
}

export interface Bin {
  from: number;
  to: number;
  /** Bytes per second; NaN where it is not known. */
  rate: number;
  active: number;
  target: number;
  resident: number;
  rounds: number;
  longest: number;
}

export const binCount = 60;
const create = kindNumber('create');
const begin = kindNumber('round-begin');
const end = kindNumber('round-end');
const back = kindNumber('rollback');
/** How far before the window the size at its beginning is looked for. */
const reach = 20_000;

export function chartsOf(log: EventLog, samples: readonly Sample[], window: Window, width: number): Charts {
  const pixels = Math.max(binCount, Math.floor(width));
  const unknown = (): Float64Array => new Float64Array(pixels).fill(NaN);
  const [active, target, resident, lowest, highest] = [unknown(), unknown(), unknown(), unknown(), unknown()];
  const bins = Array.from({ length: binCount }, (_, at) => emptyBin(window, at));
  const dots = new Map<number, Dot>();
  const perPixel = (window.end - window.start) / pixels;
  const xOf = (time: number): number => Math.floor((time - window.start) / perPixel);
  const note = (x: number, size: number): void => {
    active[x] = size;
    if (!((lowest[x] ?? NaN) <= size)) lowest[x] = size;
    if (!((highest[x] ?? NaN) >= size)) highest[x] = size;
  };
  const before = samples.findLast(({ timeNs }) => timeNs < window.start);
  for (const one of samples) {
    const x = xOf(one.timeNs);
    if (x < 0 || x >= pixels) continue;
    note(x, one.active);
    target[x] = one.target;
    resident[x] = one.resident;
  }
  const from = log.indexAt(window.start);
  for (const part of log.parts(from, log.indexAt(window.end))) {
    const { chunk } = part;
    for (let at = part.from; at < part.to; at += 1) {
      const kind = chunk.kind[at];
      if (kind !== end && kind !== back && kind !== begin && kind !== create) continue;
      const x = Math.min(Math.max(xOf(chunk.time[at] ?? 0), 0), pixels - 1);
      const size = chunk.size[at] ?? 0;
      if (kind === begin) {
        target[x] = size;
        continue;
      }
      note(x, size);
      if (kind === create || kind === back) target[x] = size;
      if (kind !== create) addRound(dots, bins[Math.floor((x / pixels) * binCount)], x, chunk.ns[at] ?? 0, kind === back);
    }
  }
  carry(active, sizeBefore(log, from) ?? before?.active);
  carry(target, before?.target ?? active[0]);
  carry(resident, before?.resident);
  fillBins(bins, active, target, resident, pixels);
  return { window, pixels, active, target, resident, lowest, highest, rounds: [...dots.values()], bins };
}

function emptyBin({ start, end: stop }: Window, at: number): Bin {
  const length = (stop - start) / binCount;
  const from = start + at * length;
  return { from, to: from + length, rate: NaN, active: NaN, target: NaN, resident: NaN, rounds: 0, longest: 0 };
}

/** The active size that the last round before this event left. */
function sizeBefore(log: EventLog, index: number): number | undefined {
  const parts = [...log.parts(Math.max(0, index - reach), index)];
  for (const { chunk, from, to } of parts.reverse())
    for (let at = to - 1; at >= from; at -= 1)
      if (chunk.kind[at] === end || chunk.kind[at] === back || chunk.kind[at] === create) return chunk.size[at];
  return undefined;
}

function addRound(dots: Map<number, Dot>, bin: Bin | undefined, x: number, ns: number, failed: boolean): void {
  // Eight heights to the decade are as many as there are pixels for.
  const key = x * 256 + Math.round(Math.log10(Math.max(1, ns)) * 8) * 2 + Number(failed);
  const there = dots.get(key);
  if (there) there.count += 1;
  else dots.set(key, { x, ns, count: 1, failed });
  if (!bin) return;
  bin.rounds += 1;
  bin.longest = Math.max(bin.longest, ns);
}

/** A size is what it was until it is told to be another. */
function carry(values: Float64Array, first: number | undefined): void {
  let last = first ?? NaN;
  for (let x = 0; x < values.length; x += 1) {
    const value = values[x] ?? NaN;
    if (Number.isNaN(value)) values[x] = last;
    else last = value;
  }
}

function fillBins(bins: Bin[], active: Float64Array, target: Float64Array, resident: Float64Array, pixels: number): void {
  let before = active[0] ?? NaN;
  bins.forEach((bin, at) => {
    const x = Math.min(pixels - 1, Math.ceil(((at + 1) * pixels) / binCount) - 1);
    bin.active = active[x] ?? NaN;
    bin.target = target[x] ?? NaN;
    bin.resident = resident[x] ?? NaN;
    bin.rate = (bin.active - before) / ((bin.to - bin.from) / 1e9);
    before = bin.active;
  });
}
