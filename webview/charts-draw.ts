// SPDX-License-Identifier: MIT
//
// Paints one chart.  All of them have the timeline's axis, so what is above each other happened at the same time.

import { brushFor } from './canvas';
import type { Charts } from './charts-model';
import { heightOf } from './timeline-far';
import type { Look } from './theme';
import { toX } from './timeline-scene';

export type ChartName = 'size' | 'resident' | 'latency' | 'rate';
export const chartHeight = 72;
const foot = 4;
const room = chartHeight - foot - 12;

export interface ChartPainting {
  name: ChartName;
  charts: Charts;
  stretch: { from: number; to: number } | undefined;
  /** What the top of the chart is. */
  top: string;
}

export function paintChart(canvas: HTMLCanvasElement, width: number, painting: ChartPainting, { palette, font }: Look): void {
  const brush = brushFor(canvas, width, chartHeight);
  if (!brush) return;
  const { charts, name, stretch, top } = painting;
  const scale = width / charts.pixels;
  const floor = chartHeight - foot;
  brush.fillStyle = palette.line;
  brush.fillRect(0, floor, width, 1);
  const most = mostOf(charts, name);
  const y = (value: number): number => floor - (Math.abs(value) / most) * room;
  if (name === 'size') {
    line(brush, charts.target, scale, y, palette.quiet, [3, 3]);
    area(brush, charts.active, scale, y, floor, palette.accent);
    spikes(brush, charts, scale, y, palette.accent);
    line(brush, charts.active, scale, y, palette.accent, []);
  } else if (name === 'resident') {
    area(brush, charts.resident, scale, y, floor, palette.ok);
    line(brush, charts.resident, scale, y, palette.ok, []);
  } else if (name === 'rate') {
    charts.bins.forEach(({ from, to, rate }) => {
      if (!(Math.abs(rate) > 0)) return;
      const [x0, x1] = [toX(from, charts.window, width), toX(to, charts.window, width)];
      const height = Math.max(1, floor - y(rate));
      brush.fillStyle = brush.strokeStyle = rate > 0 ? palette.accent : palette.warn;
      // Hollow is shrinking.
      if (rate > 0) brush.fillRect(x0, floor - height, Math.max(1, x1 - x0 - 1), height);
      else brush.strokeRect(x0 + 0.5, floor - height + 0.5, Math.max(1, x1 - x0 - 2), height - 1);
    });
  } else {
    for (const { x, ns, failed } of charts.rounds) {
      const at = floor - heightOf(ns, room);
      brush.fillStyle = brush.strokeStyle = failed ? palette.bad : palette.ok;
      if (failed) brush.strokeRect(x * scale - 2.5, at - 2.5, 5, 5);
      else brush.fillRect(x * scale - 1.5, at - 1.5, 3, 3);
    }
  }
  if (stretch) {
    const [x0, x1] = [toX(stretch.from, charts.window, width), toX(stretch.to, charts.window, width)];
    brush.globalAlpha = 0.1;
    brush.fillStyle = palette.text;
    brush.fillRect(x0, 0, x1 - x0, chartHeight);
    brush.globalAlpha = 1;
  }
  brush.font = font;
  brush.fillStyle = palette.quiet;
  brush.textBaseline = 'top';
  brush.fillText(top, 2, 0);
}

/** What is at the top of a chart: a round number, so that it stands still. */
export function mostOf(charts: Charts, name: ChartName): number {
  const rows = { size: [charts.active, charts.target, charts.highest], resident: [charts.resident], latency: [], rate: [] }[name];
  let most = 0;
  for (const row of rows) for (const value of row) if (value > most) most = value;
  if (name === 'rate') for (const { rate } of charts.bins) if (Math.abs(rate) > most) most = Math.abs(rate);
  const power = 2 ** Math.floor(Math.log2(Math.max(1, most)));
  return [1, 1.25, 1.5, 1.75, 2].map((factor) => factor * power).find((step) => step >= most) ?? 1;
}

function line(
  brush: CanvasRenderingContext2D,
  values: Float64Array,
  scale: number,
  y: (value: number) => number,
  colour: string,
  dashes: number[],
): void {
  brush.strokeStyle = colour;
  brush.lineWidth = 1.5;
  brush.setLineDash(dashes);
  brush.beginPath();
  let last = NaN;
  values.forEach((value, at) => {
    if (Number.isNaN(value)) return;
    if (Number.isNaN(last)) brush.moveTo(at * scale, y(value));
    // A step: the size is what it was until it is another.
    else if (value !== last) {
      brush.lineTo(at * scale, y(last));
      brush.lineTo(at * scale, y(value));
    }
    last = value;
  });
  if (!Number.isNaN(last)) brush.lineTo(values.length * scale, y(last));
  brush.stroke();
  brush.setLineDash([]);
}

function area(
  brush: CanvasRenderingContext2D,
  values: Float64Array,
  scale: number,
  y: (value: number) => number,
  floor: number,
  colour: string,
): void {
  brush.fillStyle = colour;
  brush.globalAlpha = 0.15;
  for (let from = 0; from < values.length;) {
    const value = values[from] ?? NaN;
    let to = from + 1;
    while (to < values.length && values[to] === value) to += 1;
    if (!Number.isNaN(value)) brush.fillRect(from * scale, y(value), (to - from) * scale, floor - y(value));
    from = to;
  }
  brush.globalAlpha = 1;
}

function spikes(
  brush: CanvasRenderingContext2D,
  { lowest, highest }: Charts,
  scale: number,
  y: (value: number) => number,
  colour: string,
): void {
  brush.fillStyle = colour;
  highest.forEach((high, at) => {
    const low = lowest[at] ?? NaN;
    if (high > low) brush.fillRect(at * scale - 0.75, y(high), 1.5, y(low) - y(high));
  });
}
