// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { growPreview, reapPreview, remapPreview, shrinkPreview } from '../../extension/client/preview';
import { sparkline, withSize } from '../../extension/client/sparkline';
import { MiB, peer, snapshot } from './snapshots';

describe('the preview of a change', () => {
  it('of a growth within the horizon says that nobody needs to be asked', () => {
    const seen = snapshot([peer(0, 'indexer', { mapped: 66 * MiB })]);
    if (seen.header) seen.header.horizon = 66 * MiB;
    assert.equal(growPreview(seen, MiB), 'Within what is mapped ahead: nobody needs to be asked.');
    assert.equal(growPreview(seen, 65 * MiB), 'indexer (100) will map 65 MiB.');
  });

  it('of a growth past it counts who will map it, and names who cannot answer', () => {
    const peers = [peer(0, 'indexer'), peer(1, 'search'), peer(2, 'stats', { processState: 't' })];
    assert.equal(
      growPreview(snapshot(peers), 65536),
      '3 peers will map 64 KiB. stats (102) is held by a debugger and cannot acknowledge.',
    );
  });

  it('tells a stopped peer that can be reached from one that cannot', () => {
    const stopped = { processState: 'T' };
    assert.match(growPreview(snapshot([peer(0, 'search', stopped)]), 1), /is stopped, and will be reached from outside/);
    assert.match(
      growPreview(snapshot([peer(0, 'search', { ...stopped, noPtrace: true })]), 1),
      /stopped and cannot acknowledge\.$/,
    );
    const closed = snapshot([peer(0, 'search', stopped)]);
    if (closed.header) closed.header.flags = ['noPtrace'];
    assert.match(growPreview(closed, 1), /stopped and cannot acknowledge\.$/);
  });

  it('tells a frozen peer from a stopped one, and names the file to thaw it by', () => {
    const frozen = { processState: 'T', frozen: { file: '/sys/fs/cgroup/x/cgroup.freeze', thaw: '0' } };
    const text = growPreview(snapshot([peer(0, 'search', frozen)]), 1);
    assert.match(text, /search \(100\) is frozen and cannot acknowledge\. .*write 0 to \/sys\/fs\/cgroup\/x\/cgroup\.freeze/);
    assert.doesNotMatch(text, /stopped/);
  });

  it('of a shrink counts who will unmap it, not the dead, and who pins it', () => {
    const peers = [peer(0, 'indexer'), peer(1, 'search', { pins: 1, pinnedBytes: 2 * MiB }), peer(2, 'old', { state: 'dead' })];
    assert.equal(
      shrinkPreview(snapshot(peers), MiB),
      '2 peers will unmap 1 MiB. Pinned now by search (101): the shrink waits for that.',
    );
    assert.match(shrinkPreview(snapshot([]), MiB), /No process is attached/);
  });

  it('asks nothing of who only reads, but its pins count', () => {
    const reader = peer(1, 'viewer', { readOnly: true, mapped: 1024 * MiB, processState: 't', pins: 1, pinnedBytes: 2 * MiB });
    const seen = snapshot([peer(0, 'indexer'), reader]);
    assert.equal(growPreview(seen, 512 * MiB), 'indexer (100) will map 512 MiB.');
    assert.equal(
      shrinkPreview(seen, MiB),
      'indexer (100) will unmap 1 MiB. Pinned now by viewer (101): the shrink waits for that.',
    );
    assert.match(remapPreview(seen), /viewer \(101\) is held by a debugger/);
  });

  it('of a remapping says who lacks what', () => {
    const lacking = peer(1, 'search', { missing: [{ address: '0x7e8000001000', length: 4096 }] });
    const seen = snapshot([peer(0, 'indexer'), lacking]);
    assert.equal(remapPreview(seen), 'search (101) lacks 4 KiB, and will map it.');
    assert.match(remapPreview(seen, 100), /^Nothing is missing/);
  });

  it('of a reaping names the dead', () => {
    assert.equal(reapPreview(snapshot([peer(0, 'old', { state: 'dead' })])), '1 registry slot will be freed: old (100).');
    assert.match(reapPreview(snapshot([peer(0, 'indexer')])), /nothing will be freed/);
  });

  it('reads the names of a few, and counts the rest', () => {
    const dead = [0, 1, 2, 3, 4].map((slot) => peer(slot, `p${slot}`, { state: 'dead' }));
    assert.match(reapPreview(snapshot(dead)), /5 registry slots will be freed: p0 \(100\), p1 \(101\), p2 \(102\) and 2 more\.$/);
  });
});

describe('the sparkline', () => {
  it('is empty before there is anything to compare, and shows the newest eight sizes', () => {
    assert.equal(sparkline([5]), '');
    assert.equal(sparkline([1, 8]), '▁█');
    assert.equal(sparkline([1, 2, 4, 8]), '▁▂▄█');
    const sizes = Array.from({ length: 20 }, (_, n) => n).reduce<readonly number[]>(withSize, []);
    assert.deepEqual(sizes, [12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it('does not change when the size does not', () => {
    const sizes = [1, 2];
    assert.equal(withSize(sizes, 2), sizes);
  });
});
