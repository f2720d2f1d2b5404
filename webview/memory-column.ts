// SPDX-License-Identifier: MIT
//
// What the first column of the hex view counts from: the data, the object, or the addresses of a process.  Pure.

import * as l10n from '@vscode/l10n';
import type { Header, Snapshot } from '../extension/protocol/model';
import { addressAt, basesOf, namesText } from './memory-places';
import { hexOffset } from './memory-values';

export interface MemoryColumn {
  /** Kept in the view: "data", "object", or the base address of whoever has the data there. */
  key: string;
  title: string;
  label: (offset: number) => string;
}

export function columnsOf(snapshot: Snapshot, header: Header): [MemoryColumn, ...MemoryColumn[]] {
  const digits = Math.max(8, (header.reserved - 1).toString(16).length);
  const padded = (offset: number): string => `${offset < 0 ? '-' : ''}${Math.abs(offset).toString(16).padStart(digits, '0')}`;
  return [
    { key: 'data', title: l10n.t('Offset in the data'), label: padded },
    { key: 'object', title: l10n.t('Offset in the object'), label: (offset) => padded(offset + header.headerLength) },
    ...basesOf(snapshot, header).map(({ base, names }) => ({
      key: base,
      title: l10n.t('Address in {0}', namesText(names)),
      label: (offset: number): string => addressAt(base, offset),
    })),
  ];
}

/** All the names of one place. */
export function placeLines(offset: number, snapshot: Snapshot, header: Header): { name: string; value: string }[] {
  return [
    { name: l10n.t('Offset in the data'), value: `${hexOffset(offset)} · ${offset.toLocaleString('en-US')}` },
    { name: l10n.t('Offset in the object'), value: hexOffset(offset + header.headerLength) },
    ...basesOf(snapshot, header).map(({ base, names }) => ({
      name: l10n.t('Address in {0}', namesText(names)),
      value: addressAt(base, offset),
    })),
  ];
}
