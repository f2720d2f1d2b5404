// SPDX-License-Identifier: MIT
//
// Paints a lane seen from far away: a column for each pixel, as high as its longest answer took, and the worst that happened in it.

import { bits, markBits } from './event-index';
import { kinds } from './event-chunk';
import { hatch } from './canvas';
import { stamp, type Palette } from './timeline-look';
import type { Bar, Columns } from './timeline-columns';

type Tone = 'failed' | 'late' | 'reached' | 'ok' | 'back' | 'done' | 'inside';

/** The worst first: of what falls together, that is what shows. */
export function toneOf(flags: number): Tone | undefined {
  if (flags & bits.roundBack) return 'back';
  if (flags & bits.ackFailed) return 'failed';
  if (flags & bits.ackLate) return 'late';
  if (flags & bits.ackReached) return 'reached';
  if (flags & bits.ackOk) return 'ok';
  if (flags & bits.roundDone) return 'done';
  return flags & bits.roundInside ? 'inside' : undefined;
}

function colourOf(tone: Tone, palette: Palette): string {
  switch (tone) {
    case 'back':
    case 'failed':
      return palette.bad;
    case 'late':
      return palette.warn;
    case 'ok':
    case 'reached':
      return palette.accent;
    default:
      return palette.ok;
  }
}

/** 1 µs and less is the lowest, 1 s and more the highest; between them, each decade is as high as the other. */
export function heightOf(ns: number, room: number): number {
  const part = Math.min(Math.max((Math.log10(Math.max(1, ns)) - 3) / 6, 0), 1);
  return Math.round(3 + part * (room - 3));
}

export function paintColumns(
  brush: CanvasRenderingContext2D,
  columns: Columns,
  top: number,
  lane: number,
  palette: Palette,
): void {
  const { flags, longest } = columns;
  const width = flags.length;
  for (let x = 0; x < width;) {
    const tone = toneOf(flags[x] ?? 0);
    if (tone === undefined) {
      x += 1;
      continue;
    }
    const height = heightOf(longest[x] ?? 0, lane - 5);
    let end = x + 1;
    while (end < width && toneOf(flags[end] ?? 0) === tone && heightOf(longest[end] ?? 0, lane - 5) === height) end += 1;
    brush.fillStyle = colourOf(tone, palette);
    brush.fillRect(x, top + lane - 2 - height, end - x, height);
    x = end;
  }
  paintMarks(brush, flags, top + lane / 2 - 0.5, palette);
}

/** So many pixels share a marker: the gravest of theirs. */
const cell = 10;
const gravest = ['lost', 'heap-fault', 'peer-died', 'map-late', 'takeover', 'refuse', 'unstop', 'cut', 'restart'];
const rank = kinds.map((kind) => (gravest.includes(kind) ? gravest.indexOf(kind) : gravest.length));

function paintMarks(brush: CanvasRenderingContext2D, flags: Uint32Array, middle: number, palette: Palette): void {
  for (let from = 0; from < flags.length; from += cell) {
    let best: { kind: number; x: number } | undefined;
    for (let x = from; x < Math.min(from + cell, flags.length); x += 1) {
      for (let left = (flags[x] ?? 0) & markBits; left !== 0; left &= left - 1) {
        const kind = 31 - Math.clz32(left & -left);
        if (!best || (rank[kind] ?? 99) < (rank[best.kind] ?? 99)) best = { kind, x };
      }
    }
    if (best) stamp(brush, kinds[best.kind] ?? 'unknown', best.x, middle, palette);
  }
}

export function paintBar(
  brush: CanvasRenderingContext2D,
  { x0, x1, flags }: Bar,
  middle: number,
  width: number,
  palette: Palette,
): void {
  const tone = toneOf(flags);
  if (tone === undefined) return;
  const left = Math.max(x0, -10);
  const wide = Math.min(x1, width + 10) - left;
  const thick = tone === 'back' || tone === 'done' ? 14 : 8;
  brush.fillStyle = brush.strokeStyle = colourOf(tone, palette);
  if (tone === 'late' || tone === 'back') brush.strokeRect(left + 0.5, middle - thick / 2 + 0.5, wide - 1, thick - 1);
  else brush.fillRect(left, middle - thick / 2, wide, thick);
  if (tone === 'back') hatch(brush, left, middle - thick / 2, wide, thick);
}
