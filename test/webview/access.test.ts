// SPDX-License-Identifier: MIT
//
// The inspector without a mouse, without sight, in any theme, and at any width.

import * as assert from 'node:assert/strict';
import { violationsOf } from './axe';
import { damaged, drifting, empty, failing, full, three } from './fixtures';
import { startPreview, type Preview, type Shown } from './preview';
import { themeNames } from './themes';

describe('inspector for everyone', function () {
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
  const focused = (shown: Shown): Promise<string> =>
    shown.page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      if (element === document.body) return '';
      // What is hidden from those who listen is no part of a name.
      const heard = element.cloneNode(true) as HTMLElement;
      for (const hidden of heard.querySelectorAll('[aria-hidden=true]')) hidden.remove();
      return element.getAttribute('aria-label') ?? element.dataset['row'] ?? heard.textContent;
    });

  for (const theme of themeNames) {
    it(`has no accessibility violations in ${theme}`, () =>
      using({ theme }, async (shown) => {
        const check = async (what: string): Promise<void> => {
          assert.deepEqual(await violationsOf(shown, 'html', theme !== themeNames[0]), [], what);
        };
        await check('connecting');
        await shown.show(failing());
        await check('failing');
        await shown.page.locator('#registry tbody tr').nth(1).click();
        await shown.page.locator('#timeline .events tbody tr').first().click();
        await shown.until(() => document.querySelectorAll('[aria-selected=true]').length >= 3);
        await check('selected');
        await shown.show(drifting());
        await shown.page.locator('.nav a', { hasText: 'Roots' }).click();
        await shown.page.getByRole('button', { name: 'Copy and export: Registry' }).click();
        await check('drifting, with a menu open');
        await shown.show(empty(), { readOnly: 'the workspace is not trusted' });
        await check('empty');
        await shown.send({ kind: 'snapshot', snapshot: damaged(), attached: false });
        await check('damaged');
      }));
  }

  /** The focus follows a key with one of the next drawings. */
  const hasFocus = async (shown: Shown, name: string): Promise<void> => {
    while ((await focused(shown)) !== name) await shown.send();
  };

  it('Tab reaches every control, and each shows its focus', () =>
    using({}, async (shown) => {
      await shown.show(failing());
      const seen: string[] = [];
      for (let step = 0; step < 120; step += 1) {
        await shown.page.keyboard.press('Tab');
        const at = await focused(shown);
        if (at === '' || (seen.length > 0 && at === seen[0])) break;
        const outline = await shown.page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle);
        assert.notEqual(outline, 'none', at);
        seen.push(at);
      }
      // The problem count leads; then in the order of the page.
      const wanted = [
        '4 problems',
        'Grow…',
        'Shrink…',
        'Remap all',
        'Reap (1 dead)',
        'Attach',
        'Registry  5 peers',
        'Export snapshot…',
        'Registry',
        'Filter: Registry: one row per peer',
        'collector',
        'Remap collector',
        'Measure residency',
        'Drift',
      ];
      wanted.push('Copy pid 3301', 'Address map', 'Timeline', 'Zoom out');
      wanted.push('Zoom in', 'Show all', 'Pause', 'Problems', 'camera-left, pid 3310', 'Remap', 'Reap');
      const missing = wanted.filter((name) => !seen.includes(name));
      assert.deepEqual(missing, [], seen.join(' | '));
      assert.ok(seen.includes('0/collector'), 'the lane in the map');
      assert.ok(seen.some((name) => name.startsWith('Timeline: ')));
    }));

  it('arrow keys select peers in the registry and the map, and walk the pieces of a lane', () =>
    using({}, async (shown) => {
      await shown.show(failing());
      const { keyboard } = shown.page;
      await shown.page.locator('#registry tbody [role=rowheader]').first().focus();
      await keyboard.press('ArrowDown');
      await hasFocus(shown, 'camera-left');
      await shown.page.locator('#map [role=option][aria-selected=true] .lane-name', { hasText: 'camera-left' }).waitFor();
      await keyboard.press('Control+End');
      await hasFocus(shown, 'viewer');
      await keyboard.press('Control+Home');
      await shown.until(() => document.querySelector('#registry tr[data-row]')?.getAttribute('aria-selected') === 'true');
      await keyboard.press('Tab');
      await hasFocus(shown, 'Remap collector');
      await shown.page.locator('#map [role=option]').nth(1).focus();
      // Both before the next drawing, which the focus follows with: the second counts from where the first went.
      await shown.page.evaluate(() => {
        for (const key of ['ArrowUp', 'ArrowDown'])
          document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      });
      await hasFocus(shown, '1/camera-left');
      await keyboard.press('ArrowRight');
      await keyboard.press('ArrowRight');
      await keyboard.press('ArrowRight');
      await shown.until(() => /lacking/.test(document.querySelector('.tip')?.textContent ?? ''));
      const spoken = await shown.page.locator('[aria-live=polite]').innerText();
      assert.match(spoken, /0x7e8000680000.*1 MiB/s);
      await keyboard.press('Escape');
      await shown.until(() => document.querySelectorAll('#map [aria-selected=true]').length === 0);
    }));

  it('the timeline is moved by keys alone', () =>
    using({}, async (shown) => {
      await shown.show(three());
      const { keyboard } = shown.page;
      await shown.page.locator('.chart').focus();
      await keyboard.press('p');
      await shown.until(() => /paused/.test(document.querySelector('.chart-head')?.textContent ?? ''));
      await keyboard.press('.');
      await keyboard.press(',');
      await keyboard.press('Enter');
      await shown.until(() => document.querySelector('.tool-row .number')?.textContent.endsWith('µs') === true);
      await keyboard.press('Home');
      await shown.until(() => document.querySelector('.tool-row .number')?.textContent.endsWith(' s') === true);
      await keyboard.press('ArrowDown');
      await shown.until(() => document.querySelector('.chart-name.selected')?.textContent === 'indexer');
    }));

  it('reads well from the accessibility tree', () =>
    using({}, async (shown) => {
      await shown.show(failing());
      const tree = await shown.page.locator('main').ariaSnapshot();
      for (const part of [
        'heading "telemetry" [level=1]',
        'grid "Registry: one row per peer"',
        'columnheader "Epoch press to sort ascending"',
        'rowheader "planner"',
        'gridcell "late stopped"',
        'grid "Matrix: one row per range, one column per process"',
        'navigation "Sections"',
        'listbox "Address map: one lane per process"',
        'option "camera-left , pid 3310 , alive, maps 6.5 MiB of 7.5 MiB active. lacks 1 MiB at 0x7e8000680000"',
        'img "7.5 MiB active of 16 GiB reserved, 0.05 %"',
        'grid "Events, newest first"',
        'table "Address map as a table"',
      ]) {
        assert.ok(tree.includes(part), `${part} is not in\n${tree}`);
      }
    }));

  it('nothing is cut off at 400 pixels or at 200 % of a small window', () =>
    using({ width: 400, height: 700, scale: 2 }, async (shown) => {
      for (const model of [failing(), full(), empty()]) {
        await shown.show(model);
        const wide = await shown.page.evaluate(() =>
          [...document.querySelectorAll('main *')]
            .filter(
              (element) =>
                element.closest('.scroller, .hidden-text, .tip') === null &&
                element.getBoundingClientRect().right > innerWidth + 1,
            )
            .map((element) => element.outerHTML.slice(0, 80)),
        );
        assert.deepEqual(wide, []);
      }
      // The name of a peer stays in sight when its row is scrolled sideways.
      await shown.show(failing());
      await shown.page.locator('#registry .table-scroller').evaluate((element) => element.scrollBy(300, 0));
      // The grid knows with its next drawing that it has moved.
      await shown.until(() => {
        const left = document.querySelector('#registry tbody th')?.getBoundingClientRect().left;
        return left !== undefined && left >= 0 && left < 100;
      });
    }));
});
