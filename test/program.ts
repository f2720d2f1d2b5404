// SPDX-License-Identifier: MIT
//
// A test program that judges for itself: 0 is well, and what it prints says the rest.

import { execFile } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { atExit } from './at-exit';

export interface Ended {
  code?: number | string;
  stdout: string;
  stderr: string;
}

/** Of a program that was ended, or ended itself in the middle: what it called after its pid. */
function removeObjectsOf(pid: number): void {
  const own = readdirSync('/dev/shm').filter((name) => name === `peermap.test-${pid}` || name.startsWith(`peermap.test-${pid}-`));
  for (const name of own) rmSync(`/dev/shm/${name}`, { force: true });
}

/** It does not outlive an interrupted run, nor does its memory a run that failed. */
export async function run(program: string, args: string[], timeout: number, env = process.env): Promise<Ended> {
  const running = promisify(execFile)(program, args, { timeout, maxBuffer: 1 << 24, env });
  const forget = atExit(() => running.child.kill('SIGTERM'));
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    if (running.child.pid !== undefined) removeObjectsOf(running.child.pid);
    return error as Ended;
  } finally {
    forget();
  }
}

/** Prints what it said of its run; throws with all that it said if it did not end well. */
export async function expectWell(program: string, args: string[], timeout: number): Promise<void> {
  const { code, stdout, stderr } = await run(program, args, timeout);
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}\n${stderr}${stdout}`);
  console.log(`      ${stdout.trim()}`);
}
