// SPDX-License-Identifier: MIT
//
// Where in a row of a grid the focus can be: on each button of a cell that has buttons, on the cell itself otherwise.

function stopsOf(row: Element): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>('[data-column]')].flatMap((cell) => {
    const buttons = [...cell.querySelectorAll<HTMLElement>('button, a')];
    return buttons.length > 0 ? buttons : [cell];
  });
}

/** The column that an element is in, and which of the buttons of its cell it is. */
export function offsetIn(element: Element): { column: number; offset: number } {
  const cell = element.closest<HTMLElement>('[data-column]');
  const buttons = [...(cell?.querySelectorAll('button, a') ?? [])];
  return { column: Number(cell?.dataset['column'] ?? 0), offset: Math.max(0, buttons.indexOf(element)) };
}

/** `step` places to the right of `from`, as far as there are some. */
export function stopAfter(row: Element, from: Element, step: number): HTMLElement | undefined {
  const stops = stopsOf(row);
  const at = stops.indexOf(from as HTMLElement);
  const to = Math.min(Math.max((at < 0 ? 0 : at) + step, 0), stops.length - 1);
  return stops[to];
}

export function focusStop(row: Element | null | undefined, column: number, offset: number): void {
  const cell = row?.querySelector<HTMLElement>(`[data-column="${column}"]`);
  if (!cell) return;
  const buttons = cell.querySelectorAll<HTMLElement>('button, a');
  (buttons[Math.min(offset, buttons.length - 1)] ?? cell).focus({ preventScroll: true });
  cell.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}
