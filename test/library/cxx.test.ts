// SPDX-License-Identifier: MIT
//
// peermap.hpp: every .cc of this folder is one behaviour, which its file name says; plain, under the address and undefined-behaviour
// sanitizers, and built by other compilers for another standard.  And the example.

import * as assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import * as path from 'node:path';
import { folder, needs, run, segment } from './library';

const programs = readdirSync('test/library')
  .filter((file) => file.endsWith('.cc'))
  .map((file) => file.slice(0, -3));

const builds = { 'library, C++': 'build/native/library', 'library, C++, sanitized': 'build/native/asan/library' };

for (const [title, place] of Object.entries(builds)) {
  describe(title, () => {
    for (const program of programs) it(program.replaceAll('_', ' '), () => void run([`${place}/${program}`]));
  });
}

const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Werror'];
const words = 'native/examples/cxx/words.cc';

/** The example, built this way. */
function built(compiler: string, ...flags: string[]): string {
  const program = path.join(folder(), 'words');
  run([compiler, ...warnings, ...flags, '-Inative/include', words, 'build/native/libpeermap.a', '-pthread', '-o', program]);
  return program;
}

/** One process writes, another one reads; of so many words in all. */
function counted(writer: string[], reader: string[], distinct = 1000): void {
  const name = segment('words');
  const long = 'a-word-that-is-too-long-to-be-kept-in-the-string-itself';
  run([...writer, name, 'add', 'one', long, 'two', 'two']);
  run([
    ...writer,
    name,
    'add',
    long,
    ...Array.from({ length: 3 * distinct }, (_, i) => `filler-${String(i % distinct)}-${long}`),
  ]);
  const listed = run([...reader, name, 'list']).split('\n');
  assert.equal(listed.length, distinct + 3);
  assert.deepEqual(
    listed.filter((line) => !line.startsWith('filler')),
    [`${long} 2`, 'one 1', 'two 2'],
  );
  assert.ok(listed.includes(`filler-${String(distinct - 1)}-${long} 3`));
  run([...reader, name, 'forget']);
}

describe('library, C++ example', () => {
  before(needs('clang', ['clang'], 'clang++'));
  before(needs('valgrind', ['valgrind'], 'valgrind'));

  it('a map of strings is written by one process and read by another', () => {
    counted(['build/native/examples/cxx/words'], ['build/native/examples/cxx/words']);
  });

  it('the same under valgrind', () => {
    const watched = ['valgrind', '-q', '--error-exitcode=9', 'build/native/examples/cxx/words'];
    counted(watched, watched, 300);
  });

  it('the same under the address and undefined-behaviour sanitizers', () => {
    const program = [built('g++', '-std=c++17', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all')];
    counted(program, program);
  });

  it('the same by g++ as C++20 and by clang++ as C++17, which share one segment', () => {
    counted([built('g++', '-std=c++20', '-O2')], [built('clang++', '-std=c++17', '-O1')]);
  });
});
