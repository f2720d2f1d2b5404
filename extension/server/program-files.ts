// SPDX-License-Identifier: MIT
//
// The files that a process runs: its executable, then its libraries.  Each is opened, so that it is that very file whatever has its name
// by now, or whatever has it here if the process is in a container.
//
// The executable comes by /proc/PID/exe, which is the file itself even if it was replaced since; a library comes by its name in the
// process's own root, out of which no symbolic link leads, and is not the one that is mapped if its inode is another.

import { closeSync, constants, existsSync, fstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import { constants as system } from 'node:os';
import * as path from 'node:path';
import type { Addon } from './addon';
import { debugInformation } from './elf';
import { linesAtOnce, most } from './foreign-files';

export interface ProgramFile {
  pid: number;
  /** As the process sees it. */
  path: string;
  /** The same for the same bytes. */
  identity: string;
  descriptor: number;
}

export type Found =
  | ({ kind: 'file' } & ProgramFile)
  /** An executable without debug information. */
  | { kind: 'bare'; path: string }
  /** Nothing to tell of: a library without debug information. */
  | { kind: 'without' }
  /** It may not be read; or it is another one by now. */
  | { kind: 'denied' | 'replaced'; pid: number; path: string };

/** So many are asked for their libraries; asking holds a process up a little. */
const mostProcesses = 32;
/** Of one process. */
const mostLibraries = 512;
const deleted = ' (deleted)';

/** Each different file of the processes that has debug information, executables first.  It is open until the next one is asked for. */
export function* programFiles(pids: readonly number[], addon: Addon): Generator<Found, void> {
  const seen = new Set<string>();
  const others: number[] = [];
  const different: number[] = [];
  for (const pid of pids) {
    const before = seen.size;
    yield* look(pid, executableOf(pid), () => openFile(`/proc/${pid}/exe`), seen);
    (seen.size > before ? different : others).push(pid);
  }
  // Those that run the same program hardly have other libraries.
  for (const pid of [...different, ...others].slice(0, mostProcesses)) {
    for (const { name, inode } of librariesOf(pid)) yield* look(pid, name, () => openLibrary(addon, pid, name), seen, inode);
  }
}

/** `inode` is what is mapped of a library. */
function* look(
  pid: number,
  name: string,
  open: () => number | undefined,
  seen: Set<string>,
  inode?: string,
): Generator<Found, void> {
  let descriptor: number | undefined;
  try {
    descriptor = open();
    if (descriptor === undefined) {
      yield { kind: 'without' };
      return;
    }
    const { dev, ino, mtimeNs } = fstatSync(descriptor, { bigint: true });
    const identity = `${dev}:${ino}:${mtimeNs}`;
    if (inode !== undefined && inode !== String(ino)) yield { kind: 'replaced', pid, path: name };
    else if (!seen.has(identity)) {
      seen.add(identity);
      if (hasDebugInformation(pid, name, descriptor)) yield { kind: 'file', pid, path: name, identity, descriptor };
      else yield inode === undefined ? { kind: 'bare', path: name } : { kind: 'without' };
    }
  } catch (error) {
    if (isRefusal(error)) yield { kind: 'denied', pid, path: name };
    else if (inode !== undefined) yield { kind: 'replaced', pid, path: name };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function executableOf(pid: number): string {
  try {
    return withoutDeleted(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return `/proc/${pid}/exe`;
  }
}

/** Never waits, as it would for the writer of a pipe that took the place of a library. */
function openFile(name: string): number {
  const descriptor = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new Error(`${name} is not a file`);
}

/** Nothing where it could only be opened as a file of ours: before Linux 5.6, of a process with another root folder. */
function openLibrary(addon: Addon, pid: number, name: string): number | undefined {
  canLookInside ??= looksInside(addon);
  if (canLookInside) return addon.openProgram(pid, name);
  return hasOurRoot(pid) ? openFile(name) : undefined;
}

let canLookInside: boolean | undefined;

/** Linux 5.6, where no sandbox forbids it. */
function looksInside(addon: Addon): boolean {
  try {
    closeSync(addon.openProgram(process.pid, process.execPath));
    return true;
  } catch {
    return false;
  }
}

function hasOurRoot(pid: number): boolean {
  const [own, its] = ['/', `/proc/${pid}/root/`].map((folder) => statSync(folder, { bigint: true }));
  return own?.dev === its?.dev && own?.ino === its?.ino;
}

/** What is mapped to be executed, and is in a file. */
function librariesOf(pid: number): { name: string; inode: string }[] {
  const found = new Map<string, { name: string; inode: string }>();
  try {
    const root = readlinkSync(`/proc/${pid}/root`);
    for (const line of linesAtOnce(`/proc/${pid}/maps`, most.list)) {
      const [, inode, name] = /^\S+ ..x. \S+ \S+ +([1-9]\d*) +(\/.*)$/.exec(line) ?? [];
      if (inode === undefined || name === undefined) continue;
      found.set(inode, { name: withoutDeleted(insideOf(root, asPath(name))), inode });
      if (found.size === mostLibraries) break;
    }
  } catch {
    return [];
  }
  return [...found.values()];
}

/** The kernel's list has names as they are in our root folder, where the process's own is below it (chroot). */
function insideOf(root: string, name: string): string {
  return root !== '/' && name.startsWith(`${root}/`) ? name.slice(root.length) : name;
}

/** The kernel writes a line end in a name so, and all other bytes as they are. */
function asPath(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8').replace(/\\012/g, '\n');
}

function withoutDeleted(name: string): string {
  return name.endsWith(deleted) ? name.slice(0, -deleted.length) : name;
}

function hasDebugInformation(pid: number, name: string, descriptor: number): boolean {
  const { inside, buildId, link } = debugInformation(descriptor);
  if (inside) return true;
  const apart: string[] = [];
  if (buildId !== undefined) apart.push(`/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`);
  const folder = path.dirname(name);
  if (link !== undefined) apart.push(path.join(folder, link), path.join(folder, '.debug', link));
  return apart.some((file) => existsSync(`/proc/${pid}/root${file}`) || existsSync(file));
}

function isRefusal(error: unknown): boolean {
  return isErrno(error, system.errno.EACCES) || isErrno(error, system.errno.EPERM);
}

/** Of Node, or of the addon, which has it positive. */
function isErrno(error: unknown, number: number): boolean {
  return error instanceof Error && 'errno' in error && Math.abs(Number(error.errno)) === number;
}
