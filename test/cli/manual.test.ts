// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Peer, root, testSegment } from '../peers/drive';
import { cleanUp, peermap, tool, well } from './cli';

const manual = 'native/cli/peermap.1';

interface Debian {
  ensure: (title: string, packages: string[], find: () => string | undefined) => string;
  onPath: (name: string) => string | undefined;
}

/** The program of a Debian package; without it, and without the right to install it, the test is skipped and says so. */
async function installed(test: Mocha.Context, program: string, packageName = program): Promise<string> {
  const script = pathToFileURL(path.join(root, 'scripts/debian.mjs')).href;
  const { ensure, onPath } = (await import(script)) as Debian;
  try {
    return ensure(program, [packageName], () => onPath(program));
  } catch (error) {
    console.log(`      skipped: ${error instanceof Error ? error.message : String(error)}`);
    return test.skip();
  }
}

async function commands(): Promise<string[]> {
  return [...(await well('--help')).matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
}

async function options(command: string): Promise<string[]> {
  return [...(await well(command, '--help')).matchAll(/^ {2}(--[a-z-]+) /gm)].map(([, name = '']) => name);
}

/** Runs a shell with our tool as `peermap`. */
function shell(program: string, script: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'peermap-test-'));
  try {
    const env = {
      ...process.env,
      PATH: `${path.dirname(path.resolve(tool.at(-1) ?? ''))}:${process.env['PATH']}`,
      HOME: folder,
      LC_ALL: 'C.UTF-8',
    };
    const { stdout, stderr, status } = spawnSync(program, ['-c', script], { encoding: 'utf8', env, cwd: root });
    if (status !== 0) throw new Error(`${program} ended with ${String(status)}: ${stderr}${stdout}`);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What bash offers after these words. */
function offered(...words: string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  return shell(
    'bash',
    `source native/cli/completions/bash/peermap; COMP_WORDS=(peermap ${list}); COMP_CWORD=${words.length}; _peermap; printf '%s\\n' "\${COMPREPLY[@]}"`,
  )
    .split('\n')
    .filter((word) => word !== '');
}

describe('cli: manual and completion', () => {
  afterEach(cleanUp);

  it('every command has help, and every option of it is in the manual', async () => {
    const text = readFileSync(manual, 'utf8').replaceAll('\\-', '-');
    const names = await commands();
    assert.ok(names.length >= 12);
    for (const name of names) {
      assert.match(text, new RegExp(`^\\.(It )?Cm .*\\b${name}\\b`, 'm'), name);
      for (const option of await options(name)) assert.ok(text.includes(` ${option.slice(1)}`), option);
    }
    assert.match(await well('--version'), /^peermap \d+\.\d+\.\d+\n$/);
  });

  it('usage errors end with 2 and a line that says what is wrong', async () => {
    for (const args of [
      [],
      ['nonsense'],
      ['show'],
      ['show', 'a', 'b'],
      ['ls', '--nonsense'],
      ['ls', '--force'],
      ['grow', 'a', 'much'],
      ['events', 'a', '--since'],
      ['ls', '--json=yes'],
    ]) {
      const { code, out, err } = await peermap(args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(out, '');
      assert.match(err, /^peermap: .*\n$/);
    }
    assert.equal((await peermap(['show', '--', '-x'])).code, 4);
  });

  it('usage errors name the help that has the answer, and what was perhaps meant', async () => {
    const said: [string[], string][] = [
      [['shwo'], 'there is no command shwo, did you mean show? See peermap --help'],
      [['dest'], 'there is no command dest, did you mean destroy? See peermap --help'],
      [['nonsense'], 'there is no command nonsense; see peermap --help'],
      [['create', 'a', '--resreve', '1G'], 'there is no option --resreve, did you mean --reserve? See peermap create --help'],
      [['ls', '-json'], 'there is no option -json, did you mean --json? See peermap ls --help'],
      [['ls', '--force'], 'ls has no option --force; see peermap ls --help'],
      [['show'], 'an argument is missing: peermap show NAME; see peermap show --help'],
    ];
    for (const [args, sentence] of said) {
      const { code, err } = await peermap(args);
      assert.deepEqual([code, err], [2, `peermap: ${sentence}\n`]);
    }
  });

  it('help ends no line with a blank', async () => {
    for (const name of ['', ...(await commands())])
      assert.doesNotMatch(await well(...(name ? [name] : []), '--help'), /[ \t]$/m, name);
  });

  it('with --json every command that fails says so in one form on standard output', async () => {
    const missing = testSegment();
    const there = testSegment();
    await well('create', there);
    for (const [args, code, status] of [
      [['create', there], 'PEERMAP_EEXIST', 1],
      [['show', missing], 'PEERMAP_ENOENT', 4],
      [['events', missing, '--follow'], 'PEERMAP_ENOENT', 4],
      [['watch', missing], 'PEERMAP_ENOENT', 4],
      [['grow', missing, '64K'], 'PEERMAP_ENOENT', 4],
      [['destroy', missing], 'PEERMAP_ENOENT', 4],
      [['destroy', 'a/b'], 'PEERMAP_ENAME', 2],
      [['reap', missing], 'PEERMAP_ENOENT', 4],
      [['trim', there], 'PEERMAP_EINVAL', 1],
      [['ls', '--nonsense'], 'usage', 2],
      [['nonsense'], 'usage', 2],
      [['destroy', there, '--readonly'], 'readonly', 3],
    ] as const) {
      const { code: ended, out, err } = await peermap([...args, '--json']);
      const { error } = JSON.parse(out) as { error: { code: string; text: string } };
      assert.deepEqual([error.code, ended], [code, status], args.join(' '));
      assert.ok(error.text !== '' && err.startsWith('peermap: '), args.join(' '));
    }
    const { out, err } = await peermap(['show', 'a/b']);
    assert.deepEqual([out, err.match(/a\/b/g)?.length], ['', 1]);
  });

  it('the manual is well formed', async function () {
    const groff = await installed(this, 'groff', 'groff-base');
    const { stderr, status } = spawnSync(groff, ['-Tutf8', '-ww', '-z', '-mandoc', manual], { encoding: 'utf8' });
    assert.equal(status, 0);
    assert.equal(stderr, '');
    const mandoc = await installed(this, 'mandoc');
    const lint = spawnSync(mandoc, ['-T', 'lint', '-W', 'warning', manual], { encoding: 'utf8' });
    assert.equal(lint.stdout, '');
  });

  it('bash completes commands, options, segments and peers', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    assert.deepEqual(offered('').sort(), (await commands()).sort());
    assert.deepEqual(offered('de'), ['destroy']);
    assert.deepEqual(
      offered('show', name.slice(0, -1)).filter((word) => word === name),
      [name],
    );
    assert.deepEqual(offered('grow', '--deadline', '5', name), [name]);
    assert.deepEqual(offered('grow', name, '--allow').sort(), ['--allow-late']);
    assert.deepEqual(offered('create', '--').sort(), (await options('create')).sort());
    assert.ok(offered('grow', name, '').includes('+25%'));
    assert.deepEqual(offered('remap', name, ''), [String(alpha.pid)]);
    assert.deepEqual(offered('create', ''), []);
    assert.deepEqual(offered('show', '--', '--'), []);
    assert.deepEqual(offered('show', '--', name), [name]);
    assert.deepEqual(offered('create', '--directory', 'nati'), ['native']);
    assert.deepEqual(offered('dump', name, 'README'), ['README.md']);
    assert.deepEqual(offered('load', 'README'), ['README.md']);
    await alpha.ask('root prices 4096 40 double[5]');
    assert.deepEqual(offered('hexdump', name, ''), ['prices']);
  });

  it('zsh reads its completion, and finds commands and options with what they are for', async function () {
    const zsh = await installed(this, 'zsh');
    const stubs = `
      _describe() { local -a list; list=("\${(@P)2}"); print -rl -- $list }
      compadd() { print -rl -- "$@" }
      ask() { words=(peermap "$@"); CURRENT=$#words; PREFIX=$words[-1]; source native/cli/completions/zsh/_peermap }`;
    const all = shell(zsh, `${stubs}\nask ''`).trimEnd().split('\n');
    assert.deepEqual(all.map((line) => line.split(':')[0]).sort(), (await commands()).sort());
    assert.ok(all.includes('grow:add memory, in every peer'), all.join('\n'));
    assert.ok(all.includes('remap:replace the mappings of one peer, or of all'), all.join('\n'));
    const flags = shell(zsh, `${stubs}\nask create --`).trimEnd().split('\n');
    assert.deepEqual(flags.map((line) => line.split(':')[0]).sort(), (await options('create')).sort());
  });

  it('fish reads its completion, and offers commands, segments and options', async function () {
    const fish = await installed(this, 'fish');
    const name = testSegment();
    await well('create', name);
    const ask = (line: string) =>
      shell(fish, `source native/cli/completions/fish/peermap.fish; complete -C '${line}'`)
        .trimEnd()
        .split('\n')
        .map((one) => one.split('\t'));
    assert.deepEqual(
      ask('peermap ')
        .map(([word]) => word)
        .sort(),
      (await commands()).sort(),
    );
    assert.ok(ask('peermap show ').some(([word]) => word === name));
    assert.ok(ask('peermap show -- ').some(([word]) => word === name));
    assert.ok(!ask('peermap show -- -').some(([word]) => word === '--json'));
    assert.deepEqual(
      ask('peermap create --')
        .map(([word]) => word)
        .sort(),
      (await options('create')).sort(),
    );
  });

  it('is installed under a prefix, and removed again', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'peermap-test-'));
    const make = (target: string) => {
      const { status, stderr } = spawnSync('make', ['-C', 'native', target, `DESTDIR=${folder}`, 'PREFIX=/opt/p'], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
    };
    const files = [
      'bin/peermap',
      'share/man/man1/peermap.1',
      'share/bash-completion/completions/peermap',
      'share/zsh/site-functions/_peermap',
      'share/fish/vendor_completions.d/peermap.fish',
    ];
    const there = () => files.filter((file) => statSync(path.join(folder, 'opt/p', file), { throwIfNoEntry: false }));
    try {
      make('install-cli');
      assert.deepEqual(there(), files);
      assert.match(spawnSync(path.join(folder, 'opt/p/bin/peermap'), ['--version'], { encoding: 'utf8' }).stdout, /^peermap /);
      make('uninstall-cli');
      assert.deepEqual(there(), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
