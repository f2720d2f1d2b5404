// SPDX-License-Identifier: MIT
//
// The inspector's page at its limits: a million events, a thousand peers, 100,000 events a second.  In headless Chromium, without a graphics
// card: a desktop does better.
//
//   node scripts/bench/inspector-page.mjs      by itself; `node esbuild.mjs` before

import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { quick, root } from './run.mjs';
import { table } from './table.mjs';

async function page() {
  const outfile = `${root}build/bench/page.cjs`;
  await build({
    stdin: {
      contents: `export * from './preview'; export * from './flood'; export { Model } from './fixtures';`,
      resolveDir: `${root}test/webview`,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['playwright-core', '../../scripts/*'],
    outfile,
    logLevel: 'warning',
  });
  return (await import(pathToFileURL(outfile).href)).default;
}

const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
const summary = (samples) => {
  const sorted = samples.toSorted((a, b) => a - b);
  return { median: at(sorted, 0.5), p90: at(sorted, 0.9), p99: at(sorted, 0.99), max: sorted.at(-1) ?? 0 };
};
const ms = (value) => value.toFixed(1);
const row = (name, { median, p90, p99, max }) => [name, ...[median, p90, p99, max].map(ms)];

function crowd(Model, peers) {
  const model = new Model('bench', undefined, 1024);
  for (let peer = 0; peer < peers; peer += 1) model.attach(`worker-${peer}`, 20_000 + peer * 3);
  return model;
}

export async function inspectorPage(results) {
  if (!existsSync(`${root}dist/webview.js`)) throw new Error('no dist/webview.js: run node esbuild.mjs');
  const { startPreview, snapshotOf, pour, frameWork, Model } = await page();
  const preview = await startPreview();
  try {
    console.log("\nThe inspector's page: ms of its own work in a frame");
    const rows = [['', 'median', 'p90', 'p99', 'longest']];
    const measured = {};
    const turns = quick ? 20 : 120;
    const note = async (name, shown, act) => {
      const { work } = await frameWork(shown, turns, act);
      measured[name] = summary(work);
      rows.push(row(name, measured[name]));
    };

    const shown = await preview.open();
    const model = crowd(Model, 48);
    const count = quick ? 100_000 : 1_000_000;
    await shown.send(snapshotOf(model));
    // Three hours, ending now.
    const stepNs = Math.floor(10_800e9 / count);
    await pour(shown, { from: 1, count, rate: 0, peers: 48, startNs: model.now - count * stepNs, stepNs });
    await shown.page.locator('.chart').focus();
    await shown.page.keyboard.press('p');
    await shown.page.keyboard.press('Home');
    await note(`${count.toLocaleString('en-US')} events, zooming`, shown, 'zoom');
    await shown.page.keyboard.press('Home');
    await note(`${count.toLocaleString('en-US')} events, moving`, shown, 'pan');
    await note(`${count.toLocaleString('en-US')} events, scrolling the list`, shown, 'events');
    await shown.close();

    const many = await preview.open();
    const crowded = crowd(Model, 1000);
    await many.send(snapshotOf(crowded));
    await pour(many, { from: 1, count: 50_000, rate: 0, peers: 1000, startNs: crowded.now, stepNs: 20_000 });
    await note('1,000 peers, scrolling the timeline', many, 'timeline');
    await note('1,000 peers, scrolling the map', many, 'map');
    await many.close();

    const flooded = await preview.open();
    const busy = crowd(Model, 24);
    await flooded.send(snapshotOf(busy));
    const rate = 100_000;
    const flood = await pour(flooded, {
      from: 1,
      count: rate * (quick ? 2 : 10),
      rate,
      peers: 24,
      startNs: busy.now,
      stepNs: 10_000,
    });
    const frames = summary(flood.frames);
    rows.push(row('100,000 events/s: from frame to frame', frames));
    table(rows);
    const longest = Math.max(0, ...flood.longTasks);
    console.log(
      `  100,000 events/s: ${flood.sent.toLocaleString('en-US')} taken in ${flood.seconds.toFixed(1)} s, ` +
        `${flood.longTasks.length} tasks over 50 ms (longest ${longest.toFixed(0)} ms)`,
    );
    await flooded.close();
    results.push({ bench: 'inspector-page', count, work: measured, frames, longTasks: flood.longTasks, seconds: flood.seconds });
  } finally {
    await preview.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await inspectorPage([]);
