// SPDX-License-Identifier: MIT
//
// Drives peer.c from a test, and looks at what the system says: /dev/shm and /proc, not what the library says.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as readline from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Address } from '../../extension/protocol/model';
import type { ObjectId } from '../../extension/protocol/object-id';
import { removeAtExit } from '../at-exit';

/** The repository, seen from build/test/FOLDER. */
export const root = path.resolve(__dirname, '../../..');

const program = path.join(root, 'build/native/peers/peer');
const running = new Set<Peer>();
const named = new Set<string>();
let counter = 0;

/** A name that no other test run uses; cleanUp() removes what has it. */
export function testSegment(): string {
  const name = `test-${process.pid}-${++counter}`;
  named.add(name);
  removeAtExit(name);
  return name;
}

export function objectOf(segment: string): string {
  return `/dev/shm/peermap.${segment}`;
}

export class Peer {
  private readonly answers: string[] = [];
  private readonly waiting: ((line: string) => void)[] = [];
  pid = 0;
  base = 0n;

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, null>) {
    readline.createInterface({ input: child.stdout }).on('line', (line) => {
      const next = this.waiting.shift();
      if (next) next(line);
      else this.answers.push(line);
    });
    child.on('close', () => {
      running.delete(this);
      for (const wait of this.waiting.splice(0)) wait('error ENDED the peer ended');
    });
    child.stdin.on('error', () => undefined);
    running.add(this);
  }

  /** `words` as peer.c takes them: 'create', 65536. */
  static start(segment: string, name: string, ...words: (string | number)[]): Promise<Peer> {
    return Peer.startAs(program, segment, name, ...words);
  }

  /** The same by another build of peer.c. */
  static async startAs(build: string, segment: string, name: string, ...words: (string | number)[]): Promise<Peer> {
    const peer = new Peer(spawn(build, [segment, name, ...words.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] }));
    const [pid, base] = await peer.answer('ready');
    peer.pid = Number(pid);
    peer.base = BigInt(base ?? 0);
    return peer;
  }

  /** The words after "ok"; an answer that begins with "error" rejects. */
  ask(command: string): Promise<string[]> {
    this.child.stdin.write(`${command}\n`);
    return this.answer('ok');
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves when none of its threads runs: on busy cores, its agent may answer after the signal was sent. */
  async stop(): Promise<void> {
    this.signal('SIGSTOP');
    const tasks = fs.readdirSync(`/proc/${this.pid}/task`).map((task) => `/proc/${this.pid}/task/${task}/stat`);
    await until(() => tasks.every((stat) => fs.readFileSync(stat, 'utf8').includes(') T ')), 'the stop');
  }

  /** Resolves when the process is gone. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!running.has(this)) return;
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill(signal);
    await closed;
  }

  private async answer(expected: string): Promise<string[]> {
    const line = this.answers.shift() ?? (await new Promise<string>((resolve) => this.waiting.push(resolve)));
    const [word, ...rest] = line.split(' ');
    if (word !== expected) throw new Error(`peer: ${line}`);
    return rest;
  }
}

/** Ends every peer and removes every object that this test file made. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...running].map((peer) => peer.end()));
  for (const name of named) fs.rmSync(objectOf(name), { force: true });
  named.clear();
}

export interface Mapped {
  from: bigint;
  to: bigint;
  permissions: string;
}

/** Of the object that has the name now. */
export function objectIdOf(segment: string): ObjectId & { bornNs: Address } {
  const { dev, ino, birthtimeNs } = fs.statSync(objectOf(segment), { bigint: true });
  return { device: Number(dev), inode: Number(ino), bornNs: `0x${birthtimeNs.toString(16)}` };
}

/** What the kernel maps of the segment in a process.  By inode: the name may be another object's by now. */
export function mapsOf(pid: number, segment: string): Mapped[] {
  const inode = String(fs.statSync(objectOf(segment)).ino);
  return fs
    .readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .filter((line) => line.includes(' /dev/shm/') && line.split(/\s+/)[4] === inode)
    .map((line) => {
      const [range = '', permissions = ''] = line.split(' ');
      const [from = '', to = ''] = range.split('-');
      return { from: BigInt(`0x${from}`), to: BigInt(`0x${to}`), permissions };
    });
}

/** Whether the kernel maps all of [base, base + size) in the process, readable and writable. */
export function mapsAll(peer: Peer, segment: string, size: number): boolean {
  let at = peer.base;
  for (const { from, to, permissions } of mapsOf(peer.pid, segment)) {
    if (from <= at && at < to && permissions === 'rw-s') at = to;
  }
  return at >= peer.base + BigInt(size);
}

/** Waits for a condition, not for a time; the watchdog is there for a condition that never comes. */
export async function until<T>(condition: () => T | Promise<T>, what: string, withinMs = 120_000): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** test/peers/held_up.c; undefined where it cannot be: that takes root and /dev/fuse.  To be ended soon, for ps hangs on the whole machine as long as it lives. */
export async function heldUp(): Promise<{ pid: number; end: () => Promise<void> } | undefined> {
  const child = spawn(path.join(root, 'build/native/peers/held_up'), { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines = readline.createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as unknown[];
  const pid = /^ready (\d+)$/.exec(String(line))?.[1];
  const end = async () => {
    child.stdin.end();
    await ended;
  };
  if (pid !== undefined) return { pid: Number(pid), end };
  await end();
  return undefined;
}
