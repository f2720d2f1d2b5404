// SPDX-License-Identifier: MIT
//
// What bytes may mean: numbers of every size in both orders, and a pointer.  Pure.

import * as l10n from '@vscode/l10n';

export interface Meaning {
  name: string;
  size: number;
  little: string;
  big: string;
}

/** The numbers that begin with the first of `bytes`, as far as there are enough of them. */
export function meaningsOf(bytes: Uint8Array): Meaning[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kinds: [string, number, (order: boolean) => bigint | number][] = [
    ['int8', 1, () => view.getInt8(0)],
    ['uint8', 1, () => view.getUint8(0)],
    ['int16', 2, (order) => view.getInt16(0, order)],
    ['uint16', 2, (order) => view.getUint16(0, order)],
    ['int32', 4, (order) => view.getInt32(0, order)],
    ['uint32', 4, (order) => view.getUint32(0, order)],
    ['int64', 8, (order) => view.getBigInt64(0, order)],
    ['uint64', 8, (order) => view.getBigUint64(0, order)],
    ['float', 4, (order) => view.getFloat32(0, order)],
    ['double', 8, (order) => view.getFloat64(0, order)],
  ];
  return kinds
    .filter(([, size]) => size <= bytes.length)
    .map(([name, size, read]) => ({ name, size, little: numberText(read(true), name), big: numberText(read(false), name) }));
}

function numberText(value: number | bigint, name: string): string {
  if (typeof value === 'bigint' || Number.isInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  // A float has no more than nine digits that mean something.
  return name === 'float' ? String(Number(value.toPrecision(9))) : String(value);
}

/** Eight bytes as the machine reads an address; undefined if there are not eight. */
export function pointerIn(bytes: Uint8Array): bigint | undefined {
  return bytes.length < 8 ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}

export function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

export function hexBytes(bytes: Uint8Array): string {
  return [...bytes].map(hexByte).join(' ');
}

/** What is no printable ASCII is a dot. */
export function character(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}

export function hexOffset(offset: number): string {
  return `${offset < 0 ? '-' : ''}0x${Math.abs(offset).toString(16)}`;
}

/** "changed 3 s ago" */
export function ageText(ageMs: number): string {
  return ageMs < 1000 ? l10n.t('changed just now') : l10n.t('changed {0} s ago', Math.floor(ageMs / 1000));
}
