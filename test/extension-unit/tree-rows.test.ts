// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { changedRows, segmentRow } from '../../extension/client/tree-rows';
import type { Peer } from '../../extension/protocol/model';
import { MiB, peer, snapshot, summary } from './snapshots';

const row = (peers: Peer[], active?: number) => segmentRow(summary, snapshot(peers, active), false);

describe('rows of the Segments view', () => {
  it('say size, reservation and peers', () => {
    const made = row([peer(0, 'indexer'), peer(1, 'search'), peer(2, 'stats', { state: 'dead' })]);
    assert.equal(made.description, '2 MiB of 1 GiB · 2 peers · 1 dead');
    assert.equal(made.context, 'segment detached dead');
    assert.deepEqual(
      made.children.map(({ label, context }) => [label, context]),
      [
        ['indexer', 'peer alive'],
        ['search', 'peer alive'],
        ['stats', 'peer dead'],
      ],
    );
    assert.equal(made.children[0]?.children[0]?.description, '2 MiB · rw-s · offset 0x1000');
  });

  it('come from the summary alone as long as nobody looked closer', () => {
    assert.equal(segmentRow(summary, undefined, true).description, '2 MiB of 1 GiB · 2 peers · attached');
  });

  it('say whose a segment is if it is another user’s, by name and number', () => {
    const nobody = 2 ** 32 - 3;
    const foreign = { ...summary, uid: nobody };
    const made = segmentRow(foreign, undefined, false);
    assert.equal(made.description, `2 MiB of 1 GiB · 2 peers · belongs to user ${nobody}`);
    assert.ok(made.tooltip.split('\n').includes(`belongs to user ${nobody}`));
    const given = snapshot([]);
    given.object.uid = process.geteuid?.() === 0 ? 1 : 0;
    assert.match(segmentRow(summary, given, false).description, /belongs to (\w+ \(user [01]\)|user [01])$/);
    assert.doesNotMatch(segmentRow(summary, undefined, true).description, /belongs/);
  });

  it('show how far ahead a peer maps, which no growth below the horizon changes', () => {
    const before = row([peer(0, 'indexer', { mapped: 66 * MiB })], 2 * MiB);
    const after = row([peer(0, 'indexer', { mapped: 66 * MiB })], 3 * MiB);
    assert.equal(before.children[0]?.description, 'pid 100 · ahead to 66 MiB');
    assert.deepEqual(changedRows(before, after), ['segment:demo']);
  });

  it('do not call a peer late that acknowledged what was asked of it, whatever the epoch is', () => {
    const grown = snapshot([peer(0, 'indexer', { requested: 1, acked: 1 })]);
    if (grown.header) grown.header.epoch = 900;
    assert.equal(segmentRow(summary, grown, false).children[0]?.context, 'peer alive');
  });

  it('show what a peer lacks', () => {
    const made = row([peer(0, 'indexer', { missing: [{ address: '0x7e8000001000', length: 4096 }] })]);
    assert.match(made.children[0]?.description ?? '', /mapping incomplete/);
    assert.equal(made.children[0]?.children.at(-1)?.icon, 'missing');
  });

  it('are each by itself, also for several problems of one place', () => {
    const troubled = snapshot([]);
    troubled.problems = [
      { code: 'truncated', where: 'object', text: 'too short' },
      { code: 'world-writable', where: 'object', text: 'mode 0666' },
      { code: 'bad-slot', where: 'slot 3', text: 'one thing' },
      { code: 'bad-slot', where: 'slot 3', text: 'another' },
    ];
    const { children } = segmentRow(summary, troubled, false);
    assert.deepEqual(
      children.map(({ icon, description }) => [icon, description]),
      troubled.problems.map(({ text }) => ['problem', text]),
    );
    assert.equal(new Set(children.map(({ id }) => id)).size, children.length);
  });

  it('call a peer late that did not answer, but not one that is just being asked', () => {
    const waiting = snapshot([
      peer(0, 'indexer', { state: 'late', missing: [{ address: '0x7e8000001000', length: 4096 }] }),
      peer(1, 'search', { state: 'late', processState: 'T' }),
    ]);
    const contexts = () => segmentRow(summary, waiting, false).children.map((child) => child.context);
    assert.deepEqual(contexts(), ['peer late', 'peer late']);
    if (waiting.header) waiting.header.lock = { slot: 2, pid: 102, name: 'stats', died: false };
    assert.deepEqual(contexts(), ['peer alive', 'peer late']);
  });

  it('name a frozen peer as that, and both numbers of one that runs in a pid namespace of its own', () => {
    const [frozen, inner] = row([
      peer(0, 'indexer', { processState: 'S', frozen: { file: '/sys/fs/cgroup/x/cgroup.freeze', thaw: '0' } }),
      peer(1, 'search', { samePid: false, pidHere: 4711 }),
    ]).children;
    assert.match(frozen?.description ?? '', / · frozen$/);
    assert.match(frozen?.tooltip ?? '', /write 0 to \/sys\/fs\/cgroup\/x\/cgroup\.freeze/);
    assert.match(inner?.description ?? '', /^pid 101 \(here 4711\) · /);
  });

  it('are not drawn again when nothing reads differently', () => {
    const before = row([peer(0, 'indexer', { latencyNs: 1, acked: 1 })]);
    assert.deepEqual(changedRows(before, row([peer(0, 'indexer', { latencyNs: 99, acked: 7 })])), []);
  });

  it('are drawn again one by one where they read differently', () => {
    const before = row([peer(0, 'indexer'), peer(1, 'search')]);
    const after = row([peer(0, 'indexer'), peer(1, 'search', { state: 'late' })]);
    assert.deepEqual(changedRows(before, after), ['peer:demo/1/1']);
  });

  it('are drawn again with their parent when one comes, goes, or changes hands', () => {
    const before = row([peer(0, 'indexer')]);
    assert.deepEqual(changedRows(before, row([peer(0, 'indexer'), peer(1, 'search')])), ['segment:demo']);
    assert.deepEqual(changedRows(before, row([peer(0, 'indexer', { generation: 2 })])), ['segment:demo']);
  });
});
