// SPDX-License-Identifier: MIT
//
// Paints the timeline's scene on a canvas.  Colours are the theme's, read from the style sheet; nothing is told by colour alone: a
// round that failed is hatched, a late answer hollow, one that another peer brought about slit, a growth that asked nobody flat, every marker
// has a shape of its own.

import { opWords } from '../extension/protocol/mapping';
import { brushFor, hatch, roomy } from './canvas';
import { ackTone, toX, type Scene, type Shape, type TimeLane, type Window } from './timeline-scene';
import { paintBar, paintColumns } from './timeline-far';
import type { Round } from './timeline-model';
import { stamp, toolGlyph, type Palette } from './timeline-look';
import { resultWord } from './event-text';

export const laneHeight = 22;

export interface Painting {
  lanes: readonly TimeLane[];
  scene: Scene;
  window: Window;
  /** The selected stretch of time. */
  stretch: { from: number; to: number } | undefined;
  selectedPeer: string | undefined;
  selectedRound: Round | undefined;
  selectedSeq: number | undefined;
  font: string;
}

export function paint(canvas: HTMLCanvasElement, painting: Painting, palette: Palette): void {
  const { scene, lanes } = painting;
  const height = lanes.length * laneHeight;
  const brush = brushFor(canvas, scene.width, roomy(height));
  if (!brush) return;
  brush.font = painting.font;
  paintLanes(brush, painting, palette);
  scene.columns.forEach((columns, lane) => {
    paintColumns(brush, columns, lane * laneHeight, laneHeight, palette);
    for (const one of columns.bars) paintBar(brush, one, lane * laneHeight + laneHeight / 2 - 0.5, scene.width, palette);
  });
  const rank = { gap: 0, round: 1, bar: 2, ack: 2, column: 2, mark: 3, tool: 4 };
  for (const shape of [...scene.shapes].sort((a, b) => rank[a.kind] - rank[b.kind])) {
    // Answers are by far the most, and leave nothing to restore.
    if (shape.kind !== 'ack') brush.save();
    paintShape(brush, shape, painting, palette, height);
    if (shape.kind !== 'ack') brush.restore();
  }
  paintStretch(brush, painting, palette, height);
}

function paintLanes(brush: CanvasRenderingContext2D, { lanes, scene, selectedPeer }: Painting, palette: Palette): void {
  lanes.forEach((lane, at) => {
    const top = at * laneHeight;
    if (lane.peer !== undefined && lane.peer === selectedPeer) {
      brush.fillStyle = palette.select;
      brush.fillRect(0, top, scene.width, laneHeight);
    }
    brush.fillStyle = palette.line;
    brush.fillRect(0, top + laneHeight - 1, scene.width, 1);
  });
}

function paintStretch(
  brush: CanvasRenderingContext2D,
  { stretch, window, scene }: Painting,
  palette: Palette,
  height: number,
): void {
  if (!stretch) return;
  const x0 = Math.max(-2, toX(stretch.from, window, scene.width));
  const x1 = Math.min(scene.width + 2, toX(stretch.to, window, scene.width));
  if (x1 < 0 || x0 > scene.width) return;
  brush.save();
  brush.fillStyle = brush.strokeStyle = palette.text;
  brush.globalAlpha = 0.1;
  brush.fillRect(x0, 0, x1 - x0, height);
  brush.globalAlpha = 0.8;
  brush.strokeRect(Math.round(x0) + 0.5, -1, Math.max(1, Math.round(x1 - x0)), height + 2);
  brush.restore();
}

function paintShape(brush: CanvasRenderingContext2D, shape: Shape, painting: Painting, palette: Palette, height: number): void {
  const middle = shape.lane * laneHeight + laneHeight / 2 - 0.5;
  const left = Math.max(shape.x0, -10);
  const right = Math.min(shape.x1, painting.scene.width + 10);
  switch (shape.kind) {
    case 'gap':
      paintGap(brush, left, right, height, shape.text, palette);
      break;
    case 'round':
      paintRound(brush, shape.round, left, right, middle, painting, palette, height);
      break;
    case 'ack':
      paintAck(brush, shape, left, right, middle, palette);
      if (shape.ack.seq === painting.selectedSeq) outline(brush, left, right, middle, 8, palette);
      break;
    case 'mark':
      if (shape.event.seq === painting.selectedSeq) {
        brush.strokeStyle = palette.text;
        brush.lineWidth = 1.5;
        brush.strokeRect(shape.x0 - 8, middle - 8, 16, 16);
      }
      stamp(brush, shape.event.kind, shape.x0, middle, palette);
      break;
    case 'tool':
      stamp(brush, toolGlyph, shape.x0, middle + 3, palette);
      break;
    default:
      break;
  }
}

function paintAck(
  brush: CanvasRenderingContext2D,
  { ack, round }: Extract<Shape, { kind: 'ack' }>,
  left: number,
  right: number,
  middle: number,
  palette: Palette,
): void {
  const tone = ackTone(ack, round);
  const colours = {
    ok: palette.accent,
    reached: palette.accent,
    waiting: palette.quiet,
    late: palette.warn,
    failed: palette.bad,
  };
  brush.fillStyle = brush.strokeStyle = colours[tone];
  bar(brush, left, right, middle, 8, tone === 'late' || tone === 'waiting');
  if (tone !== 'reached') return;
  brush.fillStyle = palette.back;
  for (let x = left + 4; x < right - 2; x += 6) brush.fillRect(x, middle - 4, 2, 8);
}

function paintRound(
  brush: CanvasRenderingContext2D,
  round: Round,
  left: number,
  right: number,
  middle: number,
  painting: Painting,
  palette: Palette,
  height: number,
): void {
  const colours = {
    done: palette.ok,
    running: palette.quiet,
    'rolled back': palette.bad,
    abandoned: palette.warn,
  };
  brush.fillStyle = brush.strokeStyle = colours[round.result];
  const selected = round.epoch === painting.selectedRound?.epoch;
  if (selected) {
    brush.globalAlpha = 0.16;
    brush.fillRect(left, 0, Math.max(2, right - left), height);
    brush.globalAlpha = 1;
  }
  if (round.op === 'inside') {
    bar(brush, left, right, middle, 6, false);
    if (selected) outline(brush, left, right, middle, 6, palette);
    return;
  }
  bar(brush, left, right, middle, 14, round.result !== 'done');
  if (round.result === 'rolled back' || round.result === 'abandoned')
    hatch(brush, left, middle - 7, Math.max(right - left, 3), 14);
  if (selected) outline(brush, left, right, middle, 14, palette);
  if (right - left < 24) return;
  const text = round.result === 'done' ? opWords[round.op] : `${opWords[round.op]} ${resultWord(round.result)}`;
  if (round.result !== 'done' || brush.measureText(text).width + 12 > right - left) return;
  brush.fillStyle = palette.back;
  brush.textBaseline = 'middle';
  brush.fillText(text, Math.max(left, 0) + 6, middle + 0.5);
}

export function bar(
  brush: CanvasRenderingContext2D,
  left: number,
  right: number,
  middle: number,
  thick: number,
  hollow: boolean,
): void {
  const width = Math.max(2, right - left);
  if (!hollow || width < 4) brush.fillRect(left, middle - thick / 2, width, thick);
  else brush.strokeRect(left + 0.5, middle - thick / 2 + 0.5, width - 1, thick - 1);
}

function outline(
  brush: CanvasRenderingContext2D,
  left: number,
  right: number,
  middle: number,
  thick: number,
  palette: Palette,
): void {
  brush.save();
  brush.strokeStyle = palette.text;
  brush.lineWidth = 1.5;
  brush.strokeRect(left - 2, middle - thick / 2 - 2, Math.max(2, right - left) + 4, thick + 4);
  brush.restore();
}

function paintGap(
  brush: CanvasRenderingContext2D,
  left: number,
  right: number,
  height: number,
  text: string,
  palette: Palette,
): void {
  brush.fillStyle = palette.back;
  brush.fillRect(left, 0, right - left, height);
  brush.strokeStyle = palette.quiet;
  brush.setLineDash([3, 3]);
  brush.strokeRect(left + 0.5, 0.5, Math.max(1, right - left - 1), height - 1);
  brush.fillStyle = palette.quiet;
  brush.textBaseline = 'middle';
  if (right - left > 60 && brush.measureText(text).width + 16 < right - left)
    brush.fillText(text, Math.max(left, 0) + 8, height / 2);
}
