// SPDX-License-Identifier: MIT
//
// The addon as built, with the types of its declaration file; and other processes that use it, to look at.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type * as face from '../../native/addon/index';
import { removeAtExit } from '../at-exit';

export type * from '../../native/addon/index';

export const addonPath = resolve('build/native/peermap.node');
export const peermap = createRequire(resolve('package.json'))(addonPath) as typeof face;

let counter = 0;
const named: string[] = [];

/** A name that no other run uses, removed by cleanUp(). */
export function freshName(): string {
  const name = `test-${process.pid}-addon-${++counter}`;
  named.push(name);
  removeAtExit(name);
  return name;
}

const open: { detach?(): void; close?(): void }[] = [];

/** Ends with the test. */
export function kept<T extends { detach?(): void; close?(): void }>(thing: T): T {
  open.push(thing);
  return thing;
}

const running: Script[] = [];

export async function cleanUp(): Promise<void> {
  for (const thing of open.splice(0)) (thing.detach ?? thing.close)?.call(thing);
  for (const script of running.splice(0)) await script.kill();
  for (const name of named.splice(0)) {
    try {
      peermap.unlink(name);
    } catch (error) {
      if (codeOf(error) !== 'PEERMAP_ENOENT') throw error;
    }
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** A Node process of its own that runs `body`, with `peermap` and `name`; each line that it prints is an answer. */
export class Script {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;

  constructor(name: string, body: string, addon = addonPath, env: NodeJS.ProcessEnv = {}) {
    const source = `const peermap = require(${JSON.stringify(addon)}); const name = ${JSON.stringify(name)}; ${body}`;
    this.child = spawn(process.execPath, ['-e', source], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.child.stdin.on('error', () => undefined);
    this.reader = createInterface({ input: this.child.stdout });
    this.lines = this.reader[Symbol.asyncIterator]();
    this.ended = once(this.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    running.push(this);
  }

  /** A process that attaches to the segment under `peerName`, and stays until its input ends. */
  static async peer(name: string, peerName: string): Promise<Script> {
    const script = new Script(
      name,
      `const segment = peermap.Segment.attach(name, { peerName: '${peerName}' }); console.log('attached');
       process.stdin.resume().on('end', () => { segment.detach(); process.exit(0); });`,
    );
    if ((await script.line()) !== 'attached') throw new Error(`${peerName} did not attach`);
    return script;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async line(): Promise<string | undefined> {
    const next = await this.lines.next();
    return next.done === true ? undefined : next.value;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  say(text: string): void {
    this.child.stdin.write(text);
  }

  endInput(): void {
    this.child.stdin.end();
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
    this.reader.close();
  }
}

/** Polls until the condition holds; the watchdog is mocha's timeout. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** The peer of that name, as somebody else sees the registry. */
export function seen(name: string, peerName: string): face.Peer | undefined {
  const observer = new peermap.Observer(name);
  try {
    return observer.snapshot().peers.find((peer) => peer.name === peerName);
  } finally {
    observer.close();
  }
}
