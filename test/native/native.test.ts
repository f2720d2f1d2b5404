// SPDX-License-Identifier: MIT
//
// Runs every program of this folder: each is one behaviour, which its file name says; plain, under the address and undefined-behaviour
// sanitizers, and under the thread sanitizer.  0: it holds.  77: it cannot be tried here, its output says why.

import { readdirSync } from 'node:fs';
import { run } from '../program';

const builds = [
  { title: 'native', folder: 'build/native/tests' },
  { title: 'native, sanitized', folder: 'build/native/asan/tests' },
  { title: 'native, sanitized for threads', folder: 'build/native/tsan/tests' },
];

// From the sources, so that a program that was not built fails rather than goes unnoticed.
const programs = readdirSync('test/native')
  .filter((file) => file.endsWith('.c'))
  .map((file) => file.slice(0, -2));

for (const { title, folder } of builds) {
  describe(title, () => {
    for (const program of programs) {
      it(program.replaceAll('_', ' '), async function () {
        const { code, stdout, stderr } = await run(`${folder}/${program}`, [], 170_000);
        if (code === 77) {
          console.log(`      skipped: ${stdout.trim()}`);
          this.skip();
        }
        if (code !== 0) throw new Error(`${folder}/${program} ended with ${String(code)}\n${stdout}${stderr}`);
      });
    }
  });
}
