// SPDX-License-Identifier: MIT
//
// The files that a process runs: its executable, then its libraries.  Each is opened, so that it is that very file whatever has its name
// by now, or whatever has it here if the process is in a container.
//
// The executable comes by /proc/PID/exe, which is the file itself even if it was replaced since; a library comes by its name in the
// process's own root, out of which no symbolic link leads, and is not the one that is mapped if its inode is another.  Files with the debug information
// of either come likewise (debug-files.ts).
//
// The file system that any of them is on may cease to answer, and its files may be as many and as long as their owner likes: the addon does not wait for the
// one, and there is an end to the other.

import { closeSync, constants, fstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import { constants as system } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { Addon } from './addon';
import { attempt } from './attempt';
import { looks, structures } from './budgets';
import { withDebugInformation, type OpenFile } from './debug-files';
import { isHeldUp, memoryLines, type MemoryReader } from './foreign-files';

export interface ProgramFile {
  pid: number;
  /** As the process sees it. */
  path: string;
  /** Of the file that has its debug information: it, or one apart. */
  descriptor: number;
  /** Of that file: the same for the same bytes. */
  identity: string;
  /** Of another user, whose the process or the file is, or of a process with another root folder: what else the file names is not to be opened by us. */
  foreign: boolean;
}

export type Found =
  | ({ kind: 'file' } & ProgramFile)
  /** An executable without debug information. */
  | { kind: 'bare'; path: string }
  /** Nothing to tell of: a library without debug information. */
  | { kind: 'without' }
  /** There are more libraries, or more processes, than are looked at. */
  | { kind: 'more' }
  /** Finding them has taken as long as it may. */
  | { kind: 'late' }
  /** It may not be read; or it is another one by now; or where it is does not answer. */
  | { kind: 'denied' | 'replaced' | 'unanswered'; pid: number; path: string };

const deleted = ' (deleted)';

/** Each different file of the processes that has debug information, executables first.  It is open until the next one is asked for. */
export async function* programFiles(pids: readonly number[], addon: Addon): AsyncGenerator<Found, void> {
  const search: Search = { addon, seen: new Set(), leftMs: structures.findingMs };
  const { seen } = search;
  const others: number[] = [];
  const different: number[] = [];
  for (const pid of pids) {
    const before = seen.size;
    yield* look(search, pid, executableOf(pid), () => new ProgramOf(addon, pid, addon.openProgram(pid)));
    (seen.size > before ? different : others).push(pid);
  }
  // Those that run the same program hardly have other libraries.
  const asked = [...different, ...others].slice(0, structures.processes);
  let more = asked.length < pids.length;
  for (const pid of asked) {
    const { libraries, whole } = await librariesOf(addon, pid);
    for (const { name, inode } of libraries) yield* look(search, pid, name, () => openLibrary(addon, pid, name), inode);
    more ||= !whole;
  }
  if (search.leftMs <= 0) yield { kind: 'late' };
  else if (more) yield { kind: 'more' };
}

interface Search {
  addon: Addon;
  seen: Set<string>;
  leftMs: number;
}

/** A file that a process names, which is read by the addon. */
class ProgramOf implements OpenFile {
  constructor(
    private readonly addon: Addon,
    private readonly pid: number,
    readonly descriptor: number,
  ) {}

  readonly read = (offset: number, length: number) => this.addon.readProgram(this.pid, this.descriptor, offset, length);

  facts(): Facts {
    return this.addon.programFacts(this.pid, this.descriptor);
  }

  close(): void {
    this.addon.closeProgram(this.pid, this.descriptor);
  }
}

type Facts = ReturnType<Addon['programFacts']>;

/** `inode` is what is mapped of a library.  Nothing once it has taken too long. */
async function* look(
  search: Search,
  pid: number,
  name: string,
  open: () => ProgramOf | undefined,
  inode?: string,
): AsyncGenerator<Found, void> {
  if (search.leftMs <= 0) return;
  // Others have their turn as well.
  await setImmediate();
  const began = performance.now();
  const files: ProgramOf[] = [];
  try {
    const found = await finding(search, pid, name, files, { open, inode, deadline: began + search.leftMs });
    search.leftMs -= performance.now() - began;
    if (found) yield found;
  } finally {
    for (const file of files) file.close();
  }
}

/** What it opens is in `files`. */
async function finding(
  { addon, seen }: Search,
  pid: number,
  name: string,
  files: ProgramOf[],
  { open, inode, deadline }: { open: () => ProgramOf | undefined; inode: string | undefined; deadline: number },
): Promise<Found | undefined> {
  const opened = <F extends ProgramOf | undefined>(file: F): F => {
    if (file) files.push(file);
    return file;
  };
  try {
    // Before it is opened, and again after: in between the process may become another user's, by running a program that is setuid.
    const foreign = isForeign(pid);
    const program = opened(open());
    if (program === undefined) return { kind: 'without' };
    const facts = program.facts();
    const identity = identityOf(facts);
    if (inode !== undefined && inode !== String(facts.ino)) return { kind: 'replaced', pid, path: name };
    if (seen.has(identity)) return undefined;
    seen.add(identity);
    const file = await withDebugInformation(program, name, (apart) => attempt(() => openLibrary(addon, pid, apart)), deadline);
    if (file === undefined) return inode === undefined ? { kind: 'bare', path: name } : { kind: 'without' };
    if (file !== program) opened(file);
    const its = file.facts();
    return {
      kind: 'file',
      pid,
      path: name,
      identity: identityOf(its),
      descriptor: file.descriptor,
      foreign: foreign || isForeign(pid) || isOfOthers(facts) || isOfOthers(its),
    };
  } catch (error) {
    if (isRefusal(error)) return { kind: 'denied', pid, path: name };
    if (isSilence(error)) return { kind: 'unanswered', pid, path: name };
    return inode === undefined ? undefined : { kind: 'replaced', pid, path: name };
  }
}

function identityOf({ dev, ino, mtimeNs, ctimeNs, size }: Facts): string {
  return `${dev}:${ino}:${mtimeNs}:${ctimeNs}:${size}`;
}

/** Whatever cannot be seen is. */
function isForeign(pid: number): boolean {
  return !attempt(() => statSync(`/proc/${pid}`).uid === process.geteuid?.() && hasOurRoot(pid));
}

/** Root's files are everybody's. */
function isOfOthers({ uid }: Facts): boolean {
  return uid !== 0n && Number(uid) !== process.geteuid?.();
}

function executableOf(pid: number): string {
  try {
    return withoutDeleted(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return `/proc/${pid}/exe`;
  }
}

/** Nothing where it could only be opened as a file of ours: before Linux 5.6, of a process with another root folder. */
function openLibrary(addon: Addon, pid: number, name: string): ProgramOf | undefined {
  canLookInside ??= looksInside(addon);
  if (canLookInside) return new ProgramOf(addon, pid, addon.openProgram(pid, name));
  return hasOurRoot(pid) ? new ProgramOf(addon, pid, openFile(name)) : undefined;
}

/** Never waits, as it would for the writer of a pipe that took the place of a library. */
function openFile(name: string): number {
  const descriptor = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new Error(`${name} is not a file`);
}

let canLookInside: boolean | undefined;

/** Linux 5.6, where no sandbox forbids it. */
function looksInside(addon: Addon): boolean {
  try {
    addon.closeProgram(process.pid, addon.openProgram(process.pid, process.execPath));
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
async function librariesOf(
  addon: MemoryReader,
  pid: number,
): Promise<{ libraries: { name: string; inode: string }[]; whole: boolean }> {
  const found = new Map<string, { name: string; inode: string }>();
  let whole = false;
  try {
    const root = readlinkSync(`/proc/${pid}/root`);
    for await (const line of memoryLines(addon, pid, 'maps', { limit: structures.listBytes, withinMs: looks.ms })) {
      const [, inode, name] = /^\S+ ..x. \S+ \S+ +([1-9]\d*) +(\/.*)$/.exec(line) ?? [];
      if (inode === undefined || name === undefined || found.has(inode)) continue;
      if (found.size === structures.libraries) return { libraries: [...found.values()], whole };
      found.set(inode, { name: withoutDeleted(insideOf(root, asPath(name))), inode });
    }
    whole = true;
  } catch (error) {
    // It ended, or may not be asked, which its executable has told; or the list is too long, or the process is held up.
    whole = !isHeldUp(error) && (error as NodeJS.ErrnoException).code !== 'EFBIG';
  }
  return { libraries: [...found.values()], whole };
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

function isRefusal(error: unknown): boolean {
  return isErrno(error, system.errno.EACCES) || isErrno(error, system.errno.EPERM);
}

/** Of a file system that does not answer: nothing waits for that (native/observer/patient.h). */
function isSilence(error: unknown): boolean {
  return [system.errno.EBUSY, system.errno.EAGAIN, system.errno.ETIME].some((number) => isErrno(error, number));
}

/** Of Node, or of the addon, which has it positive. */
function isErrno(error: unknown, number: number): boolean {
  return error instanceof Error && 'errno' in error && Math.abs(Number(error.errno)) === number;
}
