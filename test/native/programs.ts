// SPDX-License-Identifier: MIT
//
// Every program of this folder is one behaviour, which its file name says.  0: it holds.  77: it cannot be tried here, its output says why.
//
// sanitized.json names those that `npm test` runs under a sanitizer as well: their subject is what that sanitizer sees.  Under it
// `npm run test:long` runs all the others.  scripts/test.mjs builds accordingly.

import { readdirSync, readFileSync } from 'node:fs';
import { run } from '../program';

/** From the sources, so that a program that was not built fails rather than goes unnoticed. */
export const programs = readdirSync('test/native')
  .filter((file) => file.endsWith('.c'))
  .map((file) => file.slice(0, -2));

export type Sanitizer = 'asan' | 'tsan';

interface Group {
  build: Sanitizer;
  why: string;
  programs: string[];
}

const groups = JSON.parse(readFileSync('test/native/sanitized.json', 'utf8')) as Group[];

/** Those that `npm test` runs so, each as often as it is named. */
export function sanitized(build: Sanitizer): string[] {
  return groups.filter((group) => group.build === build).flatMap(({ programs: named }) => named);
}

export function itHolds(folder: string, program: string): void {
  it(program.replaceAll('_', ' '), async function () {
    const { code, stdout, stderr } = await run(`${folder}/${program}`, [], 170_000);
    if (code === 77) {
      console.log(`      skipped: ${stdout.trim()}`);
      this.skip();
    }
    if (code !== 0) throw new Error(`${folder}/${program} ended with ${String(code)}\n${stdout}${stderr}`);
  });
}
