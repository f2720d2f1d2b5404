// SPDX-License-Identifier: MIT
//
// Reads what a type looks like from a program's debug information, by gdb, which is a process of its own for each file and type: one at a time for each
// segment, a few in all.  It gets the file as a descriptor and the type's name in its environment: no name from outside is in a command.  It loads no
// settings, no scripts of the file and nothing from the network, attaches to nothing, and runs nothing but describe.py, which shuts it in.
//
// Its memory and its time on a processor have limits from before it begins, which a shell sets: Node cannot.

import * as l10n from '@vscode/l10n';
import { spawn, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { formatBytes } from '../protocol/address';
import { toDescription, type Description } from '../protocol/layout';
import type { Problem } from '../protocol/model';
import { debuggers, structures } from './budgets';
import { Kept } from './kept';
import type { ProgramFile } from './program-files';
import { Turns } from './turns';
import type { UnderWay } from './under-way';

export type Reading =
  | { kind: 'described'; description: Description; /** Of the answer that it was. */ bytes: number }
  /** The file does not describe the type. */
  | { kind: 'absent' }
  /** Nothing could be read, and why: `forAll` files alike. */
  | { kind: 'failed'; problem: Problem; forAll: boolean };

interface Asked {
  segment: string;
  root: string;
}

const longestComplaint = 4096;
/** What broke is not tried again at once: a debugger that is missing may be installed soon, a file that takes too long stays as it is. */
const failedForMs = { all: 5_000, one: 60_000 };

/** Its home, and that of anything that it loads: there is none. */
const nowhere = '/nonexistent';

const settings = [
  ...['-nx', '-nh', '-nw', '-batch'],
  ...['set auto-load off', 'set debuginfod enabled off', `set debug-file-directory ${nowhere}`]
    // Threads each take addresses, which are what is limited; and what has threads can have no network of its own.
    .concat('maintenance set worker-threads 0', 'set complaints 8')
    .flatMap((command) => ['-iex', command]),
];

/** Kilobytes, seconds, then the program and its arguments.  No core: it would be as large as what it read. */
const limited = 'ulimit -c 0; ulimit -v "$1" && ulimit -t "$2" && shift 2 && exec "$@"';
const notFound = 127;

export class TypeReader {
  private readonly readings = new Kept<Promise<Reading>>(structures.kept);
  private readonly running = new Set<ChildProcess>();
  private readonly turns = new Turns({ atOnce: debuggers.atOnce, waiting: structures.files });
  /** That were told to end, and do not. */
  private stuck = 0;

  constructor(
    private readonly underWay: UnderWay,
    private readonly script = path.join(__dirname, 'describe.py'),
  ) {
    process.once('exit', () => this.running.forEach((child) => child.kill('SIGKILL')));
  }

  /** Whether that costs nothing any more. */
  knows(file: ProgramFile, type: string): boolean {
    return this.readings.has(keyOf(file, type));
  }

  /** For somebody who looks at that root. */
  read(asked: Asked, file: ProgramFile, type: string): Promise<Reading> {
    const key = keyOf(file, type);
    const known = this.readings.get(key);
    if (known) return known;
    const reading = this.turns.take(asked.segment, () => this.run(asked, file, type));
    this.readings.set(key, reading);
    const forget = () => this.readings.forget(key, reading);
    void reading.then((outcome) => {
      if (outcome.kind === 'described') this.readings.weigh(key, reading, outcome.bytes);
      if (outcome.kind === 'failed') setTimeout(forget, outcome.forAll ? failedForMs.all : failedForMs.one).unref();
    }, forget);
    return reading;
  }

  private run(asked: Asked, file: ProgramFile, type: string): Promise<Reading> {
    if (this.stuck >= debuggers.mostStuck) return Promise.resolve(tooManyStuck());
    return new Promise((resolve) => {
      const limits = [Math.floor(debuggers.memoryBytes / 1024), debuggers.processorSeconds].map(String);
      const child = spawn('/bin/sh', ['-c', limited, 'sh', ...limits, 'gdb', ...settings, '-x', this.script], {
        cwd: '/',
        // Nothing of the person's environment but where gdb is.
        env: {
          PATH: process.env['PATH'],
          LC_ALL: 'C.UTF-8',
          HOME: nowhere,
          XDG_CONFIG_HOME: nowhere,
          XDG_CACHE_HOME: nowhere,
          PYTHONDONTWRITEBYTECODE: '1',
          PYTHONNOUSERSITE: '1',
          PYTHONSAFEPATH: '1',
          MALLOC_ARENA_MAX: '1',
          PEERMAP_TYPE: type,
          PEERMAP_CONFINED: file.foreign ? '1' : '0',
        },
        stdio: ['ignore', 'ignore', 'pipe', file.descriptor, 'pipe'],
      });
      this.running.add(child);
      let late = false;
      let leftBehind = false;
      let watchdog = setTimeout(() => {
        late = true;
        child.kill('SIGKILL');
        // While a file system holds it up it does not end.
        watchdog = setTimeout(() => {
          leftBehind = true;
          this.stuck += 1;
          resolve(broken(file, { late, complaint: '', begun: true }));
        }, debuggers.endingMs);
      }, debuggers.ms);
      const end = (reading: Reading) => {
        clearTimeout(watchdog);
        if (leftBehind) this.stuck -= 1;
        leftBehind = false;
        this.running.delete(child);
        resolve(reading);
      };
      const answer = gather(child.stdio[4] as Readable | null, debuggers.answerBytes, () => child.kill('SIGKILL'));
      const complaint = gather(child.stderr, longestComplaint, () => undefined);
      child.once('error', (error) => end(notStarted(error)));
      child.once('close', (code) => {
        // What gdb answers was in a file of others.
        const understand = () => parse(answer(), file, complaint());
        const what = { method: 'peermap/structure' as const, ...asked };
        const reading = late ? undefined : this.underWay.during(what, understand);
        if (reading) end(reading);
        else if (code === notFound) end(missing(file));
        else end(broken(file, { late, complaint: complaint(), begun: answer() !== '' }));
      });
    });
  }
}

function keyOf({ identity, foreign }: ProgramFile, type: string): string {
  return `${identity} ${foreign} ${type}`;
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

function parse(answer: string, file: ProgramFile, complaint: string): Reading | undefined {
  try {
    const given: unknown = JSON.parse(answer);
    if (given !== null) {
      const description = toDescription(given);
      return description && { kind: 'described', description, bytes: answer.length };
    }
  } catch {
    return undefined;
  }
  // It goes on without what it could not read, and then the type is not there.
  if (noMemory.test(complaint) || noData.test(complaint)) return undefined;
  if (file.foreign && namesOthers.test(complaint)) return { kind: 'failed', problem: elsewhere(file), forAll: false };
  return { kind: 'absent' };
}

/** Parts of debug information that lie in files of their own, in gdb's words. */
const namesOthers = /\bDWO\b|dwz|gnu_debugaltlink/;

function elsewhere(file: ProgramFile): Problem {
  const text = l10n.t(
    'Parts of the debug information of {0} are in other files that it names, which are opened only for programs of your own that are in no container.',
    file.path,
  );
  return { code: 'left-out', where: file.path, text };
}

function missing(file: ProgramFile): Reading {
  const text = l10n.t('Install gdb where {0} runs: it reads what the types of its memory look like.', path.basename(file.path));
  return { kind: 'failed', problem: { code: 'os', where: 'gdb', text }, forAll: true };
}

function tooManyStuck(): Reading {
  const text = l10n.t(
    'gdb is not started: {0} that have taken too long do not end, as on a file system that does not answer.',
    debuggers.mostStuck,
  );
  return { kind: 'failed', problem: { code: 'left-out', where: 'gdb', text }, forAll: true };
}

function notStarted(error: Error): Reading {
  const text = l10n.t('gdb cannot be started: {0}', error.message);
  return { kind: 'failed', problem: { code: 'os', where: 'gdb', text }, forAll: true };
}

/** `begun`: describe.py has, so that what gdb complains of may be in words of the file. */
function broken(file: ProgramFile, { late, complaint, begun }: { late: boolean; complaint: string; begun: boolean }): Reading {
  if (!begun && complaint.includes('Python scripting is not supported')) {
    const text = l10n.t('Install a gdb that can run Python scripts: the one here was built without.');
    return { kind: 'failed', problem: { code: 'os', where: 'gdb', text }, forAll: true };
  }
  return { kind: 'failed', problem: whyBroken(file, late, complaint), forAll: false };
}

function whyBroken(file: ProgramFile, late: boolean, complaint: string): Problem {
  const where = file.path;
  if (late) {
    const text = l10n.t('gdb has not read the debug information of {0} within {1} seconds.', where, debuggers.ms / 1000);
    return { code: 'left-out', where, text };
  }
  if (noData.test(complaint)) {
    const text = l10n.t(
      'gdb could not read all of the debug information of {0}: it is damaged, or takes more than the {1} of memory that gdb may have.',
      where,
      formatBytes(debuggers.memoryBytes),
    );
    return { code: 'left-out', where, text };
  }
  if (noMemory.test(complaint)) {
    const text = l10n.t(
      'gdb could not read all of the debug information of {0} with the {1} of memory that it may take.',
      where,
      formatBytes(debuggers.memoryBytes),
    );
    return { code: 'left-out', where, text };
  }
  // Of a Python traceback the last line says what happened; where gdb itself broke, what comes after that line is its own stack.
  const lines = complaint.trim().split('\n');
  const why = lines.find((line) => /internal-error:|^Fatal signal:/.test(line)) ?? lines.at(-1) ?? '';
  if (why === '') {
    const text = l10n.t('gdb cannot read the debug information of {0}: what it answers makes no sense.', where);
    return { code: 'os', where, text };
  }
  return { code: 'os', where, text: l10n.t('gdb cannot read the debug information of {0}: {1}', where, why) };
}

/** A section that is not all in the file, or that there is no memory for: gdb does not say which. */
const noData = /Can't read data for section/;

/** In the words of gdb, of its libraries, of Python. */
const noMemory = /virtual memory exhausted|out of memory|memory exhausted|MemoryError|bad_alloc|Cannot allocate memory/i;
