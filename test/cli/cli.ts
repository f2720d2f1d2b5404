// SPDX-License-Identifier: MIT
//
// Runs the command line tool as people and programs do, against segments that test/peers/peer.c makes.  PEERMAP_CLI names another build
// of it, or a command with that at its end: "valgrind -q build/native/peermap".

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { atExit } from '../at-exit';
import { cleanUp as endPeers, root, until } from '../peers/drive';

export const tool = (process.env['PEERMAP_CLI'] ?? path.join(root, 'build/native/peermap')).split(' ');
export const sanitized = path.join(root, 'build/native/asan/peermap');

export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

interface How {
  env?: NodeJS.ProcessEnv;
  program?: string[];
}

const environment = { ...process.env, LC_ALL: 'C.UTF-8', PEERMAP_READONLY: '' };
const running = new Set<Running>();

/** A call that goes on; what it has said so far. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  out = '';
  err = '';

  constructor(args: string[], { env = {}, program = tool }: How = {}) {
    const [command = '', ...before] = program;
    this.child = spawn(command, [...before, ...args], { env: { ...environment, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.child.stdin?.on('error', () => undefined);
    this.ended = once(this.child, 'close');
    running.add(this);
    void this.ended.then(() => running.delete(this));
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('it did not start');
    return this.child.pid;
  }

  get over(): boolean {
    return !running.has(this);
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Waits until it has said this. */
  async said(text: string | RegExp): Promise<void> {
    const holds = () => (typeof text === 'string' ? this.out.includes(text) : text.test(this.out));
    await until(() => holds() || this.over, String(text));
    if (!holds()) throw new Error(`it ended without saying ${String(text)}:\n${this.out}${this.err}`);
  }

  /** Of --json: the values of its lines. */
  lines<T>(): T[] {
    return this.out
      .slice(0, this.out.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }
}

/** Runs it to its end. */
export async function peermap(args: string[], how: How = {}): Promise<Result> {
  const one = new Running(args, how);
  one.child.stdin?.end();
  await one.ended;
  return { code: one.child.exitCode, signal: one.child.signalCode, out: one.out, err: one.err };
}

/** Runs it to a good end. */
export async function well(...args: string[]): Promise<string> {
  const { code, out, err } = await peermap(args);
  if (code !== 0) throw new Error(`peermap ${args.join(' ')} ended with ${String(code)}: ${err}${out}`);
  return out;
}

export async function json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  return JSON.parse(await well(...args, '--json')) as T;
}

/** The row of a table that has this in one of its fields. */
export function row(text: string, field: string): string[] {
  const rows = text.split('\n').map((line) => line.trim().split(/\s{2,}/));
  const found = rows.find((fields) => fields.includes(field) && fields.length > 1);
  if (!found) throw new Error(`no row has ${field}:\n${text}`);
  return found;
}

const made = new Set<string>();
atExit(() => made.forEach((file) => fs.rmSync(file, { force: true })));

/** A file in /dev/shm that the test makes itself, removed like the rest. */
export function object(name: string, bytes: Buffer | string): string {
  const file = `/dev/shm/${name}`;
  made.add(file);
  fs.writeFileSync(file, bytes, { mode: 0o600 });
  return file;
}

export async function cleanUp(): Promise<void> {
  await Promise.all([...running].map((one) => one.end()));
  await endPeers();
  for (const file of made) fs.rmSync(file, { force: true });
  made.clear();
}

/** No control characters but the ends of lines. */
export function isTame(text: string): boolean {
  return !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u.test(text);
}

/** The tool, run as the user nobody, from a place that nobody can reach.  Undefined: this is not root. */
export function asNobody(): { program: string[]; remove: () => void } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const folder = fs.mkdtempSync('/tmp/peermap-test-');
  const copy = path.join(folder, 'peermap');
  fs.chmodSync(folder, 0o755);
  fs.copyFileSync(tool[tool.length - 1] ?? '', copy);
  const script = 'import os, sys\nos.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\nos.execv(sys.argv[1], sys.argv[1:])';
  return { program: ['python3', '-c', script, copy], remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}
