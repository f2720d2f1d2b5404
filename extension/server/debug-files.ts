// SPDX-License-Identifier: MIT
//
// Where the debug information of a program is: in it, or in a file apart, which the program names by its build id or by a name and a checksum.  gdb would look for
// that by itself, in our own folders; a program of a container has it in its own, and what it names is no business of ours.  So it is looked up here, by the
// process's own names, and gdb is given one file.

import { closeSync, read } from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { structures } from './budgets';
import { debugInformation, type DebugInformation } from './elf';

const readAt = promisify(read);
const piece = 1 << 20;

/** Opens a file by the name that the process has for it; undefined if it has none, or if that cannot be had. */
export type Open = (name: string) => number | undefined;

/** A descriptor of the file that has the debug information of `program`: that one itself, or another, which the caller closes.  Undefined: nobody has it. */
export async function withDebugInformation(program: number, name: string, open: Open): Promise<number | undefined> {
  const known = debugInformation(program);
  if (known.inside) return program;
  for (const candidate of namesApart(name, known)) {
    const file = open(candidate);
    if (file === undefined) continue;
    if (await belongs(file, known)) return file;
    closeSync(file);
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
async function belongs(file: number, { buildId, link }: DebugInformation): Promise<boolean> {
  const found = debugInformation(file);
  if (!found.inside) return false;
  if (buildId !== undefined && found.buildId !== undefined) return buildId === found.buildId;
  return link !== undefined && (await checksumOf(file)) === link.checksum;
}

/** Undefined if it is longer than anybody wants to wait for. */
async function checksumOf(file: number): Promise<number | undefined> {
  const buffer = Buffer.allocUnsafe(piece);
  let sum = 0;
  for (let at = 0; at < structures.checkedBytes;) {
    const { bytesRead } = await readAt(file, buffer, 0, piece, at);
    if (bytesRead === 0) return sum;
    sum = crc32(buffer.subarray(0, bytesRead), sum);
    at += bytesRead;
  }
  return undefined;
}
