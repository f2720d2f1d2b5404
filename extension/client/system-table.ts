// SPDX-License-Identifier: MIT
//
// The census as a table, for a spreadsheet: one line for each object and process that has it.  Its words are in no language, so that
// programs can read it.

import { withoutFormula } from '../protocol/foreign';
import type { Census, SharedObject } from '../protocol/model';

const columns = [
  'kind',
  'name',
  'device',
  'inode',
  'sysv_id',
  'sysv_key',
  'size',
  'allocated',
  'uid',
  'gid',
  'mode',
  'state',
  'reason',
  'pid',
  'command',
  'mapped',
  'writes',
] as const;

type Cell = string | number;

function lines({ objects }: Pick<Census, 'objects'>): Cell[][] {
  return objects.flatMap((object): Cell[][] => {
    const facts = factsOf(object);
    if (object.users.length === 0) return [[...facts, '', '', '', '']];
    return object.users.map(({ pid, command, mapped, writes }) => [...facts, pid, command, mapped, writes ? 'yes' : 'no']);
  });
}

function factsOf(object: SharedObject): Cell[] {
  const { kind, name, device, inode, sysv, size, allocated, known, uid, gid, mode, orphan, reason } = object;
  const known4 = known ? [allocated, uid, gid, (mode & 0o7777).toString(8)] : ['', '', '', ''];
  return [kind, name, device, inode, sysv?.id ?? '', sysv?.key ?? '', size, ...known4, orphan, reason];
}

/** Tabs and line ends in names become spaces.  What is pasted into a spreadsheet is read as what it opens is. */
export function toTsv(census: Pick<Census, 'objects'>): string {
  const row = (cells: readonly Cell[]) => cells.map((cell) => harmless(cell).replace(/[\t\r\n]/g, ' ')).join('\t');
  return [columns, ...lines(census)].map(row).join('\n') + '\n';
}

function harmless(cell: Cell): string {
  return typeof cell === 'number' ? String(cell) : withoutFormula(cell);
}

/** RFC 4180.  A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function toCsv(census: Pick<Census, 'objects'>): string {
  const cellOf = (cell: Cell) => {
    const text = harmless(cell);
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [columns, ...lines(census)].map((cells) => cells.map(cellOf).join(',')).join('\r\n') + '\r\n';
}
