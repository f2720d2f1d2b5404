// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import type { ToView } from '../../extension/protocol/view';
import { initialState, nowNs, reduce, type Action } from '../../webview/state';
import { initialView } from '../../webview/view-state';
import { three } from './fixtures';
import { batchOf, snapshotOf, startPreview, type Preview } from './preview';

const message = (sent: ToView, at = 0): Action => ({ kind: 'message', message: sent, at });
const file = { exportedAt: '1/2/2026, 3:04:05 AM', host: 'build-7' };
const snapshot = (from?: typeof file): ToView => ({
  ...snapshotOf(three()),
  ...(from ? { file: from } : {}),
});

describe('an inspector that shows a file', () => {
  const start = initialState('', initialView);

  it('has no clock that goes on', () => {
    const shown = reduce(start, message(snapshot(file), 1000));
    assert.equal(nowNs(shown, 60_000), nowNs(shown, 1000));
    const live = reduce(start, message(snapshot(), 1000));
    assert.ok((nowNs(live, 60_000) ?? 0) > (nowNs(live, 1000) ?? 0));
  });

  describe('in the browser', function () {
    this.timeout(120_000);
    let preview: Preview;
    before(async () => (preview = await startPreview()));
    after(() => preview.close());

    it('says whose snapshot it is, from where and when, and offers no changes', async () => {
      const shown = await preview.open();
      await shown.send({ ...(snapshot(file) as ToView & { kind: 'snapshot' }), readOnly: 'this is a snapshot in a file' });
      await shown.page.getByText('Snapshot of demo-index on host build-7, taken 1/2/2026, 3:04:05 AM.').waitFor();
      assert.equal(await shown.page.getByText(/^Read-only:/).count(), 0);
      assert.ok(await shown.page.getByRole('button', { name: /^Grow/ }).isDisabled());
      assert.deepEqual([shown.errors, await shown.violations()], [[], []]);
      await shown.close();
    });
  });
});

describe('revealing', () => {
  it('selects the end of a round, now or once its events come, and stops following', () => {
    const model = three();
    const end = model.events.findLast(({ kind }) => kind === 'round-end');
    assert.ok(end);
    const asked = reduce(
      initialState('', { ...initialView, closed: ['timeline'] }),
      message({ kind: 'reveal', epoch: end.epoch }),
    );
    assert.equal(asked.view.event, undefined);
    const { view } = reduce(asked, message({ kind: 'events', batch: batchOf(model.events), reset: true }));
    assert.equal(view.event, end.seq);
    assert.ok(!view.follow && !view.closed.includes('timeline'));
    assert.ok(view.end - view.span < end.timeNs && end.timeNs < view.end);
  });

  it('opens the memory at an offset', () => {
    const { view } = reduce(
      initialState('', { ...initialView, closed: ['memory'] }),
      message({ kind: 'reveal', section: 'memory', range: { offset: 64, length: 1 } }),
    );
    assert.deepEqual([view.range?.offset, view.closed], [64, []]);
  });
});
