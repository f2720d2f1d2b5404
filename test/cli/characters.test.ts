// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { visible } from '../../extension/protocol/foreign';

const most = 0x10ffff;

const known: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r' };

/** Millions of characters: only where they begin to differ. */
function same(one: string, other: string): void {
  if (one === other) return;
  let at = 0;
  while (one[at] === other[at]) at++;
  assert.equal(JSON.stringify(one.slice(at - 20, at + 20)), JSON.stringify(other.slice(at - 20, at + 20)));
}

describe('characters that are not shown as they are', () => {
  it('are the same in C and in TypeScript', () => {
    const table = /Unicode ([\d.]+\d)/.exec(readFileSync('native/base/unseen.h', 'utf8'))?.[1];
    assert.equal(table, process.versions['unicode'], 'node scripts/characters.mjs writes the table anew');
    const shown = execFileSync('build/native/peers/characters', { maxBuffer: 2 * most, encoding: 'latin1' });
    assert.equal(shown.length, most + 1);
    const [plain, escaped, expected]: string[][] = [[], [], []];
    for (let code = 0; code <= most; code++) {
      const isPlain = shown[code] === '1';
      (isPlain ? plain : escaped)?.push(String.fromCodePoint(code));
      if (!isPlain) expected?.push(known[code] ?? `\\u{${code.toString(16)}}`);
    }
    same(visible(plain?.join(' ') ?? ''), plain?.join(' ') ?? '');
    same(visible(escaped?.join(' ') ?? ''), expected?.join(' ') ?? '');
  });
});
