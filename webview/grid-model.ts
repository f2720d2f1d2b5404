// SPDX-License-Identifier: MIT
//
// What every table of the page can do with its rows: sort, filter, cut out the part that is in sight, and turn into text.  Pure; the
// component is in grid.tsx.

import type { ComponentChildren } from 'preact';
import { withoutFormula } from '../extension/protocol/foreign';

export type Value = string | number | undefined;

export interface Column<R> {
  /** Names it in exports and in the saved order: not translated. */
  key: string;
  title: string;
  /** What is in it, in a sentence. */
  hint?: string;
  align?: 'start' | 'end';
  /** In characters, for what is in its cells; a longer title makes it wider. */
  width: number;
  /** Takes a share of the room that is left. */
  grow?: boolean;
  /** Names its row: said with each cell, and in sight however far the table is scrolled sideways.  One of the columns. */
  names?: boolean;
  /** Buttons rather than a value: not sorted, copied or exported. */
  controls?: boolean;
  /** Marked as the selected one. */
  selected?: boolean;
  /** To sort, filter, copy and export by.  Undefined: nothing is known, which comes last in any order. */
  value: (row: R) => Value;
  /** What is drawn; the value as text if there is none.  Buttons in it take `tabIndex`. */
  render?: (row: R, tabIndex: number) => ComponentChildren;
  cellClass?: (row: R) => string;
  cellHint?: (row: R) => string | undefined;
}

/** How the person looking has arranged a table. */
export interface Look {
  filter: string;
  /** Key of a column; undefined: as the rows come. */
  sort?: string | undefined;
  descending: boolean;
}

export const plainLook: Look = { filter: '', descending: false };

/** The header of this column was pressed: up, then down, then as the rows come. */
export function sortedBy(look: Look, key: string): Look {
  if (look.sort !== key) return { ...look, sort: key, descending: false };
  if (!look.descending) return { ...look, descending: true };
  return { ...look, sort: undefined, descending: false };
}

/** The rows that have each word of the filter in one of their cells, in order. */
export function arranged<R>(rows: readonly R[], columns: readonly Column<R>[], look: Look): readonly R[] {
  const words = look.filter.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const has = (row: R): boolean => {
    const text = columns.map(({ value }) => String(value(row) ?? '').toLocaleLowerCase()).join('\n');
    return words.every((word) => text.includes(word));
  };
  const found = words.length === 0 ? rows : rows.filter(has);
  const column = columns.find(({ key }) => key === look.sort);
  if (!column) return found;
  const direction = look.descending ? -1 : 1;
  const keyed = found.map((row) => ({ row, value: column.value(row) }));
  return keyed.sort((a, b) => compare(a.value, b.value, direction)).map(({ row }) => row);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function compare(a: Value, b: Value, direction: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === 'number' && typeof b === 'number') return direction * (a - b);
  return direction * collator.compare(String(a), String(b));
}

/** Which rows are drawn: those in sight and some on either side. */
export function inSight(count: number, rowHeight: number, top: number, height: number): { from: number; to: number } {
  const around = 8;
  const first = Math.floor(top / rowHeight) - around;
  const last = Math.ceil((top + height) / rowHeight) + around;
  const to = Math.min(count, Math.max(last, 0));
  return { from: Math.max(0, Math.min(first, to)), to };
}

/** `grid-template-columns`. */
export function templateOf(columns: readonly Column<never>[]): string {
  return columns
    .map(({ width, grow, title, controls }) => {
      const characters = controls ? width : Math.max(width, title.length + 2);
      const least = `calc(${characters}ch + 20px)`;
      return grow ? `minmax(${least}, 1fr)` : least;
    })
    .join(' ');
}

function told<R>(columns: readonly Column<R>[]): readonly Column<R>[] {
  return columns.filter(({ controls }) => !controls);
}

/** A spreadsheet takes text that begins like this for a formula, and names of processes are whatever somebody chose. */
function harmless(value: Value): string {
  return typeof value === 'string' ? withoutFormula(value) : String(value ?? '');
}

/** To paste into a spreadsheet or a message, under the titles that are seen. */
export function toTsv<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const line = (values: readonly Value[]): string => values.map((one) => harmless(one).replace(/[\t\r\n]+/g, ' ')).join('\t');
  return [
    line(told(columns).map(({ title }) => title)),
    ...rows.map((row) => line(told(columns).map((one) => one.value(row)))),
  ].join('\n');
}

/** RFC 4180, under the columns' keys, which are the same in every language. */
export function toCsv<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const cell = (value: Value): string => {
    const text = harmless(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (values: readonly Value[]): string => `${values.map(cell).join(',')}\r\n`;
  return [line(told(columns).map(({ key }) => key)), ...rows.map((row) => line(told(columns).map((one) => one.value(row))))].join(
    '',
  );
}

export function toJson<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const objects = rows.map((row) => Object.fromEntries(told(columns).map((one) => [one.key, one.value(row) ?? null])));
  return `${JSON.stringify(objects, undefined, 2)}\n`;
}
