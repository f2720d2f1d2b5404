// SPDX-License-Identifier: MIT
//
// The shipped page under more events than a segment makes: none is lost, and it still answers.  How long that takes is printed, and
// measured in scripts/bench/inspector-page.mjs.

import * as assert from 'node:assert/strict';
import { Model } from './fixtures';
import { pour } from './flood';
import { snapshotOf, startPreview, type Preview } from './preview';

describe('inspector under a flood', function () {
  this.timeout(120_000);
  let preview: Preview;
  before(async () => (preview = await startPreview()));
  after(() => preview.close());

  it('takes 100,000 events a second, loses none, and answers keys meanwhile', async () => {
    const shown = await preview.open();
    const model = new Model('flooded');
    for (let peer = 0; peer < 24; peer += 1) model.attach(`worker-${peer}`, 20_000 + peer * 3);
    await shown.send(snapshotOf(model));
    const peers = model.peers.length;
    const flood = pour(shown, { from: 1, count: 300_000, rate: 100_000, peers, startNs: model.now, stepNs: 10_000 });
    const label = (): Promise<string> => shown.page.locator('.chart-head .lane-label').innerText();
    await shown.until(() => /^[1-9]\d[\d,]+ events/.test(document.querySelector('#timeline .aside')?.textContent ?? ''));
    await shown.page.locator('.chart').focus();
    await shown.page.keyboard.press('p');
    await shown.until(() => /paused/.test(document.querySelector('.chart-head .lane-label')?.textContent ?? ''));
    await shown.page.keyboard.press('p');
    await shown.until(() => /following/.test(document.querySelector('.chart-head .lane-label')?.textContent ?? ''));
    const { sent, seconds, longTasks, frames } = await flood;
    console.log(
      `      ${sent} events in ${seconds.toFixed(1)} s; ${longTasks.length} tasks over 50 ms, the longest ` +
        `${Math.max(0, ...longTasks).toFixed(0)} ms; ${frames.length} frames`,
    );
    assert.equal(sent, 300_000);
    assert.equal(await shown.page.locator('#timeline .aside').innerText(), '300,000 events');
    await shown.page.locator('.chart').focus();
    await shown.page.keyboard.press('.');
    await shown.until(() => document.querySelector('.chosen-event')?.textContent.includes('300,000') === true);
    assert.match(await label(), /paused|following/);
    await shown.page.keyboard.press('Home');
    await shown.until(() => /^[1-9]/.test(document.querySelector('#timeline .tool-row .number')?.textContent ?? ''));
    assert.deepEqual(shown.errors, []);
    assert.deepEqual(await shown.violations(), []);
    await shown.close();
  });

  it('draws only the lanes in sight of a thousand peers, and gets to the last one by keys', async () => {
    const shown = await preview.open();
    const model = new Model('thousand', undefined, 1024);
    for (let peer = 0; peer < 1000; peer += 1) model.attach(`worker-${peer}`, 20_000 + peer * 3);
    await shown.show(model);
    const counts = (): Promise<number[]> =>
      shown.page.evaluate(() => ['.chart-name', '#map [role=option]'].map((name) => document.querySelectorAll(name).length));
    for (const count of await counts()) assert.ok(count > 5 && count < 60, `${count} lanes`);
    await shown.page.locator('#map [role=option]').first().focus();
    await shown.page.keyboard.press('End');
    await shown.until(() => document.activeElement?.getAttribute('aria-posinset') === '1000');
    await shown.until(() => document.querySelector('.chart-name.selected')?.textContent === 'worker-999');
    for (const count of await counts()) assert.ok(count < 60, `${count} lanes`);
    assert.deepEqual(shown.errors, []);
    await shown.close();
  });
});
