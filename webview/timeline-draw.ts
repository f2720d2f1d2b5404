// SPDX-License-Identifier: MIT
//
// Paints the timeline's scene on a canvas.  Colours are the theme's, read from the style sheet; nothing is told by colour alone: a
// round that failed is hatched, a late answer hollow, one that another peer brought about slit, a growth that asked nobody flat, every marker
// has a shape of its own.

import { opWords } from '../extension/protocol/mapping';
import type { EventKind } from '../extension/protocol/model';
import { ackTone, gapText, type Scene, type Shape, type TimeLane } from './timeline-scene';
import type { Round } from './timeline-model';
import { glyphs, solid, tones, type Palette } from './timeline-look';

export const laneHeight = 22;

export interface Painting {
  lanes: readonly TimeLane[];
  scene: Scene;
  selectedPeer: string | undefined;
  selectedRound: Round | undefined;
  selectedSeq: number | undefined;
  font: string;
}

export function paint(canvas: HTMLCanvasElement, painting: Painting, palette: Palette): void {
  const { scene, lanes } = painting;
  const ratio = window.devicePixelRatio;
  const height = lanes.length * laneHeight;
  canvas.width = Math.round(scene.width * ratio);
  canvas.height = Math.round(height * ratio);
  const brush = canvas.getContext('2d');
  if (!brush) return;
  brush.scale(ratio, ratio);
  brush.font = painting.font;
  paintLanes(brush, painting, palette);
  const rank = { gap: 0, round: 1, ack: 2, mark: 3 };
  for (const shape of [...scene.shapes].sort((a, b) => rank[a.kind] - rank[b.kind])) {
    // Answers are by far the most, and leave nothing to restore.
    if (shape.kind !== 'ack') brush.save();
    paintShape(brush, shape, painting, palette, height);
    if (shape.kind !== 'ack') brush.restore();
  }
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

function paintShape(brush: CanvasRenderingContext2D, shape: Shape, painting: Painting, palette: Palette, height: number): void {
  const middle = shape.lane * laneHeight + laneHeight / 2 - 0.5;
  const left = Math.max(shape.x0, -10);
  const right = Math.min(shape.x1, painting.scene.width + 10);
  switch (shape.kind) {
    case 'gap': {
      paintGap(brush, left, right, height, gapText(shape.count), palette);
      return;
    }
    case 'round': {
      paintRound(brush, shape.round, left, right, middle, painting, palette, height);
      return;
    }
    case 'ack': {
      paintAck(brush, shape, left, right, middle, palette);
      if (shape.ack.seq === painting.selectedSeq) outline(brush, left, right, middle, 8, palette);
      return;
    }
    case 'mark':
      brush.translate(shape.x0, middle);
      {
        paintMark(brush, shape.event.kind, shape.event.seq === painting.selectedSeq, palette);
        return;
      }
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

function paintMark(brush: CanvasRenderingContext2D, kind: EventKind, selected: boolean, palette: Palette): void {
  const path = new Path2D(glyphs[kind] ?? glyphs['unknown']);
  if (selected) {
    brush.strokeStyle = palette.text;
    brush.lineWidth = 1.5;
    brush.strokeRect(-8, -8, 16, 16);
  }
  brush.lineWidth = 4;
  brush.strokeStyle = palette.back;
  brush.lineJoin = 'round';
  brush.stroke(path);
  brush.strokeStyle = brush.fillStyle = palette[tones[kind] ?? 'text'];
  brush.lineWidth = 1.6;
  if (solid.has(kind)) brush.fill(path);
  else brush.stroke(path);
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
  if (round.result === 'rolled back' || round.result === 'abandoned') slashes(brush, left, Math.max(right, left + 3), middle, 14);
  if (selected) outline(brush, left, right, middle, 14, palette);
  const text = `${opWords[round.op]} ${round.result === 'done' ? '' : round.result}`.trim();
  if (round.result !== 'done' || brush.measureText(text).width + 12 > right - left) return;
  brush.fillStyle = palette.back;
  brush.textBaseline = 'middle';
  brush.fillText(text, Math.max(left, 0) + 6, middle + 0.5);
}

function bar(brush: CanvasRenderingContext2D, left: number, right: number, middle: number, thick: number, hollow: boolean): void {
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

function slashes(brush: CanvasRenderingContext2D, left: number, right: number, middle: number, thick: number): void {
  brush.beginPath();
  brush.rect(left, middle - thick / 2, right - left, thick);
  brush.clip();
  brush.beginPath();
  for (let x = left - thick; x < right; x += 6) {
    brush.moveTo(x, middle + thick / 2);
    brush.lineTo(x + thick, middle - thick / 2);
  }
  brush.stroke();
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
  if (brush.measureText(text).width + 16 < right - left) brush.fillText(text, Math.max(left, 0) + 8, height / 2);
}
