// SPDX-License-Identifier: MIT
//
// The one table of the page: an ARIA grid of any number of rows, of which those in sight are drawn.
//
//     rows --useGrid(look)--> Grid --> DataGrid, GridTools
//
// The keys move the focus from cell to cell and, between rows, the selection with it.  The cell that has the focus, or would get it
// from Tab, is always drawn, however far away it is scrolled.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useActions } from './context';
import { focusStop, offsetIn, stopAfter } from './grid-focus';
import { HeadRow, Row } from './grid-row';
import { arranged, inSight, plainLook, templateOf, toTsv, type Column, type Look } from './grid-model';
import { useScroll } from './hooks';
import { reveal } from './sight';
import type { View } from './view-state';
import './grid.css';

export interface GridOptions<R> {
  /** Unique in the page: names its scroller and its look. */
  name: string;
  /** What it is, for those who cannot see it. */
  label: string;
  /** Kept from one drawing to the next (useMemo) if nothing that they draw is another. */
  columns: readonly Column<R>[];
  /** Rows that are the same object are not drawn again. */
  rows: readonly R[];
  rowKey: (row: R) => string;
  view: View;
}

export interface Grid<R> extends GridOptions<R> {
  /** The rows that are shown, in order. */
  shown: readonly R[];
  look: Look;
}

export function useGrid<R>(options: GridOptions<R>): Grid<R> {
  const { rows, columns, view, name } = options;
  const look = view.grids?.[name] ?? plainLook;
  const shown = useMemo(() => arranged(rows, columns, look), [rows, columns, look]);
  return { ...options, shown, look };
}

interface Props<R> {
  of: Grid<R>;
  selected?: string | undefined;
  /** A row was chosen; undefined: none any more. */
  onSelect?: (key: string | undefined) => void;
  /** Enter, or a double click, in a cell. */
  onActivate?: (row: R, column: string) => void;
  /** The focus went to a cell of this column. */
  onColumn?: (column: string) => void;
  rowClass?: (row: R) => string;
  /** Rows of two lines, for sentences. */
  tall?: boolean;
}

interface Place {
  /** Undefined: in the header row. */
  row: string | undefined;
  column: number;
}

export function DataGrid<R>({ of: grid, selected, onSelect, onActivate, onColumn, rowClass, tall }: Props<R>): JSX.Element {
  const { name, label, columns, rows, shown, rowKey, look } = grid;
  const { copy } = useActions();
  const scroller = useScroll<HTMLDivElement>(name);
  const [sight, setSight] = useState({ top: 0, height: 600, rowHeight: 26, sideways: false });
  const [place, setPlace] = useState<Place>();
  const [marks, setMarks] = useState<ReadonlySet<string>>(none);
  /** Where Shift began. */
  const anchor = useRef<string | undefined>(undefined);
  /** What gets the focus once it is drawn. */
  const wanted = useRef<{ row: string; column: number; offset: number } | undefined>(undefined);
  const keys = useMemo(() => shown.map(rowKey), [shown]);
  const at = useMemo(() => new Map(keys.map((key, index) => [key, index])), [keys]);
  const template = useMemo(() => templateOf(columns), [columns]);

  const naming = Math.max(
    0,
    columns.findIndex(({ names }) => names),
  );
  const inHead = place !== undefined && place.row === undefined;
  const there = place?.row !== undefined && at.has(place.row) ? place.row : undefined;
  const reachable = there ?? (selected !== undefined && at.has(selected) ? selected : keys[0]);
  const column = there === undefined ? naming : Math.min(place?.column ?? naming, columns.length - 1);

  const measure = (): void => {
    const element = scroller.current;
    if (!element) return;
    const rowHeight = element.querySelector('tbody tr')?.getBoundingClientRect().height || sight.rowHeight;
    const { scrollTop: top, clientHeight: height, scrollLeft } = element;
    const next = { top, height, rowHeight, sideways: scrollLeft > 0 };
    const keys = Object.keys(next) as (keyof typeof next)[];
    if (keys.some((key) => next[key] !== sight[key])) setSight(next);
  };
  // Measuring lays the page out, so not with each drawing.  Another font makes another title row.
  useLayoutEffect(measure, [keys.length, columns, tall]);
  const measured = useRef(measure);
  measured.current = measure;
  useLayoutEffect(() => {
    const element = scroller.current;
    const head = element?.querySelector('thead');
    if (!element || !head) return;
    const observer = new ResizeObserver(() => measured.current());
    observer.observe(element);
    observer.observe(head);
    return () => observer.disconnect();
  }, []);

  const show = (index: number): void => {
    const head = scroller.current?.querySelector('thead')?.clientHeight ?? 0;
    reveal(scroller.current, index * sight.rowHeight, (index + 1) * sight.rowHeight, head);
    measure();
  };
  useLayoutEffect(() => {
    const want = wanted.current;
    const row = want && scroller.current?.querySelector<HTMLElement>(`tr[data-row="${CSS.escape(want.row)}"]`);
    if (!want || !row) return;
    wanted.current = undefined;
    focusStop(row, want.column, want.offset);
  });
  // Selected elsewhere: brought into sight, once.
  const before = useRef(selected);
  useLayoutEffect(() => {
    const index = selected === undefined ? undefined : at.get(selected);
    if (before.current !== selected && index !== undefined && !scroller.current?.contains(document.activeElement)) show(index);
    before.current = selected;
  }, [selected]);

  const copied = (): string => {
    const picked: ReadonlySet<string | undefined> = marks.size > 0 ? marks : new Set([reachable]);
    return toTsv(
      columns,
      shown.filter((row) => picked.has(rowKey(row))),
    );
  };
  const markTo = (key: string): void => {
    const ends = [at.get(anchor.current ?? selected ?? key) ?? 0, at.get(key) ?? 0];
    setMarks(new Set(keys.slice(Math.min(...ends), Math.max(...ends) + 1)));
  };
  const goTo = (index: number, event: KeyboardEvent, from: HTMLElement): void => {
    const key = keys[Math.min(Math.max(index, 0), keys.length - 1)];
    if (key === undefined) return;
    const { column: to, offset } = offsetIn(from);
    if (event.shiftKey) {
      anchor.current ??= reachable;
      markTo(key);
    } else {
      anchor.current = undefined;
      setMarks(none);
      onSelect?.(key);
    }
    setPlace({ row: key, column: to });
    wanted.current = { row: key, column: to, offset };
    show(at.get(key) ?? 0);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    const row = target?.closest<HTMLElement>('[data-row], thead tr');
    if (!target || !row) return;
    // A key may come before the drawing that gives the row of the last one the focus.
    const pending = wanted.current?.row;
    const key = pending !== undefined && at.has(pending) ? pending : row.dataset['row'];
    const index = key === undefined ? -1 : (at.get(key) ?? -1);
    const command = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor(sight.height / sight.rowHeight) - 2);
    const up = (by: number): void => {
      if (index - by >= 0 || index > 0) goTo(index - by, event, target);
      else if (index === 0) {
        wanted.current = undefined;
        focusStop(scroller.current?.querySelector('thead tr'), offsetIn(target).column, 0);
      }
    };
    const moves: Record<string, () => void> = {
      ArrowDown: () => goTo(index + 1, event, target),
      ArrowUp: () => up(1),
      PageDown: () => goTo(index + page, event, target),
      PageUp: () => goTo(index - page, event, target),
      ArrowRight: () => stopAfter(row, target, 1)?.focus(),
      ArrowLeft: () => stopAfter(row, target, -1)?.focus(),
      Home: () => (command ? goTo(0, event, target) : stopAfter(row, target, -Infinity)?.focus()),
      End: () => (command ? goTo(keys.length - 1, event, target) : stopAfter(row, target, Infinity)?.focus()),
      Escape: () => {
        setMarks(none);
        onSelect?.(undefined);
      },
    };
    const commands: Record<string, () => void> = {
      a: () => setMarks(new Set(keys)),
      c: () => copy(copied()),
    };
    const isButton = target.tagName === 'BUTTON' || target.tagName === 'A';
    if (!isButton && (event.key === 'Enter' || event.key === ' ')) moves[event.key] = () => activate(row, target);
    const act =
      command && !(event.key in moves) ? commands[event.key.toLowerCase()] : event.altKey ? undefined : moves[event.key];
    if (!act || (key === undefined && event.key.startsWith('Page'))) return;
    event.preventDefault();
    act();
  };
  const activate = (row: HTMLElement, target: Element): void => {
    const found = shown[at.get(row.dataset['row'] ?? '') ?? -1];
    const name = columns[offsetIn(target).column]?.key;
    if (found !== undefined && name !== undefined && onActivate) onActivate(found, name);
    else if (row.dataset['row'] !== undefined) onSelect?.(row.dataset['row']);
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : undefined;
    const key = target?.closest<HTMLElement>('tbody [data-row]')?.dataset['row'];
    if (!target || key === undefined || target.closest('button, a')) return;
    const { column: pressed } = offsetIn(target);
    setPlace({ row: key, column: pressed });
    if (event.shiftKey) {
      anchor.current ??= selected ?? key;
      markTo(key);
    } else if (event.ctrlKey || event.metaKey) {
      const next = new Set(marks.size === 0 && selected !== undefined ? [selected] : marks);
      if (!next.delete(key)) next.add(key);
      setMarks(next);
    } else {
      anchor.current = undefined;
      setMarks(none);
      // Where columns are chosen as well, pressing another cell of the same row is no way to let go of it.
      onSelect?.(key === selected && marks.size === 0 && !onColumn ? undefined : key);
    }
  };
  const onDblClick = ({ target }: MouseEvent): void => {
    const row = target instanceof Element ? target.closest<HTMLElement>('tbody [data-row]') : null;
    if (row && target instanceof Element && !target.closest('button, a')) activate(row, target);
  };
  const onFocusIn = ({ target }: FocusEvent): void => {
    const row = target instanceof Element ? target.closest<HTMLElement>('[data-row], thead tr') : null;
    if (!row || !(target instanceof Element)) return;
    const next = { row: row.dataset['row'], column: offsetIn(target).column };
    if (next.row === place?.row && next.column === place?.column) return;
    setPlace(next);
    const entered = columns[next.column];
    if (next.row !== undefined && entered && !entered.names) onColumn?.(entered.key);
  };
  const onCopy = (event: ClipboardEvent): void => {
    if (!document.getSelection()?.isCollapsed) return;
    event.clipboardData?.setData('text/plain', copied());
    event.preventDefault();
  };

  const { from, to } = inSight(keys.length, sight.rowHeight, sight.top, sight.height);
  const far = reachable === undefined ? undefined : at.get(reachable);
  const drawn = shown.slice(from, to).map((row, index) => ({ row, index: from + index }));
  const away = far === undefined ? undefined : shown[far];
  if (far !== undefined && away !== undefined && (far < from || far >= to)) drawn.push({ row: away, index: far });
  const marked = (key: string): boolean => (marks.size > 0 ? marks.has(key) : key === selected);
  return (
    <div
      ref={scroller}
      class={`scroller table-scroller grid-scroller ${sight.sideways ? 'sideways' : ''}`}
      onScroll={measure}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onDblClick={onDblClick}
      onFocusIn={onFocusIn}
      onCopy={onCopy}
    >
      <table
        class={tall ? 'table grid tall' : 'table grid'}
        role="grid"
        aria-label={label}
        aria-rowcount={keys.length + 1}
        aria-colcount={columns.length}
        aria-multiselectable="true"
        style={{ '--grid-columns': template }}
      >
        <HeadRow grid={grid} focused={inHead ? place.column : undefined} reachable={keys.length === 0 ? 0 : undefined} />
        <tbody role="rowgroup" style={{ height: `${keys.length * sight.rowHeight}px` }}>
          {drawn.map(({ row, index }) => {
            const key = keys[index] ?? '';
            return (
              <Row
                key={key}
                id={key}
                row={row}
                index={index}
                top={index * sight.rowHeight}
                columns={columns}
                class={rowClass?.(row) ?? ''}
                selected={marked(key)}
                focused={!inHead && key === reachable ? column : undefined}
              />
            );
          })}
        </tbody>
      </table>
      {keys.length === 0 && rows.length > 0 ? (
        <p class="empty grid-empty">{l10n.t('No row has "{0}" in it.', look.filter)}</p>
      ) : null}
    </div>
  );
}

const none: ReadonlySet<string> = new Set();
