// SPDX-License-Identifier: MIT
//
// The bytes: an ARIA grid of which the rows in sight are drawn, with a caret.  The focus stays on the grid, which says by
// aria-activedescendant which byte is meant; so it survives that rows come and go.

import * as l10n from '@vscode/l10n';
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Header } from '../extension/protocol/model';
import { useActions } from './context';
import { pure } from './hooks';
import { ageStep, byteAt } from './memory-bytes';
import { differsFrom, type Kept } from './memory-compare';
import { caretAfter, contentHeight, rowAt, rowCount, rowHeight, startOf, topOf } from './memory-rows';
import { visibleRows, type Memory } from './memory-session';
import { ageText, character, hexByte } from './memory-values';

interface Props {
  memory: Memory;
  header: Header;
  /** The first column: an offset as the person wishes to read it. */
  label: (offset: number) => string;
  /** What else there is to say of a byte, to point at. */
  lines: (offset: number) => string[];
  /** Keys that are not the caret's; true if it was one. */
  onKey: (event: KeyboardEvent) => boolean;
  focus: { current: (() => void) | undefined };
}

export function MemoryGrid({ memory, header, label, lines, onKey, focus }: Props): JSX.Element {
  const { tip } = useActions();
  const scroller = useRef<HTMLDivElement>(null);
  const { extent, top, caret, range, reading, kept } = memory;
  const rows = rowCount(extent);
  focus.current = () => scroller.current?.focus();

  // The scroll bar follows the row.  Where a pixel is many rows, what it then reports is near to the row and not it: that is no wish of
  // the person.
  const placed = useRef({ row: -1, top: 0 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || placed.current.row === top) return;
    element.scrollTop = topOf(rows, visibleRows, top);
    placed.current = { row: top, top: element.scrollTop };
  });
  const onScroll = ({ currentTarget }: Event): void => {
    const at = (currentTarget as Element).scrollTop;
    if (Math.abs(at - placed.current.top) < 1) return;
    const row = rowAt(rows, visibleRows, at);
    placed.current = { row, top: at };
    memory.scrollTo(row);
  };
  // A pixel of a capped scroll bar is many rows: the wheel moves by rows itself.
  const onWheel = (event: WheelEvent): void => {
    if (rows * rowHeight === contentHeight(rows) || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    memory.scrollTo(top + Math.sign(event.deltaY) * Math.max(1, Math.round(Math.abs(event.deltaY) / rowHeight)));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const pressed = { key: event.key, ctrlKey: event.ctrlKey || event.metaKey };
    const after = (from: number): number | undefined => caretAfter(pressed, from, extent, visibleRows);
    if (!event.altKey && after(caret) !== undefined) memory.place((from) => after(from) ?? from, event.shiftKey);
    else if (!onKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const byteOf = ({ target }: Event): number | undefined => {
    const text = target instanceof Element ? target.closest<HTMLElement>('[data-byte]')?.dataset['byte'] : undefined;
    return text === undefined ? undefined : Number(text);
  };
  const onPointerDown = (event: PointerEvent): void => {
    const offset = byteOf(event);
    if (offset !== undefined && event.button === 0) memory.place(offset, event.shiftKey);
  };
  const onPointerOver = (event: PointerEvent): void => {
    const offset = byteOf(event);
    if (offset === undefined) {
      tip(undefined);
      return;
    }
    if (event.buttons === 1) memory.place(offset, true);
    else tip({ x: event.clientX, y: event.clientY, lines: lines(offset) });
  };

  const shown = Array.from({ length: Math.min(visibleRows, rows - top) }, (_, at) => top + at);
  const caretShown = caret >= startOf(extent, top) && caret < startOf(extent, top + visibleRows);
  return (
    <div
      ref={scroller}
      class="scroller hex"
      role="grid"
      tabIndex={0}
      aria-label={l10n.t('Memory: {0} bytes a row', extent.perRow)}
      aria-rowcount={rows}
      aria-colcount={extent.perRow + 2}
      aria-multiselectable="true"
      aria-activedescendant={caretShown ? `byte-${caret}` : undefined}
      onScroll={onScroll}
      onWheel={onWheel}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerOver={onPointerOver}
      onPointerLeave={() => tip(undefined)}
    >
      <Sizer height={contentHeight(rows)}>
        {shown.map((row) => {
          const start = startOf(extent, row);
          const bytes: string[] = [];
          const marks: string[] = [];
          for (let offset = start; offset < Math.min(start + extent.perRow, extent.end); offset += 1) {
            const byte = byteAt(reading.seen, offset);
            bytes.push(byte === undefined ? '··' : hexByte(byte));
            marks.push(markOf(offset, byte, memory, kept, range));
          }
          return (
            <HexRow
              key={row}
              index={row}
              start={start}
              label={label(start)}
              bytes={bytes.join(' ')}
              marks={marks.join('')}
              caret={caret >= start && caret < start + extent.perRow ? caret - start : -1}
              place={start < 0 ? 'header' : start >= header.active ? 'ahead' : 'active'}
              perRow={extent.perRow}
              age={ageOf(memory, caret)}
            />
          );
        })}
      </Sizer>
    </div>
  );
}

/** Gives the scroll bar its length, and keeps the rows in sight. */
function Sizer({ height, children }: { height: number; children: ComponentChildren }): JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => ref.current?.style.setProperty('height', `${height}px`), [height]);
  return (
    <div ref={ref} role="presentation">
      <div class="hex-rows" role="rowgroup">
        {children}
      </div>
    </div>
  );
}

function ageOf({ reading }: Memory, offset: number): string {
  const since = reading.seen?.changed.get(offset);
  return since === undefined ? '' : ageText(reading.now - since);
}

/** One character of a row's `marks`: what is drawn again only if it differs. */
const bits = { age: 3, selected: 4, differs: 8 };

function markOf(
  offset: number,
  byte: number | undefined,
  { reading }: Memory,
  kept: Kept | undefined,
  range: Memory['range'],
): string {
  const since = reading.seen?.changed.get(offset);
  const step = since === undefined ? undefined : ageStep(reading.now - since);
  const selected = range && offset >= range.offset && offset < range.offset + range.length;
  const differs = byte !== undefined && differsFrom(kept, offset, byte);
  const mark = (step === undefined ? 0 : step + 1) + (selected ? bits.selected : 0) + (differs ? bits.differs : 0);
  return mark.toString(16);
}

interface RowProps {
  index: number;
  start: number;
  label: string;
  bytes: string;
  marks: string;
  /** Which byte has the caret; -1: none. */
  caret: number;
  place: 'header' | 'active' | 'ahead';
  perRow: number;
  age: string;
}

const HexRow = pure<RowProps>(({ index, start, label, bytes, marks, caret, place, perRow, age }) => {
  const all = bytes.split(' ');
  const text = all.map((byte) => (byte === '··' ? ' ' : character(Number.parseInt(byte, 16)))).join('');
  const cells = all.map((byte, at) => {
    const mark = Number.parseInt(marks[at] ?? '0', 16);
    const step = mark & bits.age;
    const looks = [
      step > 0 ? `age-${step - 1}` : '',
      mark & bits.selected ? 'chosen' : '',
      mark & bits.differs ? 'differs' : '',
      at === caret ? 'caret' : '',
    ];
    return {
      byte,
      offset: start + at,
      selected: (mark & bits.selected) !== 0,
      class: looks.filter(Boolean).join(' ') || undefined,
    };
  });
  return (
    <div class={`hex-row ${place}`} role="row" aria-rowindex={index + 1} aria-label={`${label}: ${bytes}. ${text}`}>
      <span class="hex-offset" role="rowheader">
        {label}
      </span>
      {cells.map(({ byte, offset, selected, class: looks }, at) => (
        <span
          key={at}
          id={`byte-${offset}`}
          class={looks === undefined ? 'hex-byte' : `hex-byte ${looks}`}
          role="gridcell"
          data-byte={offset}
          aria-selected={selected}
          aria-label={at === caret ? [byte, text[at], label, age].filter(Boolean).join(', ') : undefined}
        >
          {byte}
        </span>
      ))}
      {Array.from({ length: perRow - cells.length }, (_, at) => (
        <span key={`none-${at}`} class="hex-byte" role="gridcell" />
      ))}
      <span class="hex-text" role="gridcell" aria-label={text}>
        {cells.map(({ offset, class: looks }, at) => (
          <span key={at} class={looks} data-byte={offset} aria-hidden="true">
            {text[at]}
          </span>
        ))}
      </span>
    </div>
  );
});
