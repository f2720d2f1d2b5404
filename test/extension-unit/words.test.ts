// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  answerLines,
  destroyWarning,
  lateSentence,
  roundReport,
  shrinkWarning,
  sum,
  wholePages,
} from '../../extension/client/words';
import { reachWords } from '../../extension/protocol/mapping';
import type { PeerResult, Round } from '../../extension/protocol/model';
import { MiB, peer, snapshot } from './snapshots';

const quiet: Round = {
  epoch: 2,
  size: 2 * MiB,
  peers: 3,
  acked: 3,
  late: 0,
  died: 0,
  unstopped: 0,
  ahead: 0,
  populated: 0,
  nanoseconds: 12_300,
  results: [],
};

describe('sentences', () => {
  it('say how much a shrink takes, from whom, and who pins it', () => {
    const peers = [peer(0, 'indexer'), peer(1, 'search', { pins: 1, pinnedBytes: 2 * MiB })];
    const { detail } = shrinkWarning(snapshot(peers), MiB);
    assert.match(detail, /last 1 MiB is lost/);
    assert.match(detail, /2 peers will unmap 1 MiB[^]*These must give it up: indexer \(100\), search \(101\)/);
    assert.match(detail, /Pinned now by search \(101\)/);
  });

  it('do not warn of a pin that the shrink leaves alone', () => {
    const peers = [peer(0, 'search', { pins: 1, pinnedBytes: MiB })];
    assert.doesNotMatch(shrinkWarning(snapshot(peers), MiB).detail, /Pinned/);
  });

  it('say who still has the memory of a destroyed segment', () => {
    const { message, detail } = destroyWarning(snapshot([peer(0, 'indexer'), peer(1, 'old', { state: 'dead' })]));
    assert.equal(message, 'Destroy demo?');
    assert.match(detail, /stays with indexer \(100\) until it ends\./);
    assert.doesNotMatch(detail, /old/);
  });

  it('show what a size comes to in whole pages, up to grow and down to shrink', () => {
    assert.equal(wholePages(1, 4096, 'grow'), 4096);
    assert.equal(wholePages(4097, 4096, 'shrink'), 4096);
    assert.equal(wholePages(4095, 4096, 'shrink'), undefined);
    assert.equal(sum(65536, 4096, 'grow'), '64 KiB + 4 KiB = 68 KiB');
    assert.equal(sum(65536, 4096, 'shrink'), '64 KiB − 4 KiB = 60 KiB');
  });

  it('report a round, and who did not answer', () => {
    assert.equal(roundReport('demo grew', quiet), 'demo grew: 2 MiB in every peer after 12.3 µs');
    assert.match(roundReport('demo grew', { ...quiet, late: 1 }), /in all but 1 peer that did not answer/);
    assert.match(roundReport('demo grew', { ...quiet, ahead: 3 }), / µs · all had it mapped ahead$/);
    assert.match(roundReport('demo grew', { ...quiet, ahead: 2 }), / µs · 2 had it mapped ahead$/);
    assert.match(roundReport('demo grew', { ...quiet, unstopped: 2 }), / µs · 2 were reached while stopped$/);
    assert.match(roundReport('demo grew', { ...quiet, unstopped: 1 }), / µs · 1 was reached while stopped$/);
  });

  it('tell of each peer how it came to the round', () => {
    const results: PeerResult[] = [
      { pid: 7, name: 'indexer', method: 'self', error: 0, nanoseconds: 900 },
      { pid: 8, name: 'search', method: 'unstop', error: 0, nanoseconds: 1_200_000 },
      { pid: 9, name: 'stats', method: 'none', error: 16, nanoseconds: 0 },
    ];
    assert.deepEqual(answerLines({ ...quiet, results }), [
      'indexer (7): mapped it itself after 900 ns',
      'search (8): was reached while stopped: its agent alone was let run after 1.2 ms',
      'stats (9): did not map it: a debugger or another tracer holds it; let it go on',
    ]);
  });

  it('give the reasons that the library has, in its words', () => {
    const list = fs.readFileSync(path.resolve(__dirname, '../../../native/base/reason.h'), 'utf8');
    const errnos: Record<string, number> = { ...os.constants.errno, EL2HLT: 51, EREMOTE: 66 };
    const reasons = [...list.matchAll(/X\((\w+), "(.+)"\)/g)].map(
      ([, name = '', text]) => [errnos[name] ?? Number(name), text] as const,
    );
    assert.ok(reasons.length > 5);
    assert.deepEqual({ ...reachWords }, Object.fromEntries(reasons));
  });

  it('name the other late peers where there are more than the one that is to blame', () => {
    const answer = (pid: number, name: string, error: number): PeerResult => ({
      pid,
      name,
      method: 'none',
      error,
      nanoseconds: 9,
    });
    const blocker = { pid: 101, name: 'search' };
    const one = { ...quiet, late: 1, blocker, results: [answer(101, 'search', 13)] };
    assert.equal(lateSentence('search did not answer', one), 'search did not answer');
    assert.equal(lateSentence('search did not answer', undefined), 'search did not answer');
    const two = { ...one, late: 2, results: [...one.results, answer(102, 'stats', 16)] };
    assert.equal(
      lateSentence('search did not answer', two),
      'search did not answer. Nor did stats (102): a debugger or another tracer holds it; let it go on.',
    );
    const six = { ...one, late: 6, results: [1, 2, 3, 4, 5].map((pid) => answer(pid, `p${pid}`, 0)) };
    assert.match(lateSentence('x', six), /p3 \(3\): it had no processor time.*; and 2 more\.$/);
  });
});
