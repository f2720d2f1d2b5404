// SPDX-License-Identifier: MIT
//
// Where the debug information of a program is: in it, or in a file apart, which the program names by its build id or by a name and a checksum.  gdb would look for
// that by itself, in our own folders; a program of a container has it in its own, and what it names is no business of ours.  So it is looked up here, by the
// process's own names, and gdb is given one file.

import * as path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { structures } from './budgets';
import { debugInformation, type DebugInformation, type Read } from './elf';

const piece = 1 << 20;

/** A file that is open. */
export interface OpenFile {
  read: Read;
  close(): void;
}

/** Opens a file by the name that the process has for it; undefined if it has none, or if that cannot be had. */
export type Open<F extends OpenFile> = (name: string) => F | undefined;

/**
 * The file that has the debug information of `program`: that one itself, or another, which the caller closes.  Undefined: nobody has it, or it takes until
 * `deadline`, of performance.now(), to know.
 */
export async function withDebugInformation<F extends OpenFile>(
  program: F,
  name: string,
  open: Open<F>,
  deadline: number,
): Promise<F | undefined> {
  const known = debugInformation(program.read);
  if (known.inside) return program;
  for (const candidate of namesApart(name, known)) {
    const file = open(candidate);
    if (file === undefined) continue;
    let belonging = false;
    try {
      belonging = await belongs(file.read, known, deadline);
      if (belonging) return file;
    } finally {
      if (!belonging) file.close();
    }
  }
  return undefined;
}

function namesApart(name: string, { buildId, link }: DebugInformation): string[] {
  const folder = path.dirname(name);
  return [
    ...(buildId === undefined ? [] : [`/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`]),
    ...(link === undefined
      ? []
      : [path.join(folder, link.name), path.join(folder, '.debug', link.name), path.join('/usr/lib/debug', folder, link.name)]),
  ];
}

/** As gdb has it: by the build id where both have one, else by the checksum of the whole. */
async function belongs(read: Read, { buildId, link }: DebugInformation, deadline: number): Promise<boolean> {
  const found = debugInformation(read);
  if (!found.inside) return false;
  if (buildId !== undefined && found.buildId !== undefined) return buildId === found.buildId;
  return link !== undefined && (await checksumOf(read, deadline)) === link.checksum;
}

/** Undefined if it is longer than anybody wants to wait for.  In between the server does what else there is. */
async function checksumOf(read: Read, deadline: number): Promise<number | undefined> {
  let sum = 0;
  for (let at = 0; at < structures.checkedBytes && performance.now() < deadline;) {
    const bytes = read(at, piece);
    if (bytes.length === 0) return sum;
    sum = crc32(bytes, sum);
    at += bytes.length;
    await setImmediate();
  }
  return undefined;
}
