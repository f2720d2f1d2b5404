// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { destroyWarning, roundReport, shrinkWarning, sum, wholePages } from '../../extension/client/words';
import { MiB, peer, snapshot } from './snapshots';

describe('sentences', () => {
  it('say how much a shrink takes, from whom, and who pins it', () => {
    const peers = [peer(0, 'indexer'), peer(1, 'search', { pins: 1, pinnedBytes: 2 * MiB })];
    const { detail } = shrinkWarning(snapshot(peers), MiB);
    assert.match(detail, /last 1 MiB is lost/);
    assert.match(detail, /2 peers must give it up: indexer \(100\), search \(101\)/);
    assert.match(detail, /Pinned now by search \(101\)/);
  });

  it('do not warn of a pin that the shrink leaves alone', () => {
    const peers = [peer(0, 'search', { pins: 1, pinnedBytes: MiB })];
    assert.doesNotMatch(shrinkWarning(snapshot(peers), MiB).detail, /Pinned/);
  });

  it('say who still has the memory of a destroyed segment', () => {
    const { message, detail } = destroyWarning(snapshot([peer(0, 'indexer'), peer(1, 'old', { state: 'dead' })]));
    assert.equal(message, 'Destroy demo?');
    assert.match(detail, /1 peer until they end: indexer \(100\)\./);
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
    const round = {
      epoch: 2,
      size: 2 * MiB,
      peers: 3,
      acked: 3,
      late: 0,
      died: 0,
      injected: 0,
      nanoseconds: 12_300,
    };
    assert.equal(roundReport('demo grew', round), 'demo grew: 2 MiB in every peer after 12.3 µs');
    assert.match(roundReport('demo grew', { ...round, late: 1 }), /in all but 1 peer that did not answer/);
  });
});
