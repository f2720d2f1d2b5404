// SPDX-License-Identifier: MIT
//
// Finding bytes: what a person types as a pattern, and the walk through the segment in pieces that the server looks at.  Pure but for
// the questions that it is given.

import * as l10n from '@vscode/l10n';
import type { QuestionParams, QuestionResult } from '../extension/protocol/view';
import { fromBase64, toBase64 } from './memory-bytes';

export const patternKinds = ['text', 'hex', 'int16', 'int32', 'int64', 'float', 'double'] as const;
export type PatternKind = (typeof patternKinds)[number];

/** The bytes to find; undefined: any byte. */
export type Pattern = readonly (number | undefined)[];
export type ParsedPattern = { kind: 'pattern'; pattern: Pattern } | { kind: 'error'; text: string };

const integerSize = { int16: 2, int32: 4, int64: 8 } as const;

export function parsePattern(kind: PatternKind, text: string): ParsedPattern {
  const error = (why: string): ParsedPattern => ({ kind: 'error', text: why });
  if (text === '') return error(l10n.t('Type what to find.'));
  if (kind === 'text') return { kind: 'pattern', pattern: [...new TextEncoder().encode(text)] };
  if (kind === 'hex') {
    const digits = text.replace(/0x|[\s,]/gi, '');
    const pairs = digits.match(/[0-9a-f]{2}|\?\?/gi) ?? [];
    if (pairs.join('').length !== digits.length || pairs.length === 0)
      return error(l10n.t('Type bytes in pairs of digits, ?? for any: de ad ?? ef.'));
    const pattern = pairs.map((pair) => (pair === '??' ? undefined : Number.parseInt(pair, 16)));
    if (pattern.every((byte) => byte === undefined)) return error(l10n.t('At least one byte must be known.'));
    return { kind: 'pattern', pattern };
  }
  const bytes = new Uint8Array(kind === 'float' ? 4 : kind === 'double' ? 8 : integerSize[kind]);
  const view = new DataView(bytes.buffer);
  if (kind === 'float' || kind === 'double') {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) return error(l10n.t('Type a number such as 3.25.'));
    if (kind === 'float') view.setFloat32(0, value, true);
    else view.setFloat64(0, value, true);
    return { kind: 'pattern', pattern: [...bytes] };
  }
  const [, minus, digits] = /^\s*(-?)\s*(0x[0-9a-f]+|\d+)\s*$/i.exec(text) ?? [];
  if (digits === undefined) return error(l10n.t('Type a whole number such as 42, -1 or 0x2a.'));
  const value = minus === '-' ? -BigInt(digits) : BigInt(digits);
  const bits = bytes.length * 8;
  if (value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits - 1)))
    return error(l10n.t('That does not fit into {0} bits.', bits));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number((value >> BigInt(8 * at)) & 0xffn);
  return { kind: 'pattern', pattern: [...bytes] };
}

/** The longest run of known bytes, which the server looks for, and where in the pattern it is. */
export function anchorOf(pattern: Pattern): { at: number; bytes: Uint8Array } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < pattern.length;) {
    let end = at;
    while (end < pattern.length && pattern[end] !== undefined) end += 1;
    if (end - at > best.length) best = { at, length: end - at };
    at = end + 1;
  }
  const known = pattern.slice(best.at, best.at + best.length) as number[];
  return { at: best.at, bytes: Uint8Array.from(known) };
}

export interface SearchOptions {
  pattern: Pattern;
  /** The caret: forwards it is looked for after it, backwards before it. */
  from: number;
  backwards: boolean;
  extent: { first: number; end: number };
  search: (params: QuestionParams<'peermap/search'>) => Promise<QuestionResult<'peermap/search'>>;
  read: (params: QuestionParams<'peermap/read'>) => Promise<QuestionResult<'peermap/read'>>;
  /** From 0 to 1, after each piece. */
  progress: (share: number) => void;
  cancelled: () => boolean;
}

export type Found = { kind: 'found'; offset: number; wrapped: boolean } | { kind: 'none' } | { kind: 'cancelled' };

/** Looks from the caret to the end, and goes on at the other end: each byte is looked at once. */
export async function find(options: SearchOptions): Promise<Found> {
  const { pattern, from, backwards, extent } = options;
  const { at: anchored, bytes } = anchorOf(pattern);
  const anchor = toBase64(bytes);
  const total = Math.max(1, extent.end - extent.first);
  let looked = 0;
  for (const wrapped of [false, true]) {
    // Of the anchor; the pattern begins `anchored` before it.
    let at = anchored + (wrapped ? (backwards ? extent.end : extent.first) : backwards ? from : from + 1);
    for (;;) {
      if (options.cancelled()) return { kind: 'cancelled' };
      const piece = await options.search({ from: at, pattern: anchor, ...(backwards ? { backwards } : {}) });
      const { found } = piece;
      const reached = found ?? piece.until;
      looked += Math.abs(reached - at);
      options.progress(Math.min(1, looked / total));
      const candidate = found === undefined ? undefined : found - anchored;
      // The second time around it ends where it began.
      const past = wrapped && (backwards ? reached < from : reached - anchored > from);
      if (candidate !== undefined && !past && candidate >= extent.first && (await matches(options, candidate)))
        return { kind: 'found', offset: candidate, wrapped };
      if (past || (found === undefined && (piece.end || reached === at))) break;
      at = found === undefined ? reached : backwards ? found : found + 1;
    }
  }
  return { kind: 'none' };
}

async function matches({ pattern, read }: SearchOptions, offset: number): Promise<boolean> {
  if (!pattern.includes(undefined)) return true;
  const bytes = fromBase64((await read({ offset, length: pattern.length })).bytes);
  return bytes.length === pattern.length && pattern.every((byte, at) => byte === undefined || byte === bytes[at]);
}
