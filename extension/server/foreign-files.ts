// SPDX-License-Identifier: MIT
//
// Reading what other processes say of themselves, in /proc: never more than was said beforehand, whatever they make of it.  A command line may be
// gigabytes of memory that its process never touched, and so may each of the other files be longer than anybody wants to wait for.
//
// Nothing else in the server reads files of others: a lint rule sees to it.

import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Bytes. */
export const most = {
  /** What is shown in a line. */
  line: 4 << 10,
  /** Files that the kernel writes, and which tell of one thing. */
  facts: 64 << 10,
  /** Lists with an entry for each mapping, of which a process may have a million. */
  list: 64 << 20,
} as const;

const piece = 64 << 10;

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

/** The lines of a file, one after the other: no list of them is made.  Fails if it cannot be read, or is longer than `limit`. */
export async function* linesOf(file: string, limit: number): AsyncGenerator<string, void> {
  let rest = '';
  let length = 0;
  for await (const chunk of pieces(file, limit + 1)) {
    length += chunk.length;
    if (length > limit) throw Object.assign(new Error(`${file} is longer than ${limit} bytes`), { code: 'EFBIG' });
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
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

/** The same lines, for who cannot wait; those past the limit are left out. */
export function* linesAtOnce(file: string, limit: number): Generator<string, void> {
  const descriptor = openSync(file, 'r');
  try {
    let rest = '';
    const buffer = Buffer.allocUnsafe(piece);
    for (let left = limit; left > 0;) {
      const bytes = readSync(descriptor, buffer, 0, Math.min(piece, left), null);
      if (bytes === 0) break;
      left -= bytes;
      const lines = (rest + buffer.toString('latin1', 0, bytes)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(descriptor);
  }
}
