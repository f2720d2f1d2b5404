// SPDX-License-Identifier: MIT
//
// The hex view in a browser: what it shows, what moves it, and what it asks for.

import * as assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { answering, asked } from './answers';
import { GiB, KiB, Model, MiB, three } from './fixtures';
import { snapshotOf, startPreview, type Preview, type Shown } from './preview';
import { violationsOf } from './axe';

describe('memory', function () {
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
  /** Three peers, one of them elsewhere; a pointer at 0x20 that leads to 0x400, and some text there. */
  const opened = async (shown: Shown, model: Model = threeElsewhere(), bytes = model.header.active): Promise<Model> => {
    await answering(shown, Math.min(bytes, 16 * MiB));
    await shown.page.evaluate(() => {
      window.memory.set([0, 4, 0, 0, 0x80, 0x7e, 0, 0], 0x20);
      window.memory.set(new TextEncoder().encode('Hello, memory'), 0x400);
      window.memory.set([0xde, 0xad, 1, 0xef], 0x2345);
    });
    await shown.show(model);
    await shown.page.locator('#memory .disclosure').click();
    await shown.until(() => document.querySelector('#memory .hex-row.active .hex-byte')?.textContent === '00');
    return model;
  };
  const grid = (shown: Shown): ReturnType<Shown['page']['locator']> => shown.page.locator('#memory .hex');
  const byte = (shown: Shown, offset: number): ReturnType<Shown['page']['locator']> => shown.page.locator(`#byte-${offset}`);

  it('nothing is read before it is opened, and then what is in sight', () =>
    using({}, async (shown) => {
      await answering(shown, 64 * KiB);
      await shown.show(three());
      assert.deepEqual(await asked(shown, 'peermap/read'), []);
      await shown.page.locator('#memory .disclosure').click();
      await shown.until(() => window.asked.length > 0);
      for (const { length } of await asked(shown, 'peermap/read')) assert.ok(Number(length) <= 1024);
    }));

  it('a caret moves with the keys, selects with Shift, and Enter follows a pointer there and back', () =>
    using({}, async (shown) => {
      await opened(shown);
      await byte(shown, 0).click();
      for (const key of ['ArrowDown', 'ArrowDown', 'Shift+ArrowRight']) await shown.page.keyboard.press(key);
      await shown.until(() => document.querySelectorAll('#memory .hex-byte.chosen').length === 2);
      await shown.page.keyboard.press('ArrowLeft');
      await shown.until(() => document.querySelector('#byte-32.caret') !== null);
      assert.equal(await grid(shown).getAttribute('aria-activedescendant'), 'byte-32');
      await shown.until(() =>
        /As an address of indexer and search|leads to 0x400/.test(document.querySelector('.memory-inspector')?.textContent ?? ''),
      );
      await shown.page.keyboard.press('Enter');
      await shown.until(() => document.querySelector('#byte-1024.caret') !== null);
      // What was out of reach is read once it is in sight.
      await shown.until(
        () => document.querySelector('#byte-1024')?.parentElement?.textContent.includes('Hello, memory') === true,
      );
      await shown.page.keyboard.press('Alt+ArrowLeft');
      await shown.until(() => document.querySelector('#byte-32.caret') !== null);
      await shown.page.keyboard.press('Control+End');
      await shown.until(() => document.querySelector('.caret')?.id === `byte-${window.memory.length - 1}`);
    }));

  it('go to takes an address of any peer, and says what else the place is called', () =>
    using({}, async (shown) => {
      const model = await opened(shown);
      await grid(shown).focus();
      await shown.page.keyboard.press('Control+g');
      await shown.page.keyboard.type('0x520000000400');
      await shown.until(() => /an address in stats/.test(document.querySelector('#memory-place')?.textContent ?? ''));
      const hint = await shown.page.locator('#memory-place').innerText();
      assert.match(hint, /0x7e8000000400/);
      assert.ok(hint.includes(`0x${(model.header.headerLength + 0x400).toString(16)}`), hint);
      await shown.page.keyboard.press('Enter');
      await shown.until(() => document.querySelector('#byte-1024.caret') !== null);
      await shown.until(() => document.activeElement?.getAttribute('role') === 'grid');
    }));

  it('changed bytes are marked and say so, and fade by steps', () =>
    using({}, async (shown) => {
      const model = await opened(shown);
      await byte(shown, 3).click();
      await shown.page.evaluate(() => window.memory.fill(7, 3, 4));
      model.now += 1e6;
      await shown.send(snapshotOf(model));
      await shown.until(() => document.querySelector('#byte-3')?.classList.contains('age-0') === true);
      assert.match(String(await byte(shown, 3).getAttribute('aria-label')), /^07, .*changed just now$/);
      assert.equal(await shown.page.locator('#memory .hex-byte.age-0[data-byte]').count(), 1);
      await shown.until(() => document.querySelector('#byte-3')?.classList.contains('age-1') === true);
    }));

  it('search finds text, bytes with gaps and numbers, forwards, backwards and around', () =>
    using({}, async (shown) => {
      await opened(shown);
      await grid(shown).focus();
      await shown.page.keyboard.press('Control+f');
      await shown.page.keyboard.type('memory');
      await shown.page.keyboard.press('Enter');
      await shown.until(() => document.querySelector('#byte-1031.caret') !== null);
      assert.match(await shown.page.locator('#memory-found').innerText(), /Found at 0x407\./);
      await shown.page.keyboard.press('F3');
      await shown.until(() => /from the other end/.test(document.querySelector('#memory-found')?.textContent ?? ''));
      await shown.page.locator('#memory select[aria-label="What to find"]').selectOption('hex');
      await shown.page.locator('#memory input[type=search]').fill('de ad ?? ef');
      await shown.page.keyboard.press('Enter');
      await shown.until(() => document.querySelector('#byte-9029.caret') !== null);
      await shown.page.locator('#memory input[type=search]').fill('de ad ?? ee');
      await shown.page.keyboard.press('Enter');
      await shown.until(() => document.querySelector('#memory-found')?.textContent === 'Not found.');
    }));

  it('what differs from a remembered moment is marked, listed and stepped through', () =>
    using({}, async (shown) => {
      const model = await opened(shown);
      await byte(shown, 0).click();
      await shown.page.getByRole('button', { name: 'Remember this' }).click();
      await shown.until(() => document.querySelector('.comparing') !== null);
      await shown.page.evaluate(() => {
        window.memory[0x41] = 9;
        window.memory[0x90] = 9;
      });
      model.now += 1e6;
      await shown.send(snapshotOf(model));
      await shown.until(() => document.querySelectorAll('.comparing tbody tr').length === 2);
      assert.equal(await shown.page.locator('#memory .hex-row .hex-byte.differs').count(), 2);
      await grid(shown).focus();
      await shown.page.keyboard.press('F7');
      await shown.until(() => document.querySelector('#byte-65.caret') !== null);
      await shown.page.keyboard.press('F7');
      await shown.until(() => document.querySelector('#byte-144.caret') !== null);
    }));

  it('a segment of terabytes scrolls to its end, and a selection made elsewhere comes into sight', () =>
    using({}, async (shown) => {
      const model = threeElsewhere(8192 * GiB);
      await answering(shown, 16 * MiB);
      await shown.show(model);
      await shown.page.locator('#memory .disclosure').click();
      await shown.until(() => document.querySelector('#memory .hex-row') !== null);
      await grid(shown).evaluate((element) => (element.scrollTop = element.scrollHeight));
      await shown.until(() => document.querySelector(`#byte-${8192 * 1024 ** 3 - 1}`) !== null);
      await shown.send({ kind: 'reveal', section: 'memory', range: { offset: 5 * GiB, length: 32 } });
      await shown.until(() => document.querySelectorAll('#memory .hex-byte.chosen').length === 32);
      assert.ok(await byte(shown, 5 * GiB).isVisible());
    }));

  for (const theme of ['dark', 'light', 'high-contrast'] as const)
    it(`has no accessibility violations in ${theme}`, () =>
      using({ theme }, async (shown) => {
        const model = await opened(shown);
        await byte(shown, 32).click();
        await shown.page.getByRole('button', { name: 'Remember this' }).click();
        await shown.until(() => document.querySelector('.comparing') !== null);
        await shown.page.evaluate(() => window.memory.fill(7, 0x43, 0x49));
        model.now += 1e6;
        await shown.send(snapshotOf(model));
        await shown.until(() => document.querySelectorAll('.comparing tbody tr').length > 0);
        await shown.page.locator('#memory input').first().fill('0x520000000400');
        assert.deepEqual(await violationsOf(shown, '#memory'), []);
        await mkdir('build/shots', { recursive: true });
        await shown.page.locator('#memory').screenshot({ path: `build/shots/webview-memory-${theme}.png` });
      }));

  it('fits into 400 pixels', () =>
    using({ width: 400, theme: 'light' }, async (shown) => {
      await opened(shown);
      await byte(shown, 0).click();
      assert.equal(await shown.page.locator('#memory .hex-row.active').first().locator('[data-byte].hex-byte').count(), 8);
      const over = await shown.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${over}`);
      await shown.page.locator('#memory').screenshot({ path: 'build/shots/webview-memory-light-400.png' });
    }));
});

function threeElsewhere(active?: number): Model {
  const model = new Model('demo-index', active ?? MiB);
  model.attach('indexer', 4711);
  model.attach('search', 4718);
  model.attach('stats', 4724, { base: '0x520000000000', relocated: true });
  model.header.reserved = Math.max(model.header.reserved, active ?? 0);
  return model;
}
