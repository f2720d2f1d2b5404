// SPDX-License-Identifier: MIT
//
// Paints the lanes of the address map that are in sight.  What the kernel maps is full, what the header says is active is behind it, what is
// lacking is hatched, what is only claimed is dashed: nothing is told by colour alone.

import { brushFor, hatch, roomy } from './canvas';
import { breaksOf, toX, type Lane, type Piece, type Scale } from './map-model';
import type { Palette } from './timeline-look';

export interface LaneScale extends Scale {
  /** CSS pixels of the picture, and of the part of it that is to scale. */
  width: number;
  scaled: number;
  active: number;
  target: number;
  horizon: number;
  reserved: number;
}

export interface MapPainting {
  lanes: readonly Lane[];
  /** Where each of them begins, and where the last one ends, in CSS pixels of the canvas. */
  tops: readonly number[];
  scale: LaneScale;
  range: { offset: number; length: number } | undefined;
}

/** Of the bar in its lane. */
export const barTop = 3;
export const barHeight = 20;
/** Thinner than this nobody would see it. */
const thinnest = 2;

export function paintMap(canvas: HTMLCanvasElement, { lanes, tops, scale, range }: MapPainting, palette: Palette): void {
  const height = tops.at(-1) ?? 0;
  const brush = brushFor(canvas, scale.width, roomy(height));
  if (!brush) return;
  lanes.forEach((lane, at) => {
    brush.save();
    brush.translate(0, (tops[at] ?? 0) + barTop);
    paintLane(brush, lane, scale, palette);
    brush.restore();
  });
  if (!range) return;
  const [x0, x1] = [toX(scale, scale.scaled, range.offset), toX(scale, scale.scaled, range.offset + range.length)];
  const out = range.offset > (scale.far ?? scale.end) || range.offset + range.length < scale.start;
  if (out) return;
  brush.strokeStyle = palette.text;
  brush.lineWidth = 1.5;
  brush.setLineDash([]);
  brush.strokeRect(x0 - 0.5, 0.5, Math.max(x1 - x0, thinnest) + 1, height - 1);
}

function paintLane(brush: CanvasRenderingContext2D, lane: Lane, scale: LaneScale, palette: Palette): void {
  const { width, scaled, active, target, horizon } = scale;
  const x = (offset: number): number => toX(scale, scaled, offset);
  const last = scale.far ?? scale.end;
  const box = (from: number, to: number, top: number, least = 0): [number, number, number, number] | undefined => {
    if (to <= scale.start || from >= last) return undefined;
    return [x(from), top, Math.max(x(to) - x(from), least), barHeight - 2 * top];
  };
  const fill = (style: string, alpha: number, at: ReturnType<typeof box>): void => {
    if (!at) return;
    brush.globalAlpha = alpha;
    brush.fillStyle = style;
    brush.fillRect(...at);
    brush.globalAlpha = 1;
  };
  const dash = (style: string, pattern: number[], at: ReturnType<typeof box>): void => {
    if (!at) return;
    brush.strokeStyle = style;
    brush.setLineDash(pattern);
    brush.strokeRect(at[0] + 0.5, at[1] + 0.5, Math.max(1, at[2] - 1), at[3] - 1);
    brush.setLineDash([]);
  };
  const known = lane.condition !== undefined;
  if (known) {
    brush.strokeStyle = palette.outline;
    brush.lineWidth = 1;
    brush.strokeRect(0.5, 0.5, width - 1, barHeight - 1);
    fill(palette.accent, 0.2, box(0, active, 0.5));
    if (target > Math.max(active, horizon)) dash(palette.accent, [2, 3], box(Math.max(active, horizon), target, 0, thinnest));
    if (horizon > active) fill(palette.accent, 0.1, box(active, horizon, 0.5, thinnest));
  }
  if ((lane.condition?.state === 'dead' || lane.pieces === undefined) && lane.claim > 0)
    dash(palette.quiet, [4, 3], box(0, lane.claim, 4));
  for (const piece of lane.pieces ?? []) {
    for (const part of split(piece)) {
      const at = box(part.offset, part.offset + part.length, part.ahead ? 6 : 4, thinnest);
      const whole = part.permissions.startsWith(lane.reads ? 'r' : 'rw');
      const colour = part.offset < 0 || !known ? palette.quiet : palette.accent;
      fill(colour, part.offset < 0 ? 0.7 : part.ahead ? 0.45 : whole ? 1 : 0.4, at);
      if (!whole && part.offset >= 0) dash(colour, [], at);
    }
  }
  for (const piece of lane.missing) {
    const at = box(piece.offset, piece.offset + piece.length, 0.5, 4);
    if (!at) continue;
    brush.fillStyle = palette.back;
    brush.fillRect(...at);
    brush.strokeStyle = palette.bad;
    brush.lineWidth = 2;
    hatch(brush, ...at);
    brush.lineWidth = 1.5;
    brush.strokeRect(...at);
  }
  brush.lineWidth = 1;
  if (lane.pinned > 0 && lane.pinned >= scale.start && lane.pinned <= last) {
    brush.fillStyle = palette.text;
    brush.fill(new Path2D(`M${x(lane.pinned)} 5l-4 -5h8z`));
  }
  if (known && horizon > active && horizon >= scale.start && horizon <= last) {
    brush.strokeStyle = palette.accent;
    brush.stroke(new Path2D(`M${Math.round(x(horizon)) - 0.5} 0v${barHeight}`));
  }
  if (known) for (const at of breaksOf(scale, scaled)) paintBreak(brush, at, palette);
}

function paintBreak(brush: CanvasRenderingContext2D, x: number, palette: Palette): void {
  brush.fillStyle = palette.back;
  brush.fill(new Path2D(`M${x - 6} ${barHeight + 1}L${x} -1H${x + 6}L${x} ${barHeight + 1}z`));
  brush.strokeStyle = palette.outline;
  brush.lineWidth = 1.2;
  brush.stroke(new Path2D(`M${x - 6} ${barHeight}L${x} 0M${x} ${barHeight}L${x + 6} 0`));
}

/** The part of a piece in the header, and the part in the data. */
function split(piece: Piece): Piece[] {
  const { offset, length } = piece;
  if (offset >= 0 || offset + length <= 0) return [piece];
  return [
    { ...piece, length: -offset },
    { ...piece, offset: 0, length: length + offset },
  ];
}
