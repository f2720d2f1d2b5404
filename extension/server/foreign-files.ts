// SPDX-License-Identifier: MIT
//
// Reading what other processes say of themselves, in /proc: never more than was said beforehand, whatever they make of it.  A command line may be
// gigabytes of memory that its process never touched, and so may each of the other files be longer than anybody wants to wait for.
//
// Some of them the kernel gives only under a lock that a process may hold for ever.  Those come by the addon, whose threads can be left behind; the threads by which
// Node reads files are four, and whoever is stuck in one takes it from all others.
//
// Nothing else in the server reads such a file as a whole: a lint rule sees to it.

import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Addon } from './addon';

/** Bytes. */
export const most = {
  /** What is shown in a line. */
  line: 4 << 10,
  /** Files that the kernel writes, and which tell of one thing. */
  facts: 64 << 10,
  /** /proc/PID/status: a process may have 65536 groups, of eleven bytes each, and what is asked for comes after them. */
  status: 1 << 20,
  /** Lists with a line for each mapping, of which a process may have a million. */
  list: 128 << 20,
} as const;

const piece = 64 << 10;
/** Longer ones, which only names can make, are left out. */
const longestLine = 64 << 10;

/** Cuts what comes in pieces into lines. */
class Lines {
  private rest = '';
  private tooLong = false;

  *add(piece: string): Generator<string, void> {
    let from = 0;
    for (let end; (end = piece.indexOf('\n', from)) >= 0; from = end + 1) {
      const line = this.rest + piece.slice(from, end);
      if (!this.tooLong && line.length <= longestLine) yield line;
      this.rest = '';
      this.tooLong = false;
    }
    if (!this.tooLong) this.rest += piece.slice(from);
    this.tooLong ||= this.rest.length > longestLine;
    if (this.tooLong) this.rest = '';
  }

  *end(): Generator<string, void> {
    if (this.rest !== '') yield this.rest;
  }
}

/** The beginning of a file; empty if there is none, or if it may not be read. */
export async function beginningOf(file: string, limit: number): Promise<string> {
  try {
    let text = '';
    for await (const chunk of pieces(file, limit)) text += chunk.toString('latin1');
    return Buffer.from(text, 'latin1').toString('utf8');
  } catch {
    return '';
  }
}

/** The files of a process that are of its memory. */
export type MemoryFile = Parameters<Addon['processFileAsync']>[1];
export type MemoryReader = Pick<Addon, 'processFileAsync'>;

/** Up to `limit` bytes.  Fails with the system's `code`, which isHeldUp() may know. */
export async function memoryFile(
  addon: MemoryReader,
  pid: number,
  file: MemoryFile,
  bounds: { limit: number; withinMs: number; from?: number },
): Promise<Buffer> {
  try {
    return await addon.processFileAsync(pid, file, bounds);
  } catch (error) {
    throw Object.assign(error as Error, { code: codeOf((error as NodeJS.ErrnoException).errno) });
  }
}

/** The lines of one.  Fails likewise, and if it is longer than `limit`. */
export async function* memoryLines(
  addon: MemoryReader,
  pid: number,
  file: MemoryFile,
  bounds: { limit: number; withinMs: number },
): AsyncGenerator<string, void> {
  const bytes = await memoryFile(addon, pid, file, { ...bounds, limit: bounds.limit + 1 });
  if (bytes.length > bounds.limit) throw longer(`/proc/${pid}/${file}`, bounds.limit);
  const lines = new Lines();
  for (let at = 0; at < bytes.length; at += piece) yield* lines.add(bytes.toString('latin1', at, at + piece));
  yield* lines.end();
}

/** The process did not let it be read in time: it is stuck in the kernel, or too many others are. */
export function isHeldUp(error: unknown): boolean {
  return ['EBUSY', 'EAGAIN', 'ETIME'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function codeOf(number: number | undefined): string {
  return Object.entries(constants.errno).find(([, each]) => each === number)?.[0] ?? 'EIO';
}

function longer(file: string, limit: number): Error {
  return Object.assign(new Error(`${file} is longer than ${limit} bytes`), { code: 'EFBIG' });
}

/** The lines of a file, one after the other: no list of them is made.  Fails if it cannot be read, or is longer than `limit`. */
export async function* linesOf(file: string, limit: number): AsyncGenerator<string, void> {
  const lines = new Lines();
  let length = 0;
  for await (const chunk of pieces(file, limit + 1)) {
    length += chunk.length;
    if (length > limit) throw longer(file, limit);
    yield* lines.add(chunk.toString('latin1'));
  }
  yield* lines.end();
}

/** Of a file with lines "name: value", the values of those names; none of a line that is too long, nor of a file that cannot be read. */
export async function fieldsOf<N extends string>(
  file: string,
  names: readonly N[],
  limit: number,
): Promise<Partial<Record<N, string>>> {
  const found: Partial<Record<N, string>> = {};
  try {
    for await (const line of linesOf(file, limit)) {
      const name = names.find((each) => line.startsWith(`${each}:`));
      if (name !== undefined) found[name] ??= line.slice(name.length + 1).trim();
    }
  } catch {
    // What was read before.
  }
  return found;
}

async function* pieces(file: string, limit: number): AsyncGenerator<Buffer, void> {
  const handle = await open(file, 'r');
  try {
    for (let left = limit; left > 0;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(piece, left)));
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
