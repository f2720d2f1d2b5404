// SPDX-License-Identifier: MIT
//
// The programs of this folder under the address and undefined-behaviour sanitizers, and under the thread sanitizer: those that profit from it
// (sanitized.ts), or in `npm run test:long` all the others.

import assert from 'node:assert/strict';
import { long } from '../long';
import { itHolds, programs } from './programs';
import { named, sanitized } from './sanitized';

const builds = [
  { title: 'native, sanitized', build: 'asan' },
  { title: 'native, sanitized for threads', build: 'tsan' },
] as const;

for (const { title, build } of builds) {
  describe(title, () => {
    if (!long)
      it('each program that is named is there, and named once', () => {
        const names = named(build);
        assert.deepEqual(
          names.filter((name, index) => !programs.includes(name) || names.indexOf(name) !== index),
          [],
        );
      });
    for (const program of programs) if (sanitized(build, program) !== long) itHolds(`build/native/${build}/tests`, program);
  });
}
