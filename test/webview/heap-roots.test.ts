// SPDX-License-Identifier: MIT
//
// The heap and the roots in a browser.

import * as assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import type { ToView } from '../../extension/protocol/view';
import { answering, asked } from './answers';
import { violationsOf } from './axe';
import { three } from './fixtures';
import { heapOf, indexStructure } from './heap-fixture';
import { snapshotOf, startPreview, type Preview, type Shown } from './preview';

describe('heap and roots', function () {
  this.timeout(90_000);
  let preview: Preview;
  before(async () => (preview = await startPreview()));
  after(() => preview.close());

  const using = async (options: Parameters<Preview['open']>[0], use: (shown: Shown) => Promise<void>): Promise<void> => {
    const shown = await preview.open(options);
    try {
      await use(shown);
      assert.deepEqual(shown.errors, []);
      assert.deepEqual(await shown.violations(), []);
    } finally {
      await shown.close();
    }
  };
  const model = three();
  model.header.flags.push('heap');
  const snapshot = (): ToView => {
    const message = snapshotOf(model);
    message.snapshot.roots = [
      { name: 'index', type: 'struct index', offset: 0x1000, size: 64, version: 2 },
      { name: 'names', type: '', offset: 0x8000, size: 32, version: 1 },
    ];
    return message;
  };
  const open = async (shown: Shown, section: string): Promise<void> => {
    await answering(shown, 256 * 1024, {
      'peermap/heap': { value: heapOf(), problems: [] },
      'peermap/structure': { value: indexStructure(), problems: [] },
    });
    await shown.send(snapshot());
    await shown.page.locator(`#${section} .disclosure`).click();
  };

  it('the heap is counted once it is open, and says how full and how broken up it is', () =>
    using({}, async (shown) => {
      await open(shown, 'heap');
      await shown.until(() => document.querySelectorAll('#heap tbody tr').length === 10);
      const text = await shown.page.locator('#heap').innerText();
      for (const part of [
        '9 MiB',
        '41,246',
        'Largest free run',
        'Fragmentation: 50 %',
        'No forecast yet',
        'those that ended',
        '412 µs',
      ])
        assert.ok(text.includes(part), `${part} is not in ${text}`);
      await shown.page.evaluate(() => (window.answers['peermap/heap'] = { value: null, problems: [{ text: 'It is damaged.' }] }));
      await shown.until(() => /It is damaged/.test(document.querySelector('#heap')?.textContent ?? ''));
    }));

  it('a segment without a heap says how to get one, and nothing is counted', () =>
    using({}, async (shown) => {
      await answering(shown, 4096);
      await shown.show(three());
      await shown.page.locator('#heap .disclosure').click();
      await shown.until(() => /PEERMAP_HEAP/.test(document.querySelector('#heap')?.textContent ?? ''));
      assert.deepEqual(await asked(shown, 'peermap/heap'), []);
    }));

  it('a root opens by the keys, its values change in place, and a pointer leads to the memory', () =>
    using({}, async (shown) => {
      await open(shown, 'roots');
      const { keyboard } = shown.page;
      await shown.page.locator('#roots [data-row="index"]').focus();
      assert.deepEqual(await asked(shown, 'peermap/structure'), []);
      await keyboard.press('ArrowRight');
      await shown.until(() => document.querySelectorAll('#roots tbody tr').length === 6);
      await shown.page.evaluate((value) => (window.answers['peermap/structure'] = { value, problems: [] }), indexStructure(12));
      await shown.until(() => document.querySelector('#roots .age-0')?.textContent === '12');
      assert.match(await shown.page.locator('#roots [data-row="index/words"]').innerText(), /changed just now/);
      for (let step = 0; step < 3; step += 1) await keyboard.press('ArrowDown');
      await keyboard.press('Enter');
      await shown.until(() => document.querySelector('#byte-8192.caret') !== null);
    }));

  it('a root that cannot be read says why', () =>
    using({}, async (shown) => {
      await open(shown, 'roots');
      await shown.page.evaluate(() => {
        window.answers['peermap/structure'] = {
          value: null,
          problems: [{ code: 'os', where: 'gdb', text: 'gdb is not installed.' }],
        };
      });
      await shown.page.locator('#roots .twisty').first().click();
      await shown.until(() => /gdb is not installed/.test(document.querySelector('#roots')?.textContent ?? ''));
      assert.match(await shown.page.locator('#roots').innerText(), /-g/);
    }));

  for (const theme of ['dark', 'light', 'high-contrast'] as const)
    it(`have no accessibility violations in ${theme}`, () =>
      using({ theme }, async (shown) => {
        await open(shown, 'heap');
        await shown.page.evaluate(
          (value) => (window.answers['peermap/heap'] = { value, problems: [] }),
          heapOf(10e6, { faults: 1 }),
        );
        await shown.page.locator('#roots .disclosure').click();
        await shown.page.locator('#roots .twisty').first().click();
        await shown.until(() => document.querySelector('#roots [data-row="index/buckets"]') !== null);
        await shown.page.locator('#roots [data-row="index/buckets"] .twisty').click();
        await shown.until(() => document.querySelector('#roots .omitted') !== null);
        assert.deepEqual(await violationsOf(shown, '#roots'), []);
        await mkdir('build/shots', { recursive: true });
        await shown.page.locator('#roots').screenshot({ path: `build/shots/webview-roots-${theme}.png` });
        await shown.page.locator('#heap').scrollIntoViewIfNeeded();
        await shown.until(() => document.querySelector('#heap svg') !== null && document.querySelector('.heap-problem') !== null);
        assert.deepEqual(await violationsOf(shown, '#heap'), []);
        await shown.page.locator('#heap').screenshot({ path: `build/shots/webview-heap-${theme}.png` });
      }));
});
