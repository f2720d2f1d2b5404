// SPDX-License-Identifier: MIT
//
// The library as two files, and what makes them.

import * as assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { folder, make, needs, root, run, segment } from './library';

const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Werror'];

/** A folder with the two files and grows.c, as the file name says in which language, and nothing else. */
function project(program = 'grows.c'): string {
  make('dropin');
  const place = folder();
  for (const file of ['peermap.h', 'peermap.c']) copyFileSync(`build/native/dropin/${file}`, path.join(place, file));
  copyFileSync('test/library/grows.c', path.join(place, program));
  return place;
}

function builtWith(compiler: string, ...flags: string[]): string {
  const place = project();
  run([compiler, '-std=c11', ...warnings, ...flags, '-I.', 'grows.c', 'peermap.c', '-pthread', '-o', 'grows'], { cwd: place });
  return path.join(place, 'grows');
}

/** What the generator makes of these sources, compiled, or what it says of them. */
function amalgam(sources: Record<string, string>): string {
  const place = folder();
  mkdirSync(path.join(place, 'base'));
  for (const [name, text] of Object.entries(sources)) writeFileSync(path.join(place, 'base', name), text);
  const files = Object.keys(sources).filter((name) => name.endsWith('.c'));
  writeFileSync(path.join(place, 'peermap.h'), '');
  const script = path.join(root, 'native/dropin/amalgamate.py');
  run(['python3', script, 'peermap.c', 'base', '--', ...files.map((name) => `base/${name}`)], { cwd: place });
  run(['cc', '-std=c11', ...warnings, '-I.', '-c', 'peermap.c'], { cwd: place });
  return run(['nm', '-g', '--defined-only', 'peermap.o'], { cwd: place }).replaceAll(/^\S+ \S /gm, '');
}

describe('library, dropped in', () => {
  before(needs('clang', ['clang'], 'clang'));
  before(needs('musl', ['musl-tools'], 'musl-gcc'));

  for (const compiler of ['gcc', 'clang', 'musl-gcc']) {
    for (const level of compiler === 'gcc' ? ['-O0', '-O3'] : ['-O1']) {
      it(`${compiler} ${level} compiles the two files without a warning, and the program runs`, () => {
        assert.match(run([builtWith(compiler, level), segment('dropin')]), /^found again, 1048576 bytes more/);
      });
    }
  }

  it('has one header for C++, which is all that a program needs of it', () => {
    const place = project();
    copyFileSync('build/native/dropin/peermap.hpp', path.join(place, 'peermap.hpp'));
    const source = readFileSync('test/library/bare/without_exceptions_and_rtti.cc', 'utf8').replaceAll(
      /#include <peermap\w*\.hpp>\n/g,
      '#include "peermap.hpp"\n',
    );
    writeFileSync(path.join(place, 'one.cc'), source.replace('defined __cpp_exceptions || defined __cpp_rtti', '0'));
    writeFileSync(path.join(place, 'two.cc'), '#include "peermap.hpp"\n#include "peermap.hpp"\n');
    run(['cc', '-std=c11', ...warnings, '-c', 'peermap.c'], { cwd: place });
    run(['g++', '-std=c++17', ...warnings, 'one.cc', 'two.cc', 'peermap.o', '-pthread', '-o', 'program'], { cwd: place });
    assert.equal(run([path.join(place, 'program'), segment('dropin')]), 'well');
  });

  it('a C++17 program links with it', () => {
    const place = project('grows.cc');
    run(['cc', '-std=c11', ...warnings, '-c', 'peermap.c'], { cwd: place });
    run(['g++', '-std=c++17', ...warnings, '-I.', 'grows.cc', 'peermap.o', '-pthread', '-o', 'grows'], { cwd: place });
    assert.match(run([path.join(place, 'grows'), segment('dropin')]), /^found again/);
  });

  it('runs under the address and undefined-behaviour sanitizers', () => {
    const program = builtWith('gcc', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all');
    assert.match(run([program, segment('dropin')]), /^found again/);
  });

  it('has exactly the functions of peermap.h for the rest of the program', () => {
    const place = project();
    run(['cc', '-std=c11', '-c', 'peermap.c'], { cwd: place });
    const defined = run(['nm', '-g', '--defined-only', 'peermap.o'], { cwd: place }).split('\n');
    const names = defined.map((line) => line.split(' ').at(-1) ?? '').sort();
    const header = readFileSync('native/include/peermap.h', 'utf8');
    const declared = new Set([...header.matchAll(/^PEERMAP_API [^(]*?\b(peermap_\w+)\(/gm)].map(([, name]) => name));
    assert.deepEqual(names, [...declared].sort());
  });
});

describe('library, two files made of many', () => {
  it('keeps apart what several files call by one name: functions, variables, types, constants, macros', () => {
    const source = (own: number) =>
      `
      #include "all.h"
      #define LIMIT ${own}
      #define scaled(x) ((x) * LIMIT)
      enum { FEW = ${own}, MANY = FEW + LIMIT };
      struct place { int find; int count[MANY]; int (*each)(int); };
      static int count = ${own}, *_unused_${own};
      static int find(struct place *place) { return place->find + count + scaled(FEW) + (int)sizeof(place->count); }
      int pm_all_${own}(void) { struct place place = { .find = 1 }; (void)_unused_${own}; return find(&place) + pm_common; }
      int peermap_${own}(void) { return pm_all_1() + pm_all_2(); }`.replace(
        `, *_unused_${own}`,
        `;\n static int *_unused_${own}`,
      );
    const names = amalgam({
      'all.h':
        '#ifndef ALL_H\n#define ALL_H\nextern int pm_common;\nint pm_all_1(void);\nint pm_all_2(void);\n#include "peermap.h"\nint peermap_1(void);\nint peermap_2(void);\n#endif\n',
      'one.c': source(1),
      'two.c': `${source(2)}\nint pm_common = 7;\n`,
    });
    assert.equal(names, 'peermap_1\npeermap_2');
  });

  const wrong: Record<string, [Record<string, string>, RegExp]> = {
    'a name that two files give to all others': [
      { 'one.c': 'int pm_x(void) { return 1; }\n', 'two.c': 'int pm_x(void) { return 2; }\n' },
      /base\/two\.c:1: pm_x is defined in base\/one\.c as well/,
    ],
    'a name that would be the whole program’s': [
      { 'one.c': 'int size(void) { return 1; }\n' },
      /base\/one\.c:1: size is neither static nor named pm_/,
    ],
    'a macro of a header that a file has for itself': [
      { 'all.h': '#define FEW 1\n', 'one.c': '#include "all.h"\nstatic int FEW(void);\n' },
      /base\/one\.c has a FEW of its own, which base\/all\.h defines as a macro/,
    ],
    'a brace that only one side of a condition opens': [
      { 'one.c': '#ifdef A\nstatic int f(void) {\n#else\nstatic int g(void) {\n#endif\nreturn 1; }\n' },
      /base\/one\.c:\d+: what begins here does not end/,
    ],
    'a header that is nowhere': [{ 'one.c': '#include "lost.h"\n' }, /base\/one\.c:1: "lost\.h" is in none of base/],
  };
  for (const [what, [sources, said]] of Object.entries(wrong))
    it(`refuses ${what}`, () => assert.throws(() => amalgam(sources), said));
});
