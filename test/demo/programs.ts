// SPDX-License-Identifier: MIT
//
// Runs the demo programs for the tests: every test has a segment and processes of its own, and nothing of it outlives the test.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const programs = resolve('build/native/examples');

/** A folder of installed packages, as real input; its path without links, as the indexer tells it. */
export const installed = (path: string) => realpathSync(join('node_modules', path));

type Name = 'indexer' | 'search' | 'stats';

export interface Answer {
  words: string[];
  files: number;
  count: number;
  top: { file: string; count: number }[];
}

export interface Stats {
  base: string;
  size: number;
  used: number;
  epoch: number;
  files: number;
  bytes: number;
  words: number;
  postings: number;
  stale: number;
  occurrences: number;
  peers: { name: string; pid: number; state: string; mapped: number }[];
}

/** Polls until the condition holds; the watchdog is mocha's timeout. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 2));
}

/** One running demo program and what it has said so far, bytes as latin1. */
export class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<unknown>;
  out = '';
  err = '';
  private taken = 0;

  constructor(command: string, args: string[], cwd?: string) {
    this.child = spawn(command, args, { cwd });
    this.child.stdout.setEncoding('latin1').on('data', (text: string) => (this.out += text));
    this.child.stderr.setEncoding('latin1').on('data', (text: string) => (this.err += text));
    this.child.stdin.on('error', () => undefined); // a killed program closes its end
    this.ended = once(this.child, 'close');
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.child.spawnfile} did not start`);
    return this.child.pid;
  }

  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Waits for the end and returns the exit code; null if a signal ended it. */
  async end(): Promise<number | null> {
    await this.ended;
    return this.child.exitCode;
  }

  /** The next whole line of stdout. */
  async line(): Promise<string> {
    await until(() => this.out.includes('\n', this.taken) || this.over);
    const end = this.out.indexOf('\n', this.taken);
    if (end < 0) throw new Error(`${this.child.spawnfile} ended (${this.child.exitCode}): ${this.err}`);
    const line = this.out.slice(this.taken, end);
    this.taken = end + 1;
    return line;
  }

  /** A question to `search --json` without words. */
  async ask(...words: string[]): Promise<Answer> {
    this.child.stdin.write(Buffer.from(words.join(' ') + '\n', 'latin1'));
    return JSON.parse(await this.line()) as Answer;
  }
}

let count = 0;

/** A segment name, its processes, its folders. */
export class Stage {
  readonly segment = `test-${process.pid}-demo-${++count}`;
  readonly object = `/dev/shm/peermap.${this.segment}`;
  private readonly started: Program[] = [];
  private readonly folders: string[] = [];
  private readonly atExit = () => this.sweep();

  constructor() {
    process.on('exit', this.atExit);
  }

  private keep(program: Program): Program {
    this.started.push(program);
    return program;
  }

  start(name: Name, ...args: string[]): Program {
    return this.keep(new Program(join(programs, name), ['--segment', this.segment, ...args]));
  }

  startIn(cwd: string, name: Name, ...args: string[]): Program {
    return this.keep(new Program(join(programs, name), ['--segment', this.segment, ...args], cwd));
  }

  /** An indexer that may make no file, and so no segment, larger than `kib`. */
  startLimited(kib: number, ...args: string[]): Program {
    const command = `ulimit -f ${kib}; exec "$@"`;
    const indexer = [join(programs, 'indexer'), '--segment', this.segment, ...args];
    return this.keep(new Program('bash', ['-c', command, 'bash', ...indexer]));
  }

  /** Runs a program to its end, which must be a good one. */
  async run(name: Name, ...args: string[]): Promise<Program> {
    const program = this.start(name, ...args);
    const code = await program.end();
    if (code !== 0) throw new Error(`${name} ended with ${code ?? program.child.signalCode}: ${program.err}`);
    return program;
  }

  async stats(): Promise<Stats> {
    return JSON.parse((await this.run('stats', '--json')).out) as Stats;
  }

  folder(): string {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'peermap-demo-')));
    this.folders.push(folder);
    return folder;
  }

  /** Bytes of the shared memory object; 0 if there is none. */
  get objectSize(): number {
    return existsSync(this.object) ? statSync(this.object).size : 0;
  }

  private sweep(): void {
    for (const program of this.started) if (!program.over) program.kill('SIGKILL');
    rmSync(this.object, { force: true });
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true });
  }

  async end(): Promise<void> {
    this.sweep();
    await Promise.all(this.started.map((program) => program.ended));
    process.off('exit', this.atExit);
  }
}
