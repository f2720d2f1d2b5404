// SPDX-License-Identifier: MIT
//
// Reads what a type looks like from a program's debug information, by gdb, which is a process of its own for each file and type, one at
// a time.  It gets the file as a descriptor and the type's name in its environment: no name from outside is in a command.  It loads no
// settings, no scripts of the file and nothing from the network, attaches to nothing, and runs nothing but describe.py.

import * as l10n from '@vscode/l10n';
import { spawn, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import type { Description } from '../protocol/layout';
import type { Problem } from '../protocol/model';
import type { ProgramFile } from './program-files';

export type Reading =
  | { kind: 'described'; description: Description }
  /** The file does not describe the type. */
  | { kind: 'absent' }
  /** Nothing could be read, and why: `forAll` files alike. */
  | { kind: 'failed'; problem: Problem; forAll: boolean };

const timeoutMs = 15_000;
const longestAnswer = 8 << 20;
const longestComplaint = 4096;
/** What broke is not tried again at once: a debugger that is missing may be installed soon, a file that takes too long stays as it is. */
const failedForMs = { all: 5_000, one: 60_000 };
const mostKept = 200;

const settings = ['-nx', '-nw', '-batch', '-iex', 'set auto-load off', '-iex', 'set debuginfod enabled off'];

export class TypeReader {
  private readonly readings = new Map<string, Promise<Reading>>();
  private readonly running = new Set<ChildProcess>();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly script = path.join(__dirname, 'describe.py')) {
    process.once('exit', () => this.running.forEach((child) => child.kill('SIGKILL')));
  }

  read(file: ProgramFile, type: string): Promise<Reading> {
    const key = `${file.identity} ${type}`;
    const known = this.readings.get(key);
    if (known) return known;
    const reading = this.turn.then(() => this.run(file, type));
    this.turn = reading;
    this.readings.set(key, reading);
    const [oldest] = this.readings.keys();
    if (this.readings.size > mostKept && oldest !== undefined) this.readings.delete(oldest);
    void reading.then((outcome) => {
      if (outcome.kind !== 'failed') return;
      const forget = () => this.readings.get(key) === reading && this.readings.delete(key);
      setTimeout(forget, outcome.forAll ? failedForMs.all : failedForMs.one).unref();
    });
    return reading;
  }

  private run(file: ProgramFile, type: string): Promise<Reading> {
    return new Promise((resolve) => {
      const debugFolders = `set debug-file-directory /proc/${file.pid}/root/usr/lib/debug:/usr/lib/debug`;
      const child = spawn('gdb', [...settings, '-iex', debugFolders, '-x', this.script], {
        cwd: '/',
        // Python of gdb's own, not as the person's environment has it.
        env: {
          PATH: process.env['PATH'],
          LC_ALL: 'C.UTF-8',
          PYTHONDONTWRITEBYTECODE: '1',
          PYTHONNOUSERSITE: '1',
          PEERMAP_TYPE: type,
        },
        stdio: ['ignore', 'ignore', 'pipe', file.descriptor, 'pipe'],
      });
      this.running.add(child);
      let late = false;
      const watchdog = setTimeout(() => {
        late = true;
        child.kill('SIGKILL');
      }, timeoutMs);
      const end = (reading: Reading) => {
        clearTimeout(watchdog);
        this.running.delete(child);
        resolve(reading);
      };
      const answer = gather(child.stdio[4] as Readable | null, longestAnswer, () => child.kill('SIGKILL'));
      const complaint = gather(child.stderr, longestComplaint, () => undefined);
      child.once('error', (error) => end(notStarted(file, error)));
      child.once('close', () => {
        const reading = late ? undefined : parse(answer());
        end(reading ?? broken(file, late, complaint()));
      });
    });
  }
}

/** What the stream says, no more of it than `most`; `over` is called when there was more. */
function gather(stream: Readable | null, most: number, over: () => void): () => string {
  const parts: Buffer[] = [];
  let length = 0;
  stream?.on('error', () => undefined);
  stream?.on('data', (part: Buffer) => {
    length += part.length;
    if (length <= most) parts.push(part);
    else over();
  });
  return () => Buffer.concat(parts).toString();
}

function parse(answer: string): Reading | undefined {
  try {
    const description = JSON.parse(answer) as Description | null;
    return description === null ? { kind: 'absent' } : { kind: 'described', description };
  } catch {
    return undefined;
  }
}

function notStarted(file: ProgramFile, error: Error): Reading {
  const missing = 'code' in error && error.code === 'ENOENT';
  const text = missing
    ? l10n.t('Install gdb where {0} runs: it reads what the types of its memory look like.', path.basename(file.path))
    : l10n.t('gdb cannot be started: {0}', error.message);
  return { kind: 'failed', problem: { code: 'os', where: 'gdb', text }, forAll: true };
}

function broken(file: ProgramFile, late: boolean, complaint: string): Reading {
  if (complaint.includes('Python scripting is not supported')) {
    const text = l10n.t('Install a gdb that can run Python scripts: the one here was built without.');
    return { kind: 'failed', problem: { code: 'os', where: 'gdb', text }, forAll: true };
  }
  // Of a Python traceback the last line says what happened.
  const why = complaint.trim().split('\n').at(-1) ?? '';
  const text = late
    ? l10n.t('gdb has not read the debug information of {0} within {1} seconds.', file.path, timeoutMs / 1000)
    : l10n.t('gdb cannot read the debug information of {0}: {1}', file.path, why);
  return { kind: 'failed', problem: { code: 'os', where: file.path, text }, forAll: false };
}
