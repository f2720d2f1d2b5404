// SPDX-License-Identifier: MIT
//
// What the programs of this folder share: a segment's name that does not outlive them, and processes of their own to be with.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { unlink } from 'peermap';

export const MiB = 1 << 20;

let counter = 0;

/** The runner removes what begins like this when a program could not. */
export function freshName() {
  const name = `test-node-${process.env['PEERMAP_TEST'] ?? process.pid}-${process.pid}-${++counter}`;
  process.on('exit', () => {
    try {
      unlink(name);
    } catch {
      rmSync(`/dev/shm/peermap.${name}`, { force: true });
    }
  });
  return name;
}

/** Runs `body` in a process of its own, with everything of peermap, and `name`; answers its lines one by one. */
export function start(name, body) {
  const source = `import * as peermap from 'peermap'; const { Segment, Observer } = peermap; const name = ${JSON.stringify(name)}; ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: import.meta.dirname ?? new URL('.', import.meta.url).pathname,
  });
  const ended = once(child, 'exit');
  process.on('exit', () => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid,
    ended,
    line: async () => (await lines.next()).value,
    say: (text) => child.stdin.write(`${text}\n`),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Until the condition holds, collecting garbage and letting finalizers run. */
export function untilCollected(condition) {
  return until(() => {
    globalThis.gc();
    return condition();
  });
}
