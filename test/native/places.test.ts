// SPDX-License-Identifier: MIT
//
// Runs every program of places/, like native.test.ts: those do something in the middle of a call, at a named place of the library that has
// them, so there is one build of each.

import { readdirSync } from 'node:fs';
import { run } from '../program';

const programs = readdirSync('test/native/places')
  .filter((file) => file.endsWith('.c'))
  .map((file) => file.slice(0, -2));

describe('native, at named places', () => {
  for (const program of programs) {
    it(program.replaceAll('_', ' '), async () => {
      const { code, stdout, stderr } = await run(`build/native/faults/tests/${program}`, [], 170_000);
      if (code !== 0) throw new Error(`${program} ended with ${String(code)}\n${stdout}${stderr}`);
    });
  }
});
