// SPDX-License-Identifier: MIT
//
// peermap_boost.hpp: every .cc of boost/ is one behaviour, which its file name says; plain, and in `npm run test:long` under the address and
// undefined-behaviour sanitizers.

import { readdirSync } from 'node:fs';
import * as path from 'node:path';
import { long } from '../long';
import { folder, needs, run } from './library';

const builds: Record<string, string[]> = {
  'g++, C++17': ['g++', '-std=c++17', '-O1'],
  'clang++, C++20': ['clang++', '-std=c++20', '-O0'],
  'g++, sanitized': ['g++', '-std=c++17', '-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
};
const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Werror'];

describe('library, Boost.Interprocess', () => {
  before(needs('Boost', ['libboost-dev'], '/usr/include/boost/interprocess/managed_external_buffer.hpp'));
  before(needs('clang', ['clang'], 'clang++'));

  for (const source of readdirSync('test/library/boost')) {
    const title = path.basename(source, '.cc').replaceAll('_', ' ').replace('boost', 'Boost');
    for (const [build, words] of Object.entries(builds)) {
      if (build.endsWith('sanitized') !== long) continue;
      it(`${title} (${build})`, () => {
        const program = path.join(folder(), 'program');
        const files = [`test/library/boost/${source}`, 'build/native/libpeermap.a'];
        run([...words, ...warnings, '-Inative/include', ...files, '-pthread', '-o', program]);
        run([program]);
      });
    }
  }
});
