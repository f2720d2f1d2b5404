// SPDX-License-Identifier: MIT
//
// Runs every test of the files of this folder by itself, with the compiled module under the system's Python, and without it under the one on the PATH, or that one too
// where there is no other; then installs the package, and the wheel with the library in it, into folders of their own.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { atExit } from '../at-exit';
import { run } from '../program';

const mark = String(process.pid);
const folder = mkdtempSync(join(tmpdir(), 'peermap-python-'));
atExit(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const left of globSync(`/dev/shm/peermap.test-python-${mark}-*`)) rmSync(left, { force: true });
});

const library = resolve('build/native/libpeermap.so');
const environment = {
  ...process.env,
  PEERMAP_TEST: mark,
  PEERMAP_LIBRARY: library,
  PEERMAP_INCLUDE: resolve('native/include'),
  PYTHONDONTWRITEBYTECODE: '1',
};

interface Debian {
  ensure: (title: string, packages: string[], find: () => true | undefined) => true;
}

interface Python {
  version: string;
  path: string;
}

/** Each version once. */
function pythons(): Python[] {
  const found = new Map<string, string>();
  for (const path of ['/usr/bin/python3', 'python3']) {
    try {
      const version = execFileSync(path, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], {
        encoding: 'utf8',
      }).trim();
      if (!found.has(version)) found.set(version, path);
    } catch {
      // none there
    }
  }
  return [...found].map(([version, path]) => ({ version, path }));
}

function tests(file: string): { id: string; title: string }[] {
  const source = readFileSync(`test/python/${file}`, 'utf8');
  const [, group = ''] = /^class (\w+)\(/m.exec(source) ?? [];
  return [...source.matchAll(/^ {4}def test_(\w+)/gm)].map(([, name = '']) => ({
    id: `${basename(file, '.py')}.${group}.test_${name}`,
    title: name.replaceAll('_', ' '),
  }));
}

async function ensureFor(path: string, title: string, packages: string[], find: () => true | undefined): Promise<void> {
  if (path !== '/usr/bin/python3') return;
  const script = pathToFileURL(resolve('scripts/debian.mjs')).href;
  const { ensure } = (await import(script)) as Debian;
  ensure(title, packages, find);
}

/** numpy belongs to the system's Python. */
async function ensureNumpy(path: string): Promise<void> {
  const has = () => {
    try {
      execFileSync(path, ['-c', 'import numpy'], { stdio: 'ignore' });
      return true;
    } catch {
      return undefined;
    }
  };
  await ensureFor(path, 'numpy', ['python3-numpy'], has);
}

/** What the wheel has in it, unpacked. */
async function unpackWheel(path: string): Promise<string> {
  const target = join(folder, 'compiled');
  const headers = () => (execFileSync(path, ['-c', HEADERS], { encoding: 'utf8' }).trim() === 'True' ? true : undefined);
  await ensureFor(path, 'the headers of Python', ['python3-dev'], headers);
  const wheel = execFileSync(path, ['native/python/wheel.py', library, folder], { encoding: 'utf8' }).trim();
  execFileSync(path, ['-m', 'zipfile', '-e', wheel, target]);
  return target;
}

const HEADERS = 'import os, sysconfig; print(os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))';

/** Each with the compiled module or without, so that either is tested, and no Python twice where there are two. */
const found = pythons();
const [first] = found;
const runs = first
  ? [
      { ...first, compiled: true },
      { ...(found[1] ?? first), compiled: false },
    ]
  : [];

for (const { version, path, compiled } of runs) {
  describe(`Python ${version}, ${compiled ? 'compiled' : 'by ctypes'}`, () => {
    let source = resolve('native/python');

    before(async function () {
      this.timeout(600_000);
      if (path === '/usr/bin/python3') await ensureNumpy(path);
      if (compiled) source = await unpackWheel(path);
      const env = { ...environment, PYTHONPATH: source };
      const said = execFileSync(path, ['-c', 'import peermap; print(peermap.compiled)'], { encoding: 'utf8', env });
      assert.equal(said.trim(), compiled ? 'True' : 'False');
    });

    for (const file of readdirSync('test/python').filter((name) => name.endsWith('.py') && name !== 'common.py')) {
      for (const { id, title } of tests(file)) {
        it(title, async function () {
          const { code, stdout, stderr } = await run(path, ['-m', 'unittest', '-v', id], 170_000, {
            ...environment,
            PYTHONPATH: [source, resolve('test/python')].join(':'),
          });
          const [, reason] = /skipped '(.*)'/.exec(stderr) ?? [];
          if (reason !== undefined) {
            console.log(`      skipped: ${reason}`);
            this.skip();
          }
          assert.ok(code === 0 && /^Ran 1 test/m.test(stderr), `${id} ended with ${String(code)}\n${stdout}${stderr}`);
        });
      }
    }
  });
}

describe('Python package', () => {
  const path = '/usr/bin/python3';
  const hello = `
import peermap, peermap._library
name = "test-python-${mark}-installed"
with peermap.create(name, peer_name="one") as segment:
    segment.grow(4096)
    segment.memory[0:5] = b"hello"
    print(bytes(segment.memory[0:5]).decode(), peermap._library.library.path, peermap.__file__)
peermap.unlink(name)`;

  function install(target: string, ...what: string[]): void {
    // For a target, and with nothing from outside.
    const options = [
      'install',
      '--quiet',
      '--no-index',
      '--no-deps',
      '--disable-pip-version-check',
      '--no-cache-dir',
      '--no-warn-script-location',
    ];
    const env = { ...process.env, HOME: folder, PIP_BREAK_SYSTEM_PACKAGES: '1', PIP_ROOT_USER_ACTION: 'ignore' };
    execFileSync(path, ['-m', 'pip', ...options, '--target', target, ...what], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }

  async function greet(target: string, more: NodeJS.ProcessEnv): Promise<string[]> {
    const env = { PATH: process.env['PATH'], HOME: folder, PYTHONPATH: target, PYTHONDONTWRITEBYTECODE: '1', ...more };
    const { code, stdout, stderr } = await run(path, ['-c', hello], 170_000, env);
    assert.equal(code, 0, stderr);
    return stdout.trim().split(' ');
  }

  before(function () {
    try {
      execFileSync(path, ['-c', 'import setuptools, wheel, pip'], { stdio: 'ignore' });
    } catch {
      console.log(`      skipped: ${path} has no pip, setuptools and wheel`);
      this.skip();
    }
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("has the extension's version", () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    assert.equal(/^version = (.*)$/m.exec(readFileSync('native/python/setup.cfg', 'utf8'))?.[1], version);
  });

  it('installs from its folder, and finds the library that it is told', async () => {
    const source = join(folder, 'source');
    cpSync('native/python', source, { recursive: true });
    const target = join(folder, 'pure');
    install(target, '--no-build-isolation', source);
    assert.deepEqual(await greet(target, { PEERMAP_LIBRARY: library }), ['hello', library, join(target, 'peermap/__init__.py')]);
    assert.ok(readdirSync(join(target, 'peermap')).includes('py.typed'));
    const none = await run(path, ['-c', 'import peermap'], 170_000, { PATH: process.env['PATH'], PYTHONPATH: target });
    assert.match(none.stderr, /ImportError: libpeermap.so was not found: .*PEERMAP_LIBRARY/);
  });

  it('installs from a wheel that has the library in it', async () => {
    const wheel = execFileSync(path, ['native/python/wheel.py', library, folder], { encoding: 'utf8' }).trim();
    const target = join(folder, 'wheel');
    install(target, wheel);
    const [word, from] = await greet(target, {});
    assert.deepEqual([word, from], ['hello', join(target, 'peermap/libpeermap.so.0.2')]);
  });
});
