// SPDX-License-Identifier: MIT
//
// Addresses and sizes as text: how they travel, how people read them, and how people type them.

import * as l10n from '@vscode/l10n';
import type { Address } from './model';

export function toAddress(value: bigint): Address {
  return `0x${value.toString(16)}`;
}

export function fromAddress(address: Address): bigint {
  return BigInt(address);
}

/** The address `bytes` after `address`. */
export function plus(address: Address, bytes: number): Address {
  return toAddress(fromAddress(address) + BigInt(bytes));
}

const units = ['', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** 1536 -> "1.5 KiB".  At most two decimals, none where they would be zero. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit > 0) return `${Number(value.toFixed(2))} ${units[unit]}`;
  return bytes === 1 ? l10n.t('1 byte') : l10n.t('{0} bytes', bytes);
}

/** "0660" */
export function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** Every user of the machine may write the object. */
export function isWorldWritable(mode: number): boolean {
  return (mode & 0o002) !== 0;
}

/** 1500 ns -> "1.5 µs". */
export function formatNanoseconds(ns: number): string {
  if (ns < 1e3) return `${ns} ns`;
  if (ns < 1e6) return `${Number((ns / 1e3).toFixed(1))} µs`;
  if (ns < 1e9) return `${Number((ns / 1e6).toFixed(2))} ms`;
  return `${Number((ns / 1e9).toFixed(2))} s`;
}

export type ParsedSize = { kind: 'bytes'; bytes: number } | { kind: 'error'; text: string };

const sizePattern = /^\+?\s*(0x[0-9a-f]+|\d+(?:\.\d+)?)\s*(%|[kmgt](?:i?b)?|b|bytes?)?$/i;

/**
 * A number of bytes as a person types it: "65536", "64K", "2 MiB", "1.5 GiB", "0x10000", "+25%" (of `current`).  K, KB and KiB are
 * all 1024.  The answer is a positive whole number of bytes, or a sentence that says what is wrong.
 */
export function parseSize(text: string, current: number): ParsedSize {
  const error = (why: string): ParsedSize => ({ kind: 'error', text: why });
  const match = sizePattern.exec(text.trim());
  if (!match) return error(l10n.t('Type a size such as 64K, 2 MiB, +25% or 0x10000.'));
  const [, digits = '', suffix = ''] = match;
  const hex = /^0x/i.test(digits);
  if (hex && suffix !== '') return error(l10n.t('A hexadecimal size is in bytes: leave the unit out.'));
  const value = Number(digits);
  const unit = suffix.toLowerCase();
  const factor = unit === '%' ? current / 100 : 1024 ** Math.max(0, 'bkmgt'.indexOf(unit.charAt(0) || 'b'));
  if (unit !== '%' && factor === 1 && !Number.isInteger(value))
    return error(l10n.t('There is no part of a byte: type a whole number of them.'));
  const bytes = Math.ceil(value * factor);
  if (!Number.isSafeInteger(bytes)) return error(l10n.t('This is more than any machine can address.'));
  if (bytes <= 0) return error(l10n.t('The size must be greater than zero.'));
  return { kind: 'bytes', bytes };
}
