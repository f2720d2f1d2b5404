// SPDX-License-Identifier: MIT
//
// That peermap.h says in one form what it has to say of each function, as native/man/header.py reads it.

import * as assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { manual } from './manual';

const header = 'native/include/peermap.h';
const text = readFileSync(header, 'utf8');

/** What is said of a header in which one place is another. */
function complaint(from: string | RegExp, to: string): string {
  const changed = text.replace(from, to);
  assert.ok(changed !== text, String(from));
  const place = mkdtempSync(path.join(tmpdir(), 'peermap-test-'));
  try {
    const other = path.join(place, 'peermap.h');
    writeFileSync(other, changed);
    manual(other);
    return '';
  } catch (error) {
    return String(error);
  } finally {
    rmSync(place, { recursive: true });
  }
}

describe('the form of peermap.h', () => {
  it('is that of every function that it declares, each with all four parts', () => {
    const declared = [...text.matchAll(/^PEERMAP_API [^;(]*?\b(peermap_\w+)\(/gm)].map(([, name]) => name);
    const { functions } = manual();
    assert.ok(declared.length > 40);
    assert.deepEqual(
      functions.map(({ name }) => name),
      declared,
    );
    for (const { name, blocks, meanwhile, returns, does } of functions) {
      assert.ok(does.length > 0, name);
      for (const said of [blocks, meanwhile, returns]) assert.match(said, /^\S[^]*\.$/, name);
    }
  });

  for (const label of ['Blocks', 'Meanwhile', 'Returns', 'Errors'])
    it(`misses "${label}:"`, () => {
      const at = text.indexOf('PEERMAP_API PEERMAP_CHECKED int peermap_grow(');
      const before = text.slice(0, at).lastIndexOf(` * ${label}:`);
      assert.match(complaint(text.slice(before, at), text.slice(before, at).replace(`${label}: `, '')), /peermap_grow: /);
    });

  it('knows what is no error, no function, and no part', () => {
    assert.match(complaint('ENOSPC, ELIMIT,', 'ENOSPC, ELIMITS,'), /peermap_grow: what is "ELIMITS" in a list of errors\?/);
    assert.match(complaint('ENOSPC, ELIMIT,', 'ENOSPC, ENOSPC,'), /peermap_grow: ENOSPC stands twice/);
    assert.match(
      complaint('those of peermap_reap()', 'those of peermap_reaps()'),
      /peermap_reap_peers: there is no function peermap_reaps/,
    );
    assert.match(complaint(/\n\/\*\n \* Makes the segment larger[^]*?\*\//, ''), /peermap_grow: it has no comment/);
  });

  it('has lines that fit', () => {
    const long = text
      .slice(text.indexOf('/* ---- segments ---- */'))
      .split('\n')
      .filter((line) => line.length > 160);
    assert.deepEqual(long, []);
  });
});
