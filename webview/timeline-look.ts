// SPDX-License-Identifier: MIT
//
// The timeline's markers and colours, shared by the picture and its legend.

import type { EventKind } from '../extension/protocol/model';

/** What a person did with a tool; beside the kinds of events. */
export const toolGlyph = 'tool';

/** In a square of 10 around the middle of the lane; also drawn in the legend. */
export const glyphs: Record<string, string> = {
  create: 'M0-5L1.5-1.5 5 0 1.5 1.5 0 5-1.5 1.5-5 0-1.5-1.5z',
  attach: 'M0-4.5L4.5 4H-4.5z',
  restart: 'M0-5L4.5 0H-4.5zM0 0L4.5 5H-4.5z',
  detach: 'M0 4.5L-4.5-4H4.5z',
  'peer-died': 'M-4.5-4.5L4.5 4.5M4.5-4.5L-4.5 4.5',
  reap: 'M-4-4H4V4H-4z',
  'map-late': 'M-3.5-4.5H3.5L-3.5 4.5H3.5z',
  cut: 'M-5 0H5M-5-3V3M5-3V3',
  refuse: 'M0-4.5A4.5 4.5 0 1 0 0 4.5 4.5 4.5 0 1 0 0-4.5M-3-3L3 3',
  root: 'M0-4.5L4.5 0 0 4.5-4.5 0z',
  takeover: 'M-3.5 5V-5L4.5-2-3.5 1',
  unstop: 'M-3.5-4.5L4.5 0-3.5 4.5z',
  lost: 'M-4.5-4.5H4.5V0L2 -1.5 0 1-2-1.5-4.5 1z',
  'heap-fault': 'M0-5L5 4H-5zM0-1.5V1.5M0 2.5V3',
  'heap-reclaim': 'M3.5-3A4.5 4.5 0 1 0 4.5 0M3.5-5.5V-3H1',
  unknown: 'M0-4.5V1.5M0 3.5V4.5',
  [toolGlyph]: 'M-3.5-5L4 2.2H0.2L2.4 5.4-1.2 3.2-3.5 4.6z',
};
/** Filled rather than outlined. */
export const solid: ReadonlySet<string> = new Set<string>(['create', 'attach', 'restart', 'detach', 'root', 'unstop', toolGlyph]);
export const tones: Partial<Record<EventKind, keyof Palette>> = {
  attach: 'ok',
  restart: 'ok',
  'peer-died': 'bad',
  'map-late': 'warn',
  refuse: 'warn',
  takeover: 'warn',
  unstop: 'ok',
  lost: 'bad',
  'heap-fault': 'bad',
};

export interface Palette {
  text: string;
  quiet: string;
  line: string;
  ok: string;
  warn: string;
  bad: string;
  accent: string;
  back: string;
  select: string;
  outline: string;
}

/** As the browser names them where the system's own colours are forced on every page. */
const forced: Palette = {
  text: 'CanvasText',
  quiet: 'GrayText',
  line: 'GrayText',
  ok: 'LinkText',
  warn: 'Mark',
  bad: 'VisitedText',
  accent: 'LinkText',
  back: 'Canvas',
  select: 'Highlight',
  outline: 'CanvasText',
};

export function paletteOf(element: Element): Palette {
  if (matchMedia('(forced-colors: active)').matches) return forced;
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--pm-${name}`).trim() || style.color;
  return {
    text: style.color,
    quiet: colour('quiet'),
    line: colour('row'),
    ok: colour('ok'),
    warn: colour('warn'),
    bad: colour('bad'),
    accent: colour('accent'),
    back: colour('back'),
    select: colour('select'),
    outline: colour('outline'),
  };
}

export function toneOfKind(kind: string): keyof Palette {
  return kind === toolGlyph ? 'accent' : (tones[kind as EventKind] ?? 'text');
}

/** Half the side of a marker's picture, in CSS pixels. */
const half = 9;
const sprites = new Map<string, HTMLCanvasElement>();

/** Draws a marker around a point.  Each is painted once for a colour and a resolution: a path is a hundred times as dear as a copy. */
export function stamp(brush: CanvasRenderingContext2D, kind: string, x: number, y: number, palette: Palette): void {
  const ratio = window.devicePixelRatio;
  const key = `${kind} ${ratio} ${palette.back} ${palette[toneOfKind(kind)]}`;
  let sprite = sprites.get(key);
  if (!sprite) {
    // A theme may be changed any number of times.
    if (sprites.size > 200) sprites.clear();
    sprites.set(key, (sprite = painted(kind, ratio, palette)));
  }
  brush.drawImage(sprite, x - half, y - half, 2 * half, 2 * half);
}

function painted(kind: string, ratio: number, palette: Palette): HTMLCanvasElement {
  const sprite = document.createElement('canvas');
  sprite.width = sprite.height = Math.ceil(2 * half * ratio);
  const brush = sprite.getContext('2d');
  if (!brush) return sprite;
  brush.scale(sprite.width / (2 * half), sprite.height / (2 * half));
  brush.translate(half, half);
  const path = new Path2D(glyphs[kind] ?? glyphs['unknown']);
  brush.lineWidth = 4;
  brush.lineJoin = 'round';
  brush.strokeStyle = palette.back;
  brush.stroke(path);
  brush.strokeStyle = brush.fillStyle = palette[toneOfKind(kind)];
  brush.lineWidth = 1.6;
  if (solid.has(kind)) brush.fill(path);
  else brush.stroke(path);
  return sprite;
}
