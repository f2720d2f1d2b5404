// SPDX-License-Identifier: MIT
//
// The programs of this folder under the address and undefined-behaviour sanitizers, and under the thread sanitizer: those that profit from it
// (sanitized.json), or in `npm run test:long` all the others.

import assert from 'node:assert/strict';
import { long } from '../long';
import { itHolds, programs, sanitized } from './programs';

const builds = [
  { title: 'native, sanitized', build: 'asan' },
  { title: 'native, sanitized for threads', build: 'tsan' },
] as const;

for (const { title, build } of builds) {
  describe(title, () => {
    const names = sanitized(build);
    if (!long)
      it('each program that is named is there, and named once', () => {
        assert.deepEqual(
          names.filter((name, index) => !programs.includes(name) || names.indexOf(name) !== index),
          [],
        );
      });
    for (const program of programs) if (names.includes(program) !== long) itHolds(`build/native/${build}/tests`, program);
  });
}
