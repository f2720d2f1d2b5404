// SPDX-License-Identifier: MIT
//
// The manual pages of section 3, which are made of peermap.h.

import * as assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { manual } from '../include/manual';
import { make, needs, run } from './library';

const place = path.resolve('build/native/man3');
const header = manual();

const files = () =>
  readdirSync(place)
    .filter((file) => file.endsWith('.3'))
    .sort();
const page = (name: string) => readFileSync(path.join(place, `${name}.3`), 'utf8');
const isPage = (file: string) => !page(path.basename(file, '.3')).startsWith('.so ');

/** As it is to be read, without what makes it bold. */
function shown(name: string): string {
  const text = run(['groff', '-man', '-Tascii', '-P-c', '-P-b', '-P-u', '-rLL=100n', path.join(place, `${name}.3`)], {
    env: { GROFF_NO_SGR: '1' },
  });
  return text.replaceAll(/.\x08/g, '');
}

/** A section of a page. */
function section(text: string, title: string): string {
  const [, found = ''] = new RegExp(`^${title}\\n([^]*?)(?=^[A-Z]|$(?![^]))`, 'm').exec(text) ?? [];
  assert.ok(found !== '', title);
  return found;
}

describe('the manual pages of the library', () => {
  before(() => make('man'));

  it('are those that the Makefile knows of: one for each function and each structure, and peermap(3)', () => {
    const structs = [...readFileSync('native/include/peermap.h', 'utf8').matchAll(/^\} (peermap_\w+);/gm)].map(
      ([, name]) => name,
    );
    const names = ['peermap', ...structs, ...header.functions.map(({ name }) => name)];
    assert.deepEqual(files(), names.map((name) => `${name ?? ''}.3`).sort());
    assert.ok(structs.length > 5);
    const installed = [...make('-n', 'uninstall').matchAll(/\/man3\/(\w+\.3)\b/g)].map(([, file]) => file);
    assert.deepEqual(installed.sort(), files());
  });

  it('lead from the other names to the page that has them', () => {
    for (const { name, page: own } of header.functions) {
      if (name !== own) assert.equal(page(name), `.so man3/${own}.3\n`);
      assert.match(page(own), new RegExp(`^\\.SH NAME\\n([^\\\\]*, )?${name}(, .*)? \\\\- [^\`\\n]{5,90}$`, 'm'));
      assert.match(
        page(own),
        /^\.SH SYNOPSIS\n[^]*^\.SH DESCRIPTION\n[^]*^\.SH "RETURN VALUE"\n[^]*^\.SH ERRORS\n[^]*^\.SH SEE ALSO\n/m,
      );
    }
    assert.equal(page('peermap_round'), '.so man3/peermap_grow.3\n');
    assert.equal(page('peermap_options'), '.so man3/peermap_create.3\n');
  });

  it('have the date that they are given, and come out the same', () => {
    const made = () =>
      run(['sh', '-c', 'd=$(mktemp -d) && python3 native/man/pages.py native/include/peermap.h $d && cat $d/*; rm -r $d'], {
        env: { SOURCE_DATE_EPOCH: '86400' },
      });
    assert.match(made(), /^\.TH peermap 3 1970-01-02 "peermap /m);
    assert.equal(made(), made());
  });
});

describe('the manual pages of the library, typeset', () => {
  before(needs('groff', ['groff-base'], 'groff'));
  before(needs('mandoc', ['mandoc'], 'mandoc'));
  before(() => make('man'));

  it('are well formed', () => {
    const pages = files().filter(isPage);
    assert.ok(pages.length > 40);
    for (const file of files())
      assert.equal(run(['sh', '-c', 'groff -man -ww -z "$0" 2>&1', `man3/${file}`], { cwd: path.dirname(place) }), '');
    assert.equal(run(['sh', '-c', 'mandoc -T lint -W warning "$@"', 'sh', ...pages], { cwd: place }), '');
  });

  it('name the errors, with their texts', () => {
    for (const { page: name, errors } of header.functions) {
      const text = section(shown(name), 'ERRORS');
      const named = [...text.matchAll(/^ {7}([A-Z_]+)(?=\s|$)/gm)].map(([, word]) => word);
      const prefix = errors.kind === 'code' ? 'PEERMAP_' : '';
      const listed = errors.list.map((error) => prefix + error.name);
      assert.deepEqual(named, listed, name);
      if (errors.kind === 'none') assert.match(text, /^ +None[.:]/);
    }
    const all = section(shown('peermap'), 'ERRORS').replaceAll(/\s+/g, ' ');
    for (const { name, code, text } of header.errors)
      assert.ok(all.includes(`PEERMAP_${name} (${String(code)}) ${text.charAt(0).toUpperCase()}${text.slice(1)}.`), name);
  });

  it('show code as it is to be typed', () => {
    const text = shown('peermap');
    const source = readFileSync('native/include/peermap.h', 'utf8');
    const [, example = ''] = /^( \* {5}#include[^]*?\n \* {5}\}\n)/m.exec(source) ?? [];
    const lines = example.split('\n').map((line) => line.replace(/^ \* ?/, '').trim());
    assert.ok(lines.length > 12);
    const printed = text.split('\n').map((line) => line.trim());
    for (const line of lines) assert.ok(printed.includes(line), line);
    assert.ok(printed.includes('cc ... -lpeermap -lpthread'));
    assert.match(shown('peermap_grow'), /^ +int peermap_grow\(peermap_segment \*segment, size_t by, peermap_round \*round\);$/m);
    assert.match(shown('peermap_grow'), /^ +char blocker\[PEERMAP_NAME_MAX\];$/m);
  });
});
