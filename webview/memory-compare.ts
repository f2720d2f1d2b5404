// SPDX-License-Identifier: MIT
//
// Two moments of the same bytes: a copy that was kept, and what is there now.  Pure.

import type { ByteRange } from '../extension/protocol/view';

/** More is not kept: it would be read again for every comparison. */
export const mostKept = 1024 * 1024;

export interface Kept {
  offset: number;
  bytes: Uint8Array;
  atMs: number;
}

/** Runs of bytes that differ.  Equal bytes between two that differ, up to seven, are part of one run: half a number changes too. */
export function differencesOf(kept: Kept, now: { offset: number; bytes: Uint8Array }): ByteRange[] {
  const runs: ByteRange[] = [];
  const from = Math.max(kept.offset, now.offset);
  const to = Math.min(kept.offset + kept.bytes.length, now.offset + now.bytes.length);
  for (let at = from; at < to; at += 1) {
    if (kept.bytes[at - kept.offset] === now.bytes[at - now.offset]) continue;
    const last = runs.at(-1);
    if (last && at - (last.offset + last.length) <= 7) last.length = at - last.offset + 1;
    else runs.push({ offset: at, length: 1 });
  }
  return runs;
}

/** The run after (or before) the caret, going round. */
export function neighbour(runs: readonly ByteRange[], caret: number, step: 1 | -1): ByteRange | undefined {
  if (step === 1) return runs.find(({ offset }) => offset > caret) ?? runs[0];
  return runs.findLast(({ offset }) => offset < caret) ?? runs.at(-1);
}

export function countOf(runs: readonly ByteRange[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0);
}

export function differsFrom(kept: Kept | undefined, offset: number, byte: number): boolean {
  const before = kept?.bytes[offset - kept.offset];
  return before !== undefined && before !== byte;
}
