// SPDX-License-Identifier: MIT
//
// What the inspector makes of each message, without a browser.

import * as assert from 'node:assert/strict';
import { diff } from '../../extension/protocol/delta';
import type { PackedEvents } from '../../extension/protocol/model';
import { chunkSize } from '../../webview/event-chunk';
import { emptyLog, eventLimit } from '../../webview/event-log';
import { share } from '../../webview/share';
import { initialState, nowNs, reduce, type Action, type State } from '../../webview/state';
import { fromViewState, initialView, longestSpan, toViewState } from '../../webview/view-state';
import { failing, hex, MiB, three, the } from './fixtures';
import { batchOf, snapshotOf } from './preview';

const start = (): State => initialState('', initialView);
const run = (state: State, ...actions: Action[]): State => actions.reduce(reduce, state);
const snapshot = (model = three(), at = 0): Action => ({ kind: 'message', message: snapshotOf(model), at });
const first = the(three().events[0]);
const eventsOf = (count: number, from = 1): ReturnType<typeof batchOf> =>
  batchOf(
    Array.from({ length: count }, (_, at) => ({
      ...first,
      seq: from + at,
      timeNs: (from + at) * 1e6,
    })),
  );

/** Events 1 to `count` as the server sends them. */
const packed = (count: number): PackedEvents => ({
  rows: new Float64Array(
    Array.from({ length: count }, (_, at) => [at + 1, at * 1e6, 1, 15, 0, 0, 0, 4711, -1, 0, 0, 64, 8]).flat(),
  ),
  last: count,
  missed: 0,
});

describe('inspector state', () => {
  it('keeps the objects of an unchanged peer when another snapshot comes', () => {
    const model = three();
    const before = run(start(), snapshot(model));
    the(model.peers[1]).acked += 1;
    const after = run(before, snapshot(model));
    assert.equal(after.snapshot?.peers[0], before.snapshot?.peers[0]);
    assert.notEqual(after.snapshot?.peers[1], before.snapshot?.peers[1]);
    assert.deepEqual(after.snapshot, model.snapshot());
  });

  it('applies what changed, keeps the objects of what did not, and takes the events that came with it', () => {
    const model = three();
    const whole = model.snapshot();
    const before = run(start(), {
      kind: 'message',
      message: { kind: 'snapshot', snapshot: whole, attached: true, revision: 7 },
      at: 0,
    });
    model.resize(model.header.active + MiB);
    the(model.peers[2]).name = 'statistics';
    const delta = diff(whole, model.snapshot());
    const sampling = { looksPerSecond: 10, lookMs: 0.4 };
    const message = { kind: 'delta' as const, base: 7, revision: 8, delta, batch: packed(3), sampling };
    const after = run(before, { kind: 'message', message, at: 5 });
    assert.deepEqual(after.snapshot, model.snapshot());
    assert.equal(after.snapshot.roots, before.snapshot?.roots);
    assert.equal(after.attached, true);
    assert.equal(after.receivedAt, 5);
    assert.deepEqual(after.sampling, sampling);
    assert.equal(after.log.last, 3);
    assert.equal(after.names['2:4724'], 'statistics');
  });

  it('applies no change to another snapshot than the one it was made of, nor any other until there is a whole one', () => {
    const whole = three().snapshot();
    const shown: Action = {
      kind: 'message',
      message: { kind: 'snapshot', snapshot: whole, attached: false, revision: 7 },
      at: 0,
    };
    const change = (base: number): Action => ({
      kind: 'message',
      message: { kind: 'delta', base, revision: base + 1, delta: { fields: { takenAtMs: base } } },
      at: 1,
    });
    const lost = run(start(), shown, change(8));
    assert.deepEqual(lost.snapshot, whole);
    assert.equal(lost.revision, undefined);
    assert.deepEqual(run(lost, change(7)).snapshot, whole);
    assert.equal(the(run(lost, shown, change(7)).snapshot).takenAtMs, 7);
  });

  it('does not mistake a removed field for an unchanged object', () => {
    assert.deepEqual(share({ a: 1, b: 2 }, { a: 1 }), { a: 1 });
    assert.deepEqual(share([1, 2, 3], [1, 2]), [1, 2]);
    assert.deepEqual(share({ a: undefined }, {}), {});
  });

  it('keeps the selection while its peer is there, also through a restart into its slot', () => {
    const model = three();
    let state = run(start(), snapshot(model), { kind: 'view', change: { peer: '1/search' } });
    Object.assign(the(model.peers[1]), { generation: 2, pid: 9999 });
    state = run(state, snapshot(model));
    assert.equal(state.view.peer, '1/search');
    model.peers.splice(1, 1);
    state = run(state, snapshot(model));
    assert.equal(state.view.peer, undefined);
  });

  it('forgets what belongs to another segment, and what belongs to an older segment of the same name', () => {
    const model = three();
    const state = run(start(), snapshot(model), {
      kind: 'message',
      message: { kind: 'events', batch: batchOf(model.events), reset: true },
      at: 0,
    });
    const other = three();
    Object.assign(other, { name: 'another' });
    assert.equal(run(state, snapshot(other)).log.length, 0);
    const young = three();
    Object.assign(young.header, { generation: hex(7n), eventHead: 3 });
    assert.equal(run(state, snapshot(young)).log.length, 0);
    assert.equal(run(state, snapshot(model)).log.length, model.events.length);
  });

  it('follows a command from its start to its end, and gives it up when the server ends', () => {
    const started: Action = { kind: 'started', command: 'peermap.grow', pid: undefined };
    const state = run(start(), started, started);
    assert.deepEqual(
      state.running.map(({ id }) => id),
      [1, 2],
    );
    const failed = run(state, {
      kind: 'message',
      message: { kind: 'done', id: 1, error: 'No room.' },
      at: 0,
    });
    assert.deepEqual(
      failed.running.map(({ id }) => id),
      [2],
    );
    assert.equal(failed.failure, 'No room.');
    const restarted = run(failed, {
      kind: 'message',
      message: { kind: 'server', state: 'restarting', text: '' },
      at: 0,
    });
    assert.deepEqual(restarted.running, []);
    assert.equal(run(failed, { kind: 'dismiss' }).failure, undefined);
  });

  it('a segment that was removed is there again with its next snapshot', () => {
    const gone = run(start(), snapshot(), {
      kind: 'message',
      message: { kind: 'gone', segment: 'demo-index' },
      at: 0,
    });
    assert.equal(gone.gone, true);
    assert.equal(run(gone, snapshot()).gone, false);
  });

  it('tells time forward from the last snapshot, and not for a segment that is gone', () => {
    const model = three();
    const state = run(start(), snapshot(model, 100));
    assert.equal(nowNs(state, 600), model.now + 500e6);
    const gone = run(state, { kind: 'message', message: { kind: 'gone', segment: 'demo-index' }, at: 0 });
    assert.equal(nowNs(gone, 600), model.now);
  });

  it('a section that is revealed is open, with its bytes selected; the selection outlives the page', () => {
    const message = { kind: 'reveal', section: 'memory', range: { offset: 4096, length: 16 } } as const;
    const { view } = reduce(initialState('demo', initialView), { kind: 'message', message, at: 0 });
    assert.deepEqual(view.closed, ['heap', 'roots']);
    assert.deepEqual(view.range, { offset: 4096, length: 16 });
    const saved = { segment: 'demo', view: { ...view, memory: { column: 'object', everyMs: 250 } }, scroll: {} };
    const again = fromViewState(JSON.parse(JSON.stringify(toViewState(saved)))).view;
    assert.deepEqual([again.range, again.memory], [view.range, { column: 'object', everyMs: 250 }]);
  });

  it('ignores a message of a kind that it does not know', () => {
    const state = run(start(), snapshot());
    const message = JSON.parse('{"kind":"tomorrow"}') as never;
    assert.equal(run(state, { kind: 'message', message, at: 0 }), state);
  });
});

describe('inspector event log', () => {
  it('takes an event once, however often it is told', () => {
    const log = emptyLog.append(eventsOf(10), true).append(eventsOf(8, 5), false);
    assert.deepEqual(
      log.events().map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    );
    assert.deepEqual(log.gaps(), []);
  });

  it('marks where events were lost: before, between and after', () => {
    const first = emptyLog.append({ ...eventsOf(5, 13), missed: 12 }, true);
    assert.deepEqual(first.gaps(), [{ before: 13, count: 12 }]);
    const second = first.append({ ...eventsOf(5, 20), missed: 2 }, false);
    assert.deepEqual(second.gaps().at(-1), { before: 20, count: 2 });
    const third = second.append({ events: [], last: 30, missed: 6 }, false);
    assert.deepEqual(third.gaps().at(-1), { before: 31, count: 6 });
    assert.equal(third.last, 30);
  });

  it('does not count as lost what was never asked for', () => {
    assert.deepEqual(emptyLog.append(eventsOf(5, 100), true).gaps(), []);
  });

  it('keeps the newest million, drops older ones a chunk at a time, and says how many', () => {
    let log = emptyLog;
    const step = 50_000;
    for (let from = 1; from < eventLimit; from += step) log = log.append(eventsOf(step, from), false);
    assert.deepEqual([log.length, log.dropped], [eventLimit, 0]);
    log = log.append(eventsOf(chunkSize - 1, eventLimit + 1), false);
    assert.equal(log.dropped, 0);
    log = log.append(eventsOf(1, eventLimit + chunkSize), false);
    assert.deepEqual([log.length, log.dropped], [eventLimit, chunkSize]);
    assert.equal(log.at(0)?.seq, chunkSize + 1);
    assert.equal(log.find(chunkSize), undefined);
    assert.equal(log.find(chunkSize + 1)?.timeNs, (chunkSize + 1) * 1e6);
    assert.equal(log.indexAt((chunkSize + 501) * 1e6), 500);
  });

  it('a log stays what it was when others go on from it, in one way or in two', () => {
    const base = emptyLog.append(eventsOf(10), true);
    const one = base.append({ ...eventsOf(1, 11), missed: 0 }, false);
    const two = base.append({ ...eventsOf(1, 15), missed: 4 }, false);
    assert.deepEqual([base.length, base.at(10), base.gaps()], [10, undefined, []]);
    assert.deepEqual([one.at(-1)?.seq, one.gaps()], [11, []]);
    assert.deepEqual([two.at(-1)?.seq, two.gaps()], [15, [{ before: 15, count: 4 }]]);
  });

  it('gives back each event as it came, whatever is in it', () => {
    const { events } = failing();
    const log = emptyLog.append(batchOf(events), true);
    assert.deepEqual(log.events(), events);
    assert.deepEqual(log.events(3, 5), events.slice(3, 5));
    assert.equal(log.holders.get(3), 3327);
  });

  it('starts afresh on a reset', () => {
    const log = emptyLog.append(eventsOf(10), true).append(eventsOf(3), true);
    assert.equal(log.length, 3);
    assert.equal(log.last, 3);
  });
});

describe('inspector saved state', () => {
  it('comes back as it was saved', () => {
    const saved = {
      segment: 'demo',
      view: {
        ...initialView,
        peer: '1/a',
        event: 7,
        follow: false,
        span: 5 * MiB,
        end: 9e12,
        range: { offset: 4096, length: 64 },
        moment: 6,
        memory: { column: 'object', everyMs: 250 },
        zoom: { start: 0, end: 65536 },
        stretch: { from: 8e12, to: 8.5e12 },
        grids: { events: { filter: 'late', sort: 'time', descending: true } },
        closed: ['map' as const],
      },
      scroll: { page: 12 },
    };
    assert.deepEqual(fromViewState(JSON.parse(JSON.stringify(toViewState(saved)))), saved);
  });

  it('survives anything that an older version, or nobody, left there', () => {
    for (const junk of [
      undefined,
      null,
      7,
      'text',
      [],
      { view: 3, scroll: [] },
      { view: { span: 'x', end: null, closed: { a: 1 } }, scroll: { a: 'b' } },
    ]) {
      const { view, scroll, segment } = fromViewState(junk);
      assert.equal(view.span, initialView.span);
      assert.deepEqual(view.closed, initialView.closed);
      assert.deepEqual(scroll, {});
      assert.equal(segment, '');
    }
    assert.equal(fromViewState({ view: { span: 1e300, closed: ['map', 'cellar'] } }).view.span, longestSpan);
    assert.deepEqual(fromViewState({ view: { closed: ['map', 'cellar'] } }).view.closed, ['map']);
  });
});
