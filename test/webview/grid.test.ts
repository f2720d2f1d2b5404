// SPDX-License-Identifier: MIT
//
// The tables in a browser: few rows drawn of many, the keys, what leaves by the menu, and the commands in their cells.

import * as assert from 'node:assert/strict';
import type { FromView } from '../../extension/protocol/view';
import { drifting, factsOf, MiB, thousand, three, the } from './fixtures';
import { snapshotOf, startPreview, type Preview, type Shown } from './preview';

describe('inspector tables', function () {
  this.timeout(90_000);
  let preview: Preview;
  let shown: Shown;
  before(async () => (preview = await startPreview()));
  after(() => preview.close());
  beforeEach(async () => (shown = await preview.open()));
  afterEach(async () => {
    assert.deepEqual(shown.errors, []);
    assert.deepEqual(await shown.violations(), []);
    await shown.close();
  });

  const last = async <K extends FromView['kind']>(kind: K): Promise<Extract<FromView, { kind: K }>> => {
    const found = (await shown.posted()).findLast((one): one is Extract<FromView, { kind: K }> => one.kind === kind);
    return the(found);
  };
  /** Where the focus is: the row's key, and the text of the cell or the name of the button. */
  const focus = (): Promise<[string | undefined, string]> =>
    shown.page.evaluate(() => {
      const element = document.activeElement;
      const row = element?.closest<HTMLElement>('[data-row]')?.dataset['row'];
      return [row, element?.getAttribute('aria-label') ?? element?.textContent ?? ''];
    });

  it('draw the rows in sight of a thousand, and say how many there are', async () => {
    await shown.show(thousand());
    const rows = shown.page.locator('#registry tbody tr');
    assert.ok((await rows.count()) < 60, String(await rows.count()));
    assert.equal(await shown.page.locator('#registry [role=grid]').getAttribute('aria-rowcount'), '1001');
    await shown.scroll({ '#registry .grid-scroller': 13_000 });
    await shown.until(() => document.querySelector('#registry [data-row="500/worker-0500"]') !== null);
    const row = shown.page.locator('#registry [data-row="500/worker-0500"]');
    assert.equal(await row.getAttribute('aria-rowindex'), '502');
    assert.ok((await rows.count()) < 60);
  });

  it('keep the focus in a row that is scrolled out of sight, and come back to it with the next key', async () => {
    await shown.show(thousand());
    await shown.page.locator('#registry tbody [role=rowheader]').first().focus();
    await shown.scroll({ '#registry .grid-scroller': 13_000 });
    await shown.until(() => document.querySelector('#registry [data-row="500/worker-0500"]') !== null);
    assert.deepEqual(await focus(), ['0/worker-0000', 'worker-0000']);
    await shown.page.keyboard.press('ArrowDown');
    await shown.until(() => document.activeElement?.textContent === 'worker-0001');
    assert.ok((await shown.scrolled('#registry .grid-scroller')) < 100);
  });

  it('answer keys that come before the next drawing, each from where the last one led', async () => {
    await shown.show(thousand());
    await shown.page.locator('#registry tbody [role=rowheader]').first().focus();
    await shown.page.evaluate(() => {
      for (const key of ['ArrowDown', 'ArrowDown', 'PageDown', 'PageUp', 'ArrowDown'])
        document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    });
    await shown.until(() => document.activeElement?.textContent === 'worker-0003');
    assert.equal((await focus())[0], '3/worker-0003');
  });

  it('are walked by the keys alone: cells, buttons, pages, ends, and titles', async () => {
    await shown.show(thousand());
    const { keyboard } = shown.page;
    await shown.page.locator('#registry tbody [role=rowheader]').first().focus();
    const at = async (key: string, row: string | undefined, text: RegExp): Promise<void> => {
      await keyboard.press(key);
      await shown.send();
      const [where, what] = await focus();
      assert.equal(where, row, key);
      assert.match(what, text, key);
    };
    await at('ArrowRight', '0/worker-0000', /alive/);
    await at('ArrowDown', '1/worker-0001', /alive/);
    await at('PageDown', '15/worker-0015', /alive/);
    await at('Control+End', '999/worker-0999', /alive/);
    await at('Control+Home', '0/worker-0000', /alive/);
    await at('End', '0/worker-0000', /All that is known of worker-0000/);
    await at('ArrowLeft', '0/worker-0000', /terminal of worker-0000/);
    await at('ArrowDown', '1/worker-0001', /terminal of worker-0001/);
    await at('Home', '1/worker-0001', /^1$/);
    await at('ArrowUp', '0/worker-0000', /^0$/);
    await at('ArrowUp', undefined, /Slot.*press to sort ascending/);
    await at('Enter', undefined, /press to sort descending/);
    assert.equal(await shown.page.locator('#registry th').first().getAttribute('aria-sort'), 'ascending');
    await at('Enter', undefined, /press to sort no more/);
    await at('ArrowDown', '999/worker-0999', /^999$/);
  });

  it('copy the selected rows, from the one where Shift began', async () => {
    await shown.show(three());
    const { keyboard } = shown.page;
    await shown.page.locator('#registry tbody [role=rowheader]').first().click();
    await keyboard.press('Shift+ArrowDown');
    await shown.until(() => document.querySelectorAll('#registry [aria-selected=true]').length === 2);
    await keyboard.press('Control+c');
    const lines = (await last('copy')).text.split('\n');
    assert.deepEqual(
      lines.map((line) => line.split('\t')[1]),
      ['Name', 'indexer', 'search'],
    );
    await keyboard.press('Control+a');
    await shown.until(() => document.querySelectorAll('#registry [aria-selected=true]').length === 3);
  });

  it('export what the filter leaves, in the order that is seen', async () => {
    await shown.show(three());
    await shown.page.getByLabel('Filter: Registry').fill('agent');
    await shown.page.locator('#registry thead button', { hasText: 'PID' }).click();
    await shown.page.locator('#registry thead button', { hasText: 'PID' }).click();
    await shown.page.getByRole('button', { name: 'Copy and export: Registry' }).click();
    await shown.page.getByRole('menuitem', { name: 'Export as JSON…' }).click();
    const { name, text } = await last('save');
    assert.equal(name, 'demo-index-registry.json');
    const rows = JSON.parse(text) as { name: string; pid: number; mapped: number }[];
    assert.deepEqual(
      rows.map((row) => [row.name, row.pid, row.mapped]),
      [
        ['stats', 4724, 7 * MiB],
        ['search', 4718, 7 * MiB],
      ],
    );
    assert.match(await shown.page.locator('#registry .tools [role=status]').innerText(), /2 of 3/);
  });

  it('the filter and the order survive a reload', async () => {
    await shown.show(three());
    await shown.page.getByLabel('Filter: Registry').fill('agent');
    await shown.page.locator('#registry thead button', { hasText: 'Name' }).click();
    await shown.until(() => /"filter":"agent","descending":false,"sort":"name"/.test(sessionStorage.getItem('state') ?? ''));
    await shown.remember({});
    await shown.show(three());
    assert.deepEqual(await shown.page.locator('#registry tbody [role=rowheader]').allInnerTexts(), ['search', 'stats']);
  });

  it('the registry asks /proc once for each process, and again when one is stopped', async () => {
    const model = three();
    await shown.show(model);
    const asked = async (): Promise<unknown[]> =>
      (await shown.posted()).flatMap((one) => (one.kind === 'ask' && one.question === 'peermap/facts' ? [one.params] : []));
    await shown.until(() => window.posted.some((one) => one.kind === 'ask'));
    for (let turn = 0; turn < 5; turn += 1) {
      model.growInside(4096);
      await shown.send(snapshotOf(model));
    }
    assert.deepEqual(await asked(), [{ pids: [4711, 4718, 4724] }]);
    await shown.answer('peermap/facts', { value: factsOf(model), problems: [] });
    assert.match(await shown.page.locator('#registry tbody').innerText(), /ada/);
    the(model.peers[1]).processState = 't';
    await shown.send(snapshotOf(model));
    assert.deepEqual(await asked(), [{ pids: [4711, 4718, 4724] }, { pids: [4718] }]);
    assert.match(await shown.page.locator('#registry tbody tr').nth(1).innerText(), /paused in debugger/);
  });

  it('one click in the matrix remaps the peer that lacks the newest growth, and none where nothing may be changed', async () => {
    await shown.show(thousand());
    const cell = shown.page.locator('#matrix .lacking button');
    assert.equal(await cell.count(), 1);
    await cell.click();
    assert.deepEqual(
      [(await last('command')).command, (await last('command')).pid],
      ['peermap.remap', the(thousand().peers[777]).pid],
    );
    await shown.send({ kind: 'done', id: (await last('command')).id });
    await shown.send(snapshotOf(thousand(), { readOnly: 'the workspace is not trusted' }));
    assert.equal(await cell.getAttribute('aria-disabled'), 'true');
    await cell.click({ force: true });
    assert.equal((await shown.posted()).filter(({ kind }) => kind === 'command').length, 1);
  });

  it('the matrix of few processes has ranges down, selects both, and goes back to now from a moment', async () => {
    await shown.show(three());
    await shown.page.locator('#matrix tbody tr').nth(2).locator('td').nth(3).click();
    await shown.until(() => document.querySelector('#registry [aria-selected=true]')?.textContent.includes('search') === true);
    await shown.until(() => /"range":{"offset":4194304,"length":65536}/.test(sessionStorage.getItem('state') ?? ''));
    await shown.remember({ moment: 40 });
    await shown.show(three());
    assert.match(await shown.page.locator('.as-of').innerText(), /As of \d\d:\d\d:\d\d\.\d{6}, event 40/);
    const rows = await shown.page.locator('#matrix tbody tr').count();
    await shown.page.getByRole('button', { name: 'Back to now' }).click();
    await shown.until(() => document.querySelector('.as-of') === null);
    assert.ok((await shown.page.locator('#matrix tbody tr').count()) > rows);
  });

  it('residency is measured when somebody asks and never otherwise, and says what it cost', async () => {
    await shown.show(three());
    const asked = async (): Promise<number> =>
      (await shown.posted()).filter((one) => one.kind === 'ask' && one.question === 'peermap/residency').length;
    assert.equal(await asked(), 0);
    await shown.page.getByRole('button', { name: 'Measure residency' }).click();
    assert.equal(await asked(), 1);
    await shown.answer('peermap/residency', { value: [{ pid: 4711, ranges: [], tookNs: 1.5e6 }], problems: [] });
    assert.match(await shown.page.locator('.matrix-note').innerText(), /Measured 1 process, which was held up for 1\.5 ms/);
  });

  it('the section links open what is closed, and are one stop for Tab', async () => {
    await shown.show(drifting());
    assert.equal(await shown.page.locator('.nav a[tabindex="0"]').count(), 1);
    await shown.page.locator('.nav a').first().focus();
    await shown.page.keyboard.press('ArrowLeft');
    assert.match((await focus())[1], /Problems.*8 problems/);
    await shown.page.locator('.nav a', { hasText: 'Roots' }).click();
    await shown.until(() => document.querySelector('#roots .disclosure')?.getAttribute('aria-expanded') === 'true');
    assert.equal(await shown.page.evaluate(() => document.activeElement?.closest('section')?.id), 'roots');
  });
});
