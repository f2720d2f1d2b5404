// SPDX-License-Identifier: MIT
//
// What an inspector's page is told: everything, once, and no more often than it can draw it.

import * as assert from 'node:assert/strict';
import { PageFeed } from '../../extension/client/page-feed';
import { countOf, unpack } from '../../extension/protocol/batch';
import { apply } from '../../extension/protocol/delta';
import type { PackedEvents, Snapshot } from '../../extension/protocol/model';
import type { ToView } from '../../extension/protocol/view';
import { MiB, peer, snapshot } from './snapshots';

const sampling = { looksPerSecond: 1, lookMs: 1 };
const grown = (active: number): Snapshot => snapshot([peer(0, 'indexer')], active * MiB);

function packed(from: number, to: number, missed = 0): PackedEvents {
  const rows = Array.from({ length: to - from + 1 }, (_, at) => [from + at, 0, 0, 15, 0, 0, -1, 0, -1, 0, 0, 0, 0]);
  return { rows: new Float64Array(rows.flat()), last: to, missed };
}

function opened(): { feed: PageFeed; sent: ToView[] } {
  const sent: ToView[] = [];
  const feed = new PageFeed((message) => sent.push(message) > 0);
  feed.whole({ snapshot: grown(2), attached: false });
  feed.past({ events: [], last: 10, missed: 0 });
  sent.length = 0;
  return { feed, sent };
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));
const deltas = (sent: ToView[]) => sent.filter((message) => message.kind === 'delta');

describe('what a page is told', () => {
  it('is the first change at once, and of those in the same frame one that has them all', async () => {
    const { feed, sent } = opened();
    feed.changed(grown(3), packed(11, 12), sampling);
    assert.equal(sent.length, 1);
    for (let at = 0; at < 50; at += 1) feed.changed(grown(4 + at), packed(13 + at, 13 + at), sampling);
    assert.equal(sent.length, 1);
    await later();
    assert.equal(sent.length, 2);
    const shown = deltas(sent).reduce((before, { delta }) => apply(before, delta), grown(2));
    assert.deepEqual(shown, grown(53));
    const seen = deltas(sent).flatMap(({ batch }) => (batch ? unpack(batch).events.map(({ seq }) => seq) : []));
    assert.deepEqual(
      seen,
      Array.from({ length: 52 }, (_, at) => 11 + at),
    );
    feed.forget();
  });

  it('refers each change to the one before', async () => {
    const { feed, sent } = opened();
    for (let at = 3; at < 8; at += 1) {
      feed.changed(grown(at), packed(8 + at, 8 + at), sampling);
      await later();
    }
    const revisions = deltas(sent).map(({ base, revision }) => [base, revision]);
    assert.equal(revisions.length, 5);
    for (const [at, [base]] of revisions.entries()) if (at > 0) assert.equal(base, revisions[at - 1]?.[1]);
    feed.forget();
  });

  it('has no event twice, and says how many are missing', async () => {
    const { feed, sent } = opened();
    feed.changed(grown(2), packed(8, 12), sampling);
    feed.changed(grown(2), packed(20, 20, 7), sampling);
    await later();
    const batches = deltas(sent).map(({ batch }) => batch);
    assert.deepEqual(
      batches.map((batch) => batch && countOf(batch)),
      [2, 1],
    );
    assert.equal(batches[1]?.missed, 7);
    feed.forget();
  });

  it('is nothing where nothing changed, nor after the page is gone', async () => {
    const { feed, sent } = opened();
    feed.changed(grown(2), packed(11, 10), sampling);
    assert.deepEqual(sent, []);
    feed.changed(grown(3), packed(11, 10), sampling);
    feed.changed(grown(4), packed(11, 10), sampling);
    feed.forget();
    await later();
    assert.equal(sent.length, 1);
  });

  it('leaves out what happens while the past is fetched, which has it', () => {
    const { feed, sent } = opened();
    feed.awaitPast();
    feed.changed(grown(3), packed(11, 12), sampling);
    assert.equal(deltas(sent)[0]?.batch, undefined);
    feed.past({ events: [], last: 12, missed: 0 });
    feed.forget();
  });
});
