// SPDX-License-Identifier: MIT
//
// docs/abilities.md: every name in the table is one of its language, every function of the header is in it, and no hole is without its reason.

import { strict as assert } from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const text = readFileSync('docs/abilities.md', 'utf8');
const [header = [], , ...rows] = text
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
const abilities = rows.filter(([title = '']) => !title.startsWith('**'));
const notes = new Map([...text.matchAll(/^\[\^(\w+)\]: (.*)$/gm)].map(([, name = '', words = '']) => [name, words]));

const namesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
const notesIn = (cell: string): string[] => [...cell.matchAll(/\[\^(\w+)\]/g)].map(([, name = '']) => name);
const column = (title: string): string[] => abilities.flatMap((row) => namesIn(row[header.indexOf(title)] ?? ''));

/** Those that are not there. */
const missing = (names: string[], source: string): string[] =>
  names.filter((name) => !new RegExp(`\\b${/(\w+)\W*$/.exec(name.replace(/<.*>/, ''))?.[1] ?? '?'}\\b`).test(source));

const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const inPython = `
import sys, peermap
for name in sys.argv[1:]:
    if name.endswith("="):
        there = name[:-1] in peermap.Options.__annotations__
    elif name.startswith("peermap."):
        there = hasattr(peermap, name[8:])
    else:
        there = hasattr(peermap.Segment, name)
    if not there:
        print(name)
`;

const inNode = `
const module = require(process.argv[1]);
const { Segment } = module;
const segment = Segment.create('test-abilities-' + process.pid, { heap: true });
const object = segment.alloc(8);
for (const name of process.argv.slice(2)) {
  const there = name.startsWith('Segment.') ? name.slice(8) in Segment : name in segment || name in object || name in module;
  if (!there) console.log(name);
}
segment.detach();
module.unlink(segment.name);
`;

describe('the table of abilities', () => {
  it('has something, or a reason, in every place, and no reason for nothing', () => {
    for (const row of abilities) {
      assert.equal(row.length, header.length, row[0]);
      for (const cell of row.slice(1)) {
        assert.ok(namesIn(cell).length > 0 || notesIn(cell).length > 0, `${row[0]}: an empty place`);
        assert.match(cell, /^((`[^`]+`|\[\^\w+\])( |$))+$/, `${row[0]}: ${cell}`);
        for (const note of notesIn(cell)) assert.ok((notes.get(note) ?? '').length > 40, `${row[0]}: [^${note}] is no reason`);
      }
    }
    for (const note of notes.keys()) assert.match(text, new RegExp(`\\[\\^${note}\\](?!:)`), `nothing has the reason ${note}`);
  });

  it('has every function of the header, and no other', () => {
    const source = readFileSync('native/include/peermap.h', 'utf8');
    const declared = [...source.matchAll(/^PEERMAP_API [^;(]*?\b(peermap_\w+)\(/gm)].map(([, name = '']) => name);
    const named = column('C');
    assert.ok(declared.length > 50);
    assert.deepEqual(
      declared.filter((name) => !named.includes(name)),
      [],
    );
    assert.deepEqual(missing(named, source), []);
  });

  it('has names of C++ alone that are in its headers', () => {
    const headers = readdirSync('native/include').map((file) => readFileSync(`native/include/${file}`, 'utf8'));
    assert.deepEqual(missing(column('C++'), headers.join('\n')), []);
  });

  it('has names of Python alone that Python has', () => {
    const env = {
      ...process.env,
      PYTHONPATH: resolve('native/python'),
      PEERMAP_LIBRARY: resolve('build/native/libpeermap.so'),
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const names = column('Python');
    assert.ok(names.length > 50);
    assert.equal(execFileSync(python, ['-c', inPython, ...names], { env, encoding: 'utf8' }), '');
  });

  it('has names of Node alone that Node has', () => {
    const names = column('Node');
    const options = names.filter((name) => name.endsWith(':') || /^(deadlineMs|signal)$/.test(name));
    const others = names.filter((name) => !options.includes(name));
    assert.equal(
      execFileSync(process.execPath, ['-e', inNode, resolve('build/node/index.js'), ...others], { encoding: 'utf8' }),
      '',
    );
    const folders = ['native/addon', 'native/node'];
    const types = folders
      .flatMap((folder) =>
        readdirSync(folder)
          .filter((file) => file.endsWith('.ts'))
          .map((file) => readFileSync(`${folder}/${file}`, 'utf8')),
      )
      .join('\n');
    assert.deepEqual(missing(options, types), []);
  });

  it('has commands and options of the tool alone that it has', () => {
    for (const name of new Set(column('command line'))) {
      const [, command = '', option = ''] = /^peermap (\S+)(?: (\S+))?$/.exec(name) ?? [];
      assert.notEqual(command, '', name);
      const help = spawnSync('build/native/peermap', command.startsWith('--') ? [command] : [command, '--help'], {
        encoding: 'utf8',
      });
      assert.equal(help.status, 0, name);
      if (!command.startsWith('--')) assert.ok(help.stdout.includes(option || command), `${name}: ${help.stdout}`);
    }
  });
});
