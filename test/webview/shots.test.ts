// SPDX-License-Identifier: MIT
//
// Pictures of the inspector, for people, into build/shots: every state in the dark theme, and narrow; in `npm run test:long` in the other
// themes.

import * as assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { long } from '../long';
import { ahead, damaged, drifting, empty, factsOf, failing, full, MiB, readers, strict, thousand, three } from './fixtures';
import { snapshotOf, startPreview, type Preview, type Shown } from './preview';
import { themeNames, type Theme } from './themes';

const states: Record<string, (shown: Shown) => Promise<void>> = {
  connecting: () => Promise.resolve(),
  empty: (shown) => shown.show(empty()),
  three: (shown) => shown.show(three(), { attached: true }),
  full: (shown) => shown.show(full()),
  ahead: (shown) => shown.show(ahead()),
  'far-ahead': (shown) => shown.show(ahead(MiB, 64 * MiB)),
  strict: (shown) => shown.show(strict()),
  failing: (shown) => shown.show(failing()),
  readers: (shown) => shown.show(readers()),
  drifting: async (shown) => {
    await shown.show(drifting());
    await shown.answer('peermap/facts', { value: factsOf(drifting()), problems: [] });
  },
  thousand: (shown) => shown.show(thousand()),
  moment: async (shown) => {
    const model = three();
    await shown.show(model);
    await shown.remember({ moment: 40 });
    await shown.show(model);
  },
  damaged: (shown) => shown.send({ kind: 'snapshot', snapshot: damaged(), attached: false }),
  round: async (shown) => {
    await shown.show(failing());
    await shown.page.locator('#timeline .events tbody tr', { hasText: 'round done' }).first().click();
    await shown.page.locator('.chart').focus();
    await shown.page.keyboard.press('Enter');
    const { width = 0 } = (await shown.page.locator('#map canvas').boundingBox()) ?? {};
    await shown.page
      .locator('#map [role=option]')
      .nth(1)
      .hover({ position: { x: 164 + width * 0.65, y: 10 } });
    await shown.until(() => document.querySelector<HTMLElement>('.tip')?.hidden === false);
  },
  gone: async (shown) => {
    await shown.show(three());
    await shown.send({ kind: 'gone', segment: 'demo-index' });
  },
  'read-only': async (shown) => {
    await shown.send(snapshotOf(three(), { readOnly: 'the workspace is not trusted' }), {
      kind: 'server',
      state: 'restarting',
      text: '',
    });
  },
};

describe('inspector pictures', function () {
  this.timeout(180_000);
  let preview: Preview;
  before(async () => {
    await mkdir('build/shots', { recursive: true });
    preview = await startPreview();
  });
  after(() => preview.close());

  const shoot = async (name: string, theme: Theme, width: number): Promise<void> => {
    const shown = await preview.open({ theme, width, height: 900, scale: 1 });
    await states[name]?.(shown);
    const file = `build/shots/webview-${name}-${theme}${width === 1200 ? '' : `-${width}`}.png`;
    await shown.page.screenshot({ path: file, fullPage: true });
    assert.deepEqual(shown.errors, []);
    const overflow = await shown.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} px wider than its window`);
    await shown.close();
  };

  for (const theme of themeNames) {
    if ((theme === 'dark') === long) continue;
    for (const name of ['empty', 'three', 'full', 'ahead', 'readers', 'failing', 'drifting'])
      it(`${name} in ${theme}`, () => shoot(name, theme, 1200));
  }
  if (long) return;
  for (const name of ['thousand', 'moment', 'round', 'far-ahead', 'strict', 'connecting', 'damaged', 'gone', 'read-only'])
    it(name, () => shoot(name, 'dark', 1200));
  for (const name of ['empty', 'full', 'ahead', 'far-ahead', 'failing', 'drifting', 'thousand'])
    it(`${name} in 400 pixels`, () => shoot(name, 'light', 400));
});
