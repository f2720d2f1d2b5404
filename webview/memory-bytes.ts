// SPDX-License-Identifier: MIT
//
// Bytes of a segment as they were last seen, and which of them became others while somebody looked.  Pure.

import type { MemoryRange } from '../extension/protocol/model';

export interface Seen {
  /** From the beginning of the data. */
  offset: number;
  bytes: Uint8Array;
  /** By offset, when a byte was first seen to be another: the clock of `seenAgain`. */
  changed: ReadonlyMap<number, number>;
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Undefined where nothing was read. */
export function byteAt(seen: Pick<Seen, 'offset' | 'bytes'> | undefined, offset: number): number | undefined {
  return seen?.bytes[offset - seen.offset];
}

/** `range` read at `at`: what differs from the look before has changed in between. */
export function seenAgain(before: Seen | undefined, range: MemoryRange, at: number): Seen {
  const bytes = fromBase64(range.bytes);
  const changed = new Map<number, number>();
  for (const [offset, since] of before?.changed ?? []) if (ageStep(at - since) !== undefined) changed.set(offset, since);
  for (let index = 0; index < bytes.length; index += 1) {
    const old = byteAt(before, range.offset + index);
    if (old !== undefined && old !== bytes[index]) changed.set(range.offset + index, at);
  }
  return { offset: range.offset, bytes, changed };
}

/** In milliseconds, where one step of fading ends. */
const steps = [1_000, 5_000, 30_000] as const;

/** 0 for what just changed; undefined for what is old. */
export function ageStep(ageMs: number): 0 | 1 | 2 | undefined {
  const step = steps.findIndex((end) => ageMs < end);
  return step === -1 ? undefined : (step as 0 | 1 | 2);
}

/** When the next byte fades by a step, from `now` on; undefined if none will. */
export function nextFading(changed: ReadonlyMap<unknown, number>, now: number): number | undefined {
  let next: number | undefined;
  for (const since of new Set(changed.values())) {
    const end = steps.find((step) => now - since < step);
    if (end !== undefined) next = Math.min(next ?? Infinity, since + end - now);
  }
  return next;
}
