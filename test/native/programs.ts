// SPDX-License-Identifier: MIT
//
// Every program of this folder is one behaviour, which its file name says.  0: it holds.  77: it cannot be tried here, its output says why.

import { readdirSync } from 'node:fs';
import { run } from '../program';

/** From the sources, so that a program that was not built fails rather than goes unnoticed. */
export const programs = readdirSync('test/native')
  .filter((file) => file.endsWith('.c'))
  .map((file) => file.slice(0, -2));

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
