// SPDX-License-Identifier: MIT
//
// The bytes of a segment, read from the object by range: copies, never a mapping that the other side could cut short.
//
// Offsets count from the beginning of the data; the header is before it, at negative ones.

import type { Observer } from '../../native/addon/index';
import type { MemoryRange } from '../protocol/model';
import type { Requests } from '../protocol/requests';
import { base64, integer } from './parameters';

const mostAtOnce = 1 << 20;
const mostPattern = 1 << 10;
/** A search looks at no more than this before it answers, so that it can be given up. */
const mostSearched = 64 << 20;

type Look = <T>(look: (observer: Observer) => T) => T;
type Found = Requests['peermap/search']['result'];

export function readMemory(look: Look, params: { offset: unknown; length: unknown }): MemoryRange {
  const offset = integer(params.offset, 'offset', -Number.MAX_SAFE_INTEGER);
  const length = integer(params.length, 'length', 0, mostAtOnce);
  const bytes = look((observer) => observer.read(offset, length));
  return { offset, bytes: bytes.toString('base64'), takenAtMs: Date.now() };
}

export function searchMemory(look: Look, params: { from: unknown; pattern: unknown; backwards?: unknown }): Promise<Found> {
  const from = integer(params.from, 'from', -Number.MAX_SAFE_INTEGER);
  const pattern = base64(params.pattern, 'pattern', mostPattern);
  const read = (offset: number, length: number) => look((observer) => observer.read(offset, length));
  return params.backwards === true ? before(read, from, pattern) : after(read, from, pattern);
}

type Read = (offset: number, length: number) => Buffer;

/** The first place at or after `from`.  Pieces overlap by what a pattern across their border needs. */
async function after(read: Read, from: number, pattern: Buffer): Promise<Found> {
  let at = from;
  while (at - from < mostSearched) {
    const bytes = read(at, mostAtOnce);
    const found = bytes.indexOf(pattern);
    if (found >= 0) return { found: at + found, until: at + found + pattern.length, end: false };
    if (bytes.length < mostAtOnce) return { until: at + bytes.length, end: true };
    at += bytes.length - (pattern.length - 1);
    await breath();
  }
  return { until: at, end: false };
}

/** The last place that begins before `from`, in the data. */
async function before(read: Read, from: number, pattern: Buffer): Promise<Found> {
  let until = Math.max(0, from);
  while (until > 0 && from - until < mostSearched) {
    const begin = Math.max(0, until - mostAtOnce);
    const bytes = read(begin, until - begin + pattern.length - 1);
    const found = bytes.lastIndexOf(pattern);
    if (found >= 0) return { found: begin + found, until: begin + found, end: false };
    until = begin;
    await breath();
  }
  return { until, end: until === 0 };
}

/** Others' requests come in between. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
