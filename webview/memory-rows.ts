// SPDX-License-Identifier: MIT
//
// Where bytes are in the hex view: rows, the way from a scroll bar to a row, and the keys that move the caret.  Pure.
//
// A segment may have more rows than a browser can make an element high.  Beyond `tallest` the scroll bar says where one is in
// proportion, and the wheel and the keys move by rows.

export interface Extent {
  /** The first byte that there is, and the one after the last: the header is before 0. */
  first: number;
  end: number;
  perRow: number;
}

export const rowHeight = 20;
export const tallest = 4_000_000;

export function rowCount({ first, end, perRow }: Extent): number {
  return Math.max(1, Math.ceil((end - first) / perRow));
}

export function rowOf({ first, perRow }: Extent, offset: number): number {
  return Math.floor((offset - first) / perRow);
}

export function startOf({ first, perRow }: Extent, row: number): number {
  return first + row * perRow;
}

export function clampTo({ first, end }: Extent, offset: number): number {
  return Math.max(first, Math.min(offset, end - 1));
}

export function contentHeight(rows: number): number {
  return Math.min(rows * rowHeight, tallest);
}

/** The first row in sight when the scroller is at `top`; `visible` rows fit into it. */
export function rowAt(rows: number, visible: number, top: number): number {
  const last = Math.max(0, rows - visible);
  if (rows * rowHeight <= tallest) return Math.min(last, Math.round(top / rowHeight));
  return Math.min(last, Math.round((top / (tallest - visible * rowHeight)) * last));
}

/** Where the scroller is when `row` is the first in sight. */
export function topOf(rows: number, visible: number, row: number): number {
  if (rows * rowHeight <= tallest) return row * rowHeight;
  const last = Math.max(1, rows - visible);
  return (row / last) * (tallest - visible * rowHeight);
}

/** The first row in sight so that the row of `offset` is: unchanged if it is already. */
export function revealing(extent: Extent, top: number, visible: number, offset: number): number {
  const row = rowOf(extent, offset);
  const last = Math.max(0, rowCount(extent) - visible);
  if (row < top) return Math.min(row, last);
  return row >= top + visible ? Math.min(last, row - visible + 1) : top;
}

export interface Key {
  key: string;
  ctrlKey: boolean;
}

/** Where a key moves the caret; undefined if it moves nothing. */
export function caretAfter({ key, ctrlKey }: Key, caret: number, extent: Extent, visible: number): number | undefined {
  const start = startOf(extent, rowOf(extent, caret));
  const moves: Record<string, number> = {
    ArrowLeft: caret - 1,
    ArrowRight: caret + 1,
    ArrowUp: caret - extent.perRow,
    ArrowDown: caret + extent.perRow,
    PageUp: caret - extent.perRow * Math.max(1, visible - 1),
    PageDown: caret + extent.perRow * Math.max(1, visible - 1),
    Home: ctrlKey ? Math.max(0, extent.first) : start,
    End: ctrlKey ? extent.end - 1 : start + extent.perRow - 1,
  };
  const to = moves[key];
  if (to === undefined) return undefined;
  const vertical = key.startsWith('Page') || key === 'ArrowUp' || key === 'ArrowDown';
  // A row further than the last is none: the column stays.
  if (vertical && (to < extent.first || to >= extent.end)) {
    const edge = to < extent.first ? extent.first : startOf(extent, rowCount(extent) - 1);
    return clampTo(extent, edge + (caret - start));
  }
  return clampTo(extent, to);
}

/** The bytes from one to another, whichever is first. */
export function between(anchor: number, caret: number): { offset: number; length: number } {
  const offset = Math.min(anchor, caret);
  return { offset, length: Math.max(anchor, caret) - offset + 1 };
}
