// SPDX-License-Identifier: MIT
//
// Building against the library as other projects do: in folders of their own, with compilers of their own.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { atExit, removeAtExit } from '../at-exit';

export const root = path.resolve('.');

/** An empty folder, which does not outlive the process. */
export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'peermap-library-'));
  atExit(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

let segments = 0;

/** A name that nobody else has; its object does not outlive the process. */
export function segment(what: string): string {
  const name = `test-${what}-${String(process.pid)}-${String(++segments)}`;
  removeAtExit(name);
  return name;
}

export interface Place {
  cwd?: string;
  env?: Record<string, string>;
}

/** What a program of crowd.hpp has left because it was ended in the middle. */
function clearAfter(pid: number): void {
  for (const name of readdirSync('/dev/shm'))
    if (name.startsWith(`peermap.test-cxx-${String(pid)}`)) rmSync(`/dev/shm/${name}`, { force: true });
}

/** Runs a command to its end; what it printed, or an error with all of it. */
export function run(words: string[], { cwd = root, env = {} }: Place = {}): string {
  const [command = '', ...args] = words;
  const { pid, status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 170_000,
    maxBuffer: 1 << 26,
  });
  if (status === 0) return stdout.trim();
  clearAfter(pid);
  throw new Error(`${words.join(' ')}\nended with ${error?.message ?? signal ?? String(status)}\n${stdout}${stderr}`);
}

/** `make` of the library's folder, its own variables aside from those that a surrounding make has left. */
export function make(...words: string[]): string {
  return run(['make', '--no-print-directory', '-C', path.join(root, 'native'), ...words], { env: { MAKEFLAGS: '', MFLAGS: '' } });
}

interface Debian {
  ensure: (title: string, packages: string[], find: () => string | undefined) => string;
  onPath: (name: string) => string | undefined;
}

/** For before(): a program of this name, or a file at this path, or a skip that says why it is not there. */
export function needs(title: string, packages: string[], what: string) {
  return async function (this: Mocha.Context): Promise<void> {
    const { ensure, onPath } = (await import(pathToFileURL(path.join(root, 'scripts/debian.mjs')).href)) as Debian;
    try {
      ensure(title, packages, () => (path.isAbsolute(what) ? (existsSync(what) ? what : undefined) : onPath(what)));
    } catch (error) {
      console.log(`      skipped: ${error instanceof Error ? error.message : String(error)}`);
      this.skip();
    }
  };
}
