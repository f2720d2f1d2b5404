// SPDX-License-Identifier: MIT
//
// The matrix and the drift as numbers and words, without a browser.

import * as assert from 'node:assert/strict';
import { driftOf } from '../../webview/drift-model';
import { emptyLog } from '../../webview/event-log';
import { findingsOf } from '../../webview/findings';
import {
  cellOf,
  eventsUntil,
  extentsOf,
  holdersNow,
  holdersThen,
  noSizes,
  rangeLimit,
  rangesNow,
  sizesAfter,
  sizesOf,
} from '../../webview/matrix-model';
import { factsKey } from '../../webview/facts';
import { heldBy, registryRows, stateText } from '../../webview/registry-model';
import { amountIn } from '../../webview/residency';
import { ahead, drifting, factsOf, failing, KiB, mappingsOf, MiB, Model, readers, the, thousand, three } from './fixtures';
import { batchOf } from './preview';

describe('matrix', () => {
  it('has a range for the header, for each growth, for what is mapped ahead, and for what is reserved', () => {
    const model = three();
    const ranges = rangesNow(sizesAfter(noSizes, model.events), model.header);
    assert.equal(ranges.length, 1 + 1 + 24 + 1);
    assert.deepEqual(
      ranges.map(({ kind }) => kind).filter((kind) => kind !== 'extent'),
      ['header', 'reserved'],
    );
    // Nothing is left out and nothing is twice.
    for (const [at, { offset }] of ranges.entries()) {
      const before = ranges[at - 1];
      if (before) assert.equal(offset, before.offset + before.length);
    }
    assert.equal(the(ranges.find(({ newest }) => newest)).length, 192 * KiB);
    const early = ahead();
    const kinds = rangesNow(sizesAfter(noSizes, early.events), early.header).map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(-2), ['ahead', 'reserved']);
  });

  it('growths that nobody saw, or more than anybody reads, are one range', () => {
    const model = three();
    const late = extentsOf(sizesAfter(noSizes, model.events.slice(-16)), model.header.active);
    assert.deepEqual(
      late.map(({ growths }) => growths),
      [0, 1, 1],
    );
    assert.equal(late[0]?.offset, 0);
    for (let round = 0; round < 300; round += 1) model.growInside(4096);
    const many = extentsOf(sizesAfter(noSizes, model.events), model.header.active);
    assert.equal(many.length, rangeLimit);
    assert.equal(
      many.reduce((sum, { growths }) => sum + growths, 0),
      324,
    );
    assert.equal(
      many.reduce((sum, { length }) => sum + length, 0),
      model.header.active,
    );
  });

  it('what a shrinking cut off is no range any more', () => {
    const model = three();
    model.resize(5 * MiB);
    const ranges = extentsOf(sizesAfter(noSizes, model.events), model.header.active);
    const end = the(ranges.at(-1));
    assert.equal(end.offset + end.length, 5 * MiB);
  });

  it('reads each event once, whatever the log grows to, and starts afresh with another log', () => {
    const model = three();
    let log = emptyLog.append(batchOf(model.events), true);
    let sizes = sizesOf(noSizes, log);
    assert.equal(sizesOf(sizes, log), sizes);
    const read = model.events.length;
    model.growInside(MiB);
    log = log.append(batchOf(model.events.slice(read)), false);
    sizes = sizesOf(sizes, log);
    assert.deepEqual(sizes, sizesAfter(noSizes, model.events));
    const other = emptyLog.append(batchOf(new Model().events), true);
    assert.deepEqual(sizesOf(sizes, other).bounds.length, 1);
  });

  it('the peer that lacks the newest extent lacks that one and no other, and nobody else does', () => {
    const model = thousand();
    const snapshot = model.snapshot();
    const ranges = rangesNow(sizesAfter(noSizes, model.events), model.header);
    const lacking = holdersNow(snapshot, new Map()).flatMap((holder) =>
      ranges.filter((range) => cellOf(holder, range, model.header.headerLength).lacks).map(({ newest }) => [holder.name, newest]),
    );
    assert.deepEqual(lacking, [['worker-0777', true]]);
  });

  it('a cell says where, how, how much, or that nobody knows', () => {
    const model = drifting();
    const snapshot = model.snapshot();
    const { headerLength } = model.header;
    const data = the(rangesNow(sizesAfter(noSizes, model.events), model.header)[1]);
    const cells = new Map(holdersNow(snapshot, new Map()).map((holder) => [holder.name, cellOf(holder, data, headerLength)]));
    assert.deepEqual(cells.get('agrees'), {
      state: 'mapped',
      bytes: 4 * MiB,
      address: '0x7e8000000000',
      permissions: 'rw-s',
      lacks: false,
    });
    assert.equal(cells.get('no-piece')?.state, 'partly');
    assert.equal(cells.get('no-piece')?.bytes, 3 * MiB);
    assert.equal(cells.get('read-only')?.permissions, 'r--s');
    delete the(snapshot.peers[0]).mappings;
    assert.equal(cellOf(the(holdersNow(snapshot, new Map())[0]), data, headerLength).state, 'unknown');
  });

  it('as of an event has the sizes and the acknowledgements up to it, and nobody who came later', () => {
    const model = three();
    const log = emptyLog.append(batchOf(model.events), true);
    const snapshot = model.snapshot();
    const wallMs = snapshot.takenAtMs - snapshot.monotonicNs / 1e6;
    const names = { '0:4711': 'indexer', '1:4718': 'search', '2:4724': 'stats' };
    // The first round: three requests, and so far one of the answers.
    const first = the(model.events.find(({ kind }) => kind === 'map-ack'));
    const then = eventsUntil(log, first.seq);
    const holders = holdersThen(then, wallMs + first.timeNs / 1e6, snapshot, names);
    assert.deepEqual(
      holders.map(({ name, acknowledged }) => [name, acknowledged]),
      [
        ['indexer', 4 * MiB + 64 * KiB],
        ['search', 4 * MiB],
        ['stats', 4 * MiB],
      ],
    );
    assert.equal(extentsOf(sizesAfter(noSizes, then), undefined).length, 1);
    const early = eventsUntil(log, 2);
    for (const peer of snapshot.peers) peer.attachedAtMs = snapshot.takenAtMs;
    assert.deepEqual(
      holdersThen(early, wallMs + the(early.at(-1)).timeNs / 1e6, snapshot, names).map(({ name }) => name),
      ['indexer'],
    );
    assert.deepEqual(eventsUntil(log, 999_999), []);
  });

  it('resident memory of a mapping that reaches beyond a range is not told as the range’s own', () => {
    const range = { address: '0x1000', length: 100, offset: 0, permissions: 'rw-s', dirty: 0, swapped: 0 } as const;
    const residency = { pid: 1, tookNs: 1, ranges: [{ ...range, resident: 60, proportional: 30 }] };
    assert.deepEqual(amountIn(residency, 0, 100, 'resident'), { bytes: 60, beyond: false });
    assert.deepEqual(amountIn(residency, 0, 50, 'proportional'), { bytes: 30, beyond: true });
    assert.equal(amountIn(residency, 100, 200, 'resident'), undefined);
    assert.equal(amountIn(undefined, 0, 100, 'resident'), undefined);
  });
});

describe('drift', () => {
  it('of who only reads is a right to write the data, and nothing else', () => {
    const model = readers();
    assert.deepEqual(driftOf(model.snapshot(), model.header, false), []);
    const { reserved } = model.header;
    model.attach('scribbler', 6003, { readOnly: true, mapped: reserved, mappings: mappingsOf(reserved) });
    assert.deepEqual(
      driftOf(model.snapshot(), model.header, false).map(({ kind, name, severity, registry }) => [
        kind,
        name,
        severity,
        registry,
      ]),
      [['permissions', 'scribbler', 'info', 'r--s in the data']],
    );
  });

  it('names each disagreement, worst first, and what mends it', () => {
    const model = drifting();
    const found = driftOf(model.snapshot(), model.header, false);
    const repair = (one: (typeof found)[number]): string => ('none' in one.repair ? 'none' : one.repair.command);
    assert.deepEqual(
      found.map((one) => [one.kind, one.name, repair(one)]),
      [
        ['lacks-tail', 'no-tail', 'peermap.remap'],
        ['lacks-piece', 'no-piece', 'peermap.remap'],
        ['permissions', 'read-only', 'peermap.remap'],
        ['maps-more', 'more', 'peermap.remap'],
        ['maps-less', 'less', 'peermap.remap'],
        ['pid-reused', 'reused', 'none'],
        ['dead-mapped', 'corpse', 'peermap.reap'],
        ['epoch-behind', 'behind', 'peermap.remap'],
        ['stranger', 'hexdump', 'none'],
      ],
    );
    assert.equal(new Set(found.map(({ id }) => id)).size, found.length);
    for (const { registry, kernel, meaning } of found) assert.ok(registry !== '' && kernel !== '' && meaning !== '');
  });

  it('of a removed object is with everybody who still maps it', () => {
    const model = three();
    assert.deepEqual(driftOf(model.snapshot(), model.header, false), []);
    const found = driftOf(model.snapshot(), model.header, true);
    assert.deepEqual(
      found.map(({ kind, name }) => [kind, name]),
      [
        ['deleted', 'indexer'],
        ['deleted', 'search'],
        ['deleted', 'stats'],
      ],
    );
  });

  it('is never worse in the drift view than in the problems', () => {
    for (const model of [drifting(), failing(), thousand()]) {
      const snapshot = model.snapshot();
      const problems = new Set(findingsOf(snapshot).map(({ peer }) => peer));
      for (const { peer, kind } of driftOf(snapshot, model.header, false)) assert.ok(problems.has(peer), kind);
    }
  });
});

describe('registry rows', () => {
  it('say who holds a process, and are the same objects where nothing changed', () => {
    const model = drifting();
    const facts = new Map(factsOf(model).map((one) => [one.pid, one]));
    const rows = registryRows(model.peers, model.header, facts, new Map());
    const behind = the(rows.at(-1));
    assert.equal(stateText(behind), 'late, paused in debugger (gdb, pid 6100)');
    assert.deepEqual(rows.map((row) => heldBy(row)?.kind).filter(Boolean), ['foreign', 'traced']);
    const again = registryRows(model.peers, model.header, facts, new Map(rows.map((row) => [row.key, row])));
    assert.ok(again.every((row, at) => row === rows[at]));
  });

  it('facts are worth asking again when a process stops, and not because it runs or sleeps', () => {
    const [peer] = three().peers;
    const at = (processState: string): string => factsKey({ ...the(peer), processState });
    assert.equal(at('R'), at('S'));
    assert.notEqual(at('S'), at('t'));
    assert.notEqual(at('T'), at('t'));
  });
});
