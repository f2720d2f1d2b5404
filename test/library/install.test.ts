// SPDX-License-Identifier: MIT
//
// The library as an installed thing: what is where, and who finds it.

import * as assert from 'node:assert/strict';
import { copyFileSync, cpSync, readFileSync, readdirSync, readlinkSync, renameSync } from 'node:fs';
import * as path from 'node:path';
import { folder, make, needs, run, segment } from './library';

const library = 'test/library';

/** Files and links below a folder, sorted. */
function filesIn(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(place, path.join(entry.parentPath, entry.name)))
    .sort();
}

function installed(...words: string[]): string {
  const prefix = path.join(folder(), 'prefix');
  make('install', `PREFIX=${prefix}`, ...words);
  return prefix;
}

/** Compiles grows.c with what pkg-config says, and runs it. */
function throughPkgConfig(lib: string, linking: 'shared' | 'static'): string {
  const program = path.join(folder(), 'grows');
  const env = { PKG_CONFIG_PATH: path.join(lib, 'pkgconfig'), LD_LIBRARY_PATH: lib };
  const words = run(['pkg-config', ...(linking === 'static' ? ['--static'] : []), '--cflags', '--libs', 'peermap'], { env });
  const flags = words.split(/\s+/);
  run(['cc', '-std=c11', `${library}/grows.c`, '-o', program, ...flags, ...(linking === 'static' ? ['-static'] : [])]);
  const needed = run(['readelf', '-d', program]);
  assert.equal(needed.includes('libpeermap.so.0.2]'), linking === 'shared');
  return run([program, segment('pkg')], { env });
}

/** Configures and builds consumer.cmake against the package in `lib`, and runs both programs. */
function throughCMake(lib: string): void {
  const place = folder();
  copyFileSync(`${library}/consumer.cmake`, path.join(place, 'CMakeLists.txt'));
  copyFileSync(`${library}/grows.c`, path.join(place, 'grows.c'));
  run(['cmake', '-S', place, '-B', path.join(place, 'build'), `-Dpeermap_DIR=${lib}/cmake/peermap`]);
  run(['cmake', '--build', path.join(place, 'build')]);
  for (const program of ['with-peermap', 'with-static'])
    assert.match(run([path.join(place, 'build', program), segment('cmake')], { env: { LD_LIBRARY_PATH: lib } }), /found again/);
}

describe('library, installed', () => {
  before(needs('pkg-config', ['pkg-config'], 'pkg-config'));
  before(needs('CMake', ['cmake'], 'cmake'));

  it('has one version, that of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const header = readFileSync('native/include/peermap.h', 'utf8');
    assert.equal(/^#define PEERMAP_VERSION "(.*)"$/m.exec(header)?.[1], version);
    const prefix = installed();
    const [major = '', minor = '', patch = ''] = version.split('.');
    const number = /^#define PEERMAP_VERSION_NUMBER (\d+) /m.exec(header)?.[1];
    assert.equal(Number(number), Number(major) * 10_000 + Number(minor) * 100 + Number(patch));
    assert.equal(readlinkSync(path.join(prefix, 'lib/libpeermap.so.0.2')), `libpeermap.so.${version}`);
    assert.match(readFileSync(path.join(prefix, 'lib/pkgconfig/peermap.pc'), 'utf8'), new RegExp(`^Version: ${version}$`, 'm'));
  });

  it('exports what its header declares, under the version of its name, and nothing else', () => {
    const names = run(['nm', '-D', '--defined-only', path.join(installed(), 'lib/libpeermap.so.0.2')])
      .split('\n')
      .map((line) => line.split(' ').at(-1) ?? '');
    const header = readFileSync('native/include/peermap.h', 'utf8');
    const declared = [...header.matchAll(/^PEERMAP_API [^;(]*?\b(peermap_\w+)\(/gm)].map(([, name]) => name);
    assert.deepEqual(
      names.sort(),
      declared
        .map((name) => `${name ?? ''}@@PEERMAP_0.2`)
        .concat('PEERMAP_0.2')
        .sort(),
    );
  });

  it('exports nothing from a plugin that it is linked into', () => {
    const plugin = path.join(folder(), 'plugin.so');
    run([
      'cc',
      '-shared',
      '-fPIC',
      '-Inative/include',
      'test/native/plugins/copy.c',
      path.join(installed(), 'lib/libpeermap.a'),
      '-pthread',
      '-o',
      plugin,
    ]);
    assert.doesNotMatch(run(['nm', '-D', '--defined-only', plugin]), / (peermap|pm)_/);
  });

  it('has no names in its archive but peermap_* and pm_*', () => {
    const names = run(['nm', '-g', '--defined-only', path.join(installed(), 'lib/libpeermap.a')])
      .split('\n')
      .map((line) => /^[0-9a-f]+ \S (\S+)$/.exec(line)?.[1] ?? 'peermap_')
      .filter((name) => !/^(peermap|pm)_/.test(name));
    assert.deepEqual(names, []);
  });

  for (const linking of ['shared', 'static'] as const) {
    it(`is found by pkg-config, ${linking}`, () => {
      assert.match(throughPkgConfig(path.join(installed(), 'lib'), linking), /^found again, 1048576 bytes more, by version/);
    });
  }

  it('is found by CMake, shared and static, and not as another version', () => {
    throughCMake(path.join(installed(), 'lib'));
  });

  it('is found where its tree was moved to', () => {
    const before = installed('LIBDIR=$(PREFIX)/lib/some-linux-gnu');
    const prefix = path.join(folder(), 'moved');
    renameSync(before, prefix);
    const lib = path.join(prefix, 'lib/some-linux-gnu');
    assert.match(throughPkgConfig(lib, 'shared'), /found again/);
    throughCMake(lib);
  });

  it('goes below DESTDIR, each part to its own folder, and all of it goes away again', () => {
    const destination = folder();
    const words = [`DESTDIR=${destination}`, 'PREFIX=/opt/p', 'LIBDIR=/l', 'INCLUDEDIR=/i', 'MANDIR=/m'];
    make('install', ...words);
    const files = filesIn(destination);
    for (const file of [
      'i/peermap.h',
      'l/libpeermap.a',
      'l/libpeermap.so',
      'l/pkgconfig/peermap.pc',
      'l/cmake/peermap/peermap-config.cmake',
      'm/man1/peermap.1',
      'm/man3/peermap.3',
      'm/man3/peermap_alloc.3',
      'm/man3/peermap_calloc.3',
      'm/man3/peermap_round.3',
    ])
      assert.ok(files.includes(file), file);
    assert.match(readFileSync(path.join(destination, 'l/pkgconfig/peermap.pc'), 'utf8'), /^libdir=\/l$/m);
    make('uninstall', ...words);
    assert.deepEqual(filesIn(destination), []);
  });

  it('says what went where, and what is to be set so that it is found: nothing where it is', () => {
    const prefix = path.join(folder(), 'prefix');
    const told = (env: Record<string, string>, ...words: string[]) =>
      run(['make', '--no-print-directory', '-C', 'native', 'install', ...words], {
        env: { MAKEFLAGS: '', PKG_CONFIG_PATH: '', LD_LIBRARY_PATH: '', ...env },
      });
    const all = told({}, `PREFIX=${prefix}`);
    assert.match(all, new RegExp(`^peermap [0-9.]+ is installed: .*${prefix}/include.*${prefix}/lib,\n.*${prefix}/bin`));
    const [, pkgConfig = '', linking = '', shell = ''] =
      /pkg-config finds it: +(export .*)\n.*: +link them with (\S+), or run.*\n.*: +(export .*)$/.exec(all) ?? [];
    const build = 'cc -std=c11 test/library/grows.c $(pkg-config --cflags --libs peermap)';
    run([
      'sh',
      '-ec',
      `${pkgConfig}; ${shell}; ${build} ${linking} -o ${prefix}/grows; ${prefix}/grows ${segment('told')}; peermap --version`,
    ]);
    const found = {
      PKG_CONFIG_PATH: `${prefix}/lib/pkgconfig`,
      LD_LIBRARY_PATH: `${prefix}/lib`,
      PATH: `${String(process.env['PATH'])}:${prefix}/bin`,
    };
    assert.equal(told(found, `PREFIX=${prefix}`).split('\n').length, 2);
    assert.match(
      told({}, 'PREFIX=/opt/p', `DESTDIR=${prefix}/below`),
      new RegExp(`^peermap \\S+ is installed below ${prefix}/below: .*\n.*$`),
    );
  });

  it('goes without its manual, and says so, where there is no python3', () => {
    const destination = folder();
    assert.match(make('install', `DESTDIR=${destination}`, 'PYTHON='), /^without the manual of section 3/m);
    const files = filesIn(destination);
    assert.ok(files.includes('usr/local/include/peermap.h') && files.includes('usr/local/share/man/man1/peermap.1'));
    assert.ok(!files.some((file) => file.includes('/man3/')));
  });

  it('is built and installed in a clone that has neither Node nor npm packages', () => {
    const clone = folder();
    cpSync('native', path.join(clone, 'native'), { recursive: true });
    const bare = { env: { PATH: '/usr/bin:/bin', MAKEFLAGS: '', NODE: '/nonexistent' } };
    const folders = ['-C', path.join(clone, 'native')];
    run(['make', '-j2', ...folders, 'lib'], bare);
    run(['make', ...folders, 'install', `PREFIX=${clone}/prefix`], bare);
    assert.match(throughPkgConfig(`${clone}/prefix/lib`, 'shared'), /found again/);
  });
});
