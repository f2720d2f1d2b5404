// SPDX-License-Identifier: MIT
//
// peermap.hpp: every .cc of this folder is one behaviour, which its file name says; plain, under the address and undefined-behaviour
// sanitizers, and built by other compilers for another standard.  And the example.

import * as assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
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

/** What a compiler says of a file, which it shall refuse. */
function refusals(compiler: string, source: string): string {
  const { status, stderr } = spawnSync(compiler, ['-std=c++17', '-Inative/include', '-fsyntax-only', source], {
    encoding: 'utf8',
  });
  assert.notEqual(status, 0);
  return stderr;
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

describe('library, C++, by other compilers', () => {
  before(needs('clang', ['clang'], 'clang++'));

  const bare = 'test/library/bare/without_exceptions_and_rtti.cc';
  for (const compiler of ['g++', 'clang++']) {
    it(`${compiler} refuses what the next process could not use in one sentence each, and says nothing else`, () => {
      const source = 'test/library/refused/unfit.cc';
      const expected = [...readFileSync(source, 'utf8').matchAll(/; +\/\/ (.*)$/gm)].map(([, begin = '']) => begin);
      assert.ok(expected.length > 12);
      const said = [...refusals(compiler, source).matchAll(/ error: (.*)$/gm)].map(([, line = '']) => line);
      for (const line of said)
        assert.ok(
          expected.some((begin) => line.includes(`peermap: ${begin}`)),
          line,
        );
      for (const begin of expected) assert.equal(said.filter((line) => line.includes(`peermap: ${begin}`)).length, 1, begin);
    });

    it(`${compiler}, without exceptions and without RTTI`, () => {
      const program = path.join(folder(), 'bare');
      const flags = ['-std=c++17', '-fno-exceptions', '-fno-rtti', ...warnings, '-Inative/include'];
      run([compiler, ...flags, bare, 'build/native/libpeermap.a', '-pthread', '-o', program]);
      assert.equal(run([program, segment('bare')]), 'well');
      assert.throws(() => run([program, segment('bare'), 'ends']), /SIGABRT[^]*root "prices" is "double\[10\]", not "int"/);
    });
  }

  it('text stands for keys also as C++20 by clang++', () => {
    const program = path.join(folder(), 'text');
    const source = 'test/library/text_stands_for_keys.cc';
    run([
      'clang++',
      '-std=c++20',
      ...warnings,
      '-Inative/include',
      source,
      'build/native/libpeermap.a',
      '-pthread',
      '-o',
      program,
    ]);
    run([program]);
  });
});

describe('library, C++ example', () => {
  before(needs('clang', ['clang'], 'clang++'));
  before(needs('valgrind', ['valgrind'], 'valgrind'));

  it('a map of strings is written by one process and read by another', () => {
    counted(['build/native/examples/cxx/words'], ['build/native/examples/cxx/words']);
  });

  it('it may be killed anywhere, and again and again', async () => {
    const name = segment('words');
    const program = 'build/native/examples/cxx/words';
    const all = Array.from({ length: 5000 }, (_, i) => `${String(i)}-a-word-that-is-too-long-to-be-kept-in-the-string-itself`);
    for (let turn = 0; turn < 12; turn++) {
      const child = spawn(program, [name, 'add', ...all], { stdio: 'ignore' });
      const ended = once(child, 'exit');
      await new Promise((resolve) => setTimeout(resolve, 2 + 2 * turn));
      child.kill('SIGKILL');
      await ended;
    }
    run([program, name, 'add', 'last']);
    assert.ok(run([program, name, 'list']).split('\n').includes('last 1'));
    run([program, name, 'forget']);
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
