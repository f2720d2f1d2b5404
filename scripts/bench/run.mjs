// SPDX-License-Identifier: MIT
//
// Runs the programs of native/bench.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const programs = `${root}build/native/bench`;
export const quick = process.argv.includes('--quick');

/** @returns {Promise<any>} what the program printed */
export async function run(program, ...args) {
  const { stdout } = await promisify(execFile)(`${programs}/${program}`, args.map(String), { maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

/** Where processes run, and when: all on one core, or as the scheduler likes; back to back, or 1 ms apart; beside others that compute. */
export const places = {
  pinned: { text: 'one core', args: ['one-core'] },
  free: { text: 'all cores', args: [] },
  apart: { text: 'all cores, 1 ms apart', args: ['pause=1000'] },
  busy: { text: 'all cores busy', args: ['busy'] },
};

export function placeOf({ pinned, busy, pause }) {
  return pinned ? places.pinned : busy ? places.busy : pause > 0 ? places.apart : places.free;
}
