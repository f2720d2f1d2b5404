// SPDX-License-Identifier: MIT
//
// The inspector in a browser, fed as the extension feeds it: it is live, and it does not lose what the person looking chose.

import * as assert from 'node:assert/strict';
import type { FromView, ToView } from '../../extension/protocol/view';
import { ahead, damaged, empty, failing, full, KiB, mappingsOf, MiB, strict, three, type Model, the } from './fixtures';
import { batchOf, snapshotOf, startPreview, type Preview, type Shown } from './preview';

declare global {
  interface Window {
    delays: number[];
  }
}

describe('inspector', function () {
  this.timeout(90_000);
  let preview: Preview;
  let shown: Shown;
  before(async () => (preview = await startPreview()));
  after(() => preview.close());
  beforeEach(async () => (shown = await preview.open()));
  afterEach(async () => {
    try {
      assert.deepEqual(shown.errors, []);
      assert.deepEqual(await shown.violations(), []);
      assert.deepEqual(shown.strangeRequests, []);
    } finally {
      await shown.close();
    }
  });

  /** What the page asked the extension to do; looking asks questions of its own. */
  const said = async (): Promise<FromView[]> => (await shown.posted()).filter(({ kind }) => kind !== 'ask');
  const text = (selector: string): Promise<string> => shown.page.locator(selector).innerText();
  const row = (name: string): ReturnType<Shown['page']['locator']> => shown.page.locator('#registry tbody tr', { hasText: name });
  const lane = (name: string): ReturnType<Shown['page']['locator']> =>
    shown.page.locator('#map [role=option]', { hasText: name });
  /** Pixels of a lane's picture that are about of this colour. */
  const pixels = (name: string, [red, green, blue]: readonly [number, number, number]): Promise<number> =>
    lane(name).evaluate(
      (element, wanted) => {
        const picture = document.querySelector<HTMLCanvasElement>('#map canvas');
        const brush = picture?.getContext('2d');
        if (!picture || !brush) throw new Error('no picture');
        const ratio = window.devicePixelRatio;
        const [box, from] = [element.getBoundingClientRect(), picture.getBoundingClientRect()];
        const { data } = brush.getImageData(0, (box.top - from.top) * ratio, picture.width, 26 * ratio);
        let count = 0;
        for (let at = 0; at < data.length; at += 4)
          if ((data[at + 3] ?? 0) > 250 && wanted.every((value, part) => Math.abs((data[at + part] ?? 0) - value) < 12))
            count += 1;
        return count;
      },
      [red, green, blue],
    );
  const blue = [89, 164, 249] as const;
  const red = [241, 76, 76] as const;
  const savedView = async (): Promise<Record<string, unknown>> => {
    await shown.until(() => sessionStorage.getItem('state') !== null);
    const state = await shown.page.evaluate(() => JSON.parse(sessionStorage.getItem('state') ?? '{}') as Record<string, unknown>);
    return state['view'] as Record<string, unknown>;
  };
  /** Retries until it holds: saving waits for a pause, drawing for a frame.  The last failure is what is told. */
  const eventually = async (check: () => Promise<void>): Promise<void> => {
    for (const end = Date.now() + 15_000; ;) {
      try {
        await check();
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await shown.send();
      }
    }
  };
  const canvas = (): Promise<string> =>
    shown.page.locator('#timeline .chart canvas').evaluate((element) => (element as HTMLCanvasElement).toDataURL());

  it('is connecting until the first snapshot comes', async () => {
    assert.match(await text('main'), /Connecting/);
    await shown.show(three());
    assert.doesNotMatch(await text('main'), /Connecting/);
    assert.equal(await text('h1'), 'demo-index');
  });

  it('the header says whose the object is and its mode, and marks one that every user may write', async () => {
    const model = three();
    for (const [mode, warned] of [
      [0o600, false],
      [0o660, false],
      [0o666, true],
      [0o602, true],
    ] as const) {
      model.mode = mode;
      await shown.show(model);
      const owner = shown.page.locator('.fact.owner');
      assert.match(await owner.innerText(), new RegExp(`user 1000, mode 0${mode.toString(8)}`));
      assert.equal(await owner.locator('.tone-warn').count(), warned ? 1 : 0);
      assert.equal(await owner.getByText('every user may write it').count(), warned ? 1 : 0);
    }
  });

  it('a growth is drawn within the next frame: sizes, rows and lanes', async () => {
    const model = three();
    await shown.show(model);
    const before = await pixels('search', blue);
    model.resize(model.header.active + 256 * KiB);
    const snapshot = snapshotOf(model);
    const frames = await shown.page.evaluate(async (message) => {
      const seen = (): boolean => /7\.25/.test(document.querySelector('.fact.strong dd')?.textContent ?? '');
      let count = 0;
      const drawn = new Promise<number>((resolve) => {
        const look = (): void => {
          if (seen()) {
            resolve(count);
            return;
          }
          count += 1;
          requestAnimationFrame(look);
        };
        window.addEventListener('message', () => requestAnimationFrame(look), { once: true });
      });
      window.postMessage(message, '*');
      return drawn;
    }, snapshot);
    assert.ok(frames <= 2, `${frames} frames`);
    assert.ok(before > 0 && (await pixels('search', blue)) > before);
    assert.match(await row('search').innerText(), /7\.25 MiB/);
  });

  it('messages that come in one frame are drawn once, and the last one counts', async () => {
    const model = three();
    await shown.show(model);
    const messages: ToView[] = [];
    for (let round = 0; round < 100; round += 1) {
      model.resize(model.header.active + 64 * KiB);
      messages.push(snapshotOf(model));
    }
    const { drawn, frames } = await shown.page.evaluate(async (all) => {
      const counted = { drawn: 0, frames: 0 };
      const target = document.querySelector('.fact.strong dd');
      if (!target) throw new Error('no active size');
      new MutationObserver(() => (counted.drawn += 1)).observe(target, { characterData: true, subtree: true, childList: true });
      const count = (): void => {
        counted.frames += 1;
        requestAnimationFrame(count);
      };
      requestAnimationFrame(count);
      for (const message of all) window.postMessage(message, '*');
      await new Promise((resolve) => setTimeout(resolve));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return counted;
    }, messages);
    assert.ok(drawn > 0 && drawn <= frames, `drawn ${drawn} times in ${frames} frames`);
    assert.match(await text('.fact.strong dd'), /13\.25 MiB/);
  });

  it('selection, focus, scroll positions, zoom and the rows themselves survive 1,000 snapshots', async () => {
    const model = full();
    await shown.show(model);
    await shown.scroll({ '#registry .table-scroller': 900 });
    await row('worker-040').click();
    await shown.page.locator('#timeline .chart').focus();
    await shown.page.keyboard.press('+');
    await shown.page.keyboard.press('ArrowLeft');
    await row('worker-040').locator('[role=rowheader]').focus();
    await shown.scroll({ '#registry .table-scroller': 500, '.lanes': 321, html: 120 });
    const marked = await row('worker-040').elementHandle();
    await shown.until(() => /worker-040.*"follow":false,"span":5000000000/.test(sessionStorage.getItem('state') ?? ''));
    const before = await savedView();
    const base = snapshotOf(model);
    await shown.page.evaluate(async (message) => {
      for (let turn = 0; turn < 1000; turn += 1) {
        message.snapshot.monotonicNs += 1e6;
        message.snapshot.takenAtMs += 1;
        if (message.snapshot.header) message.snapshot.header.epoch += 1;
        for (const peer of message.snapshot.peers.slice(turn % 128, (turn % 128) + 1)) peer.latencyNs += 1000;
        window.postMessage(message, '*');
        if (turn % 10 === 0) await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      await new Promise((resolve) => setTimeout(resolve));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    }, base);
    assert.match(await text('.facts'), /1,040/);
    assert.deepEqual(
      await Promise.all(['#registry .table-scroller', '.lanes', 'html'].map((name) => shown.scrolled(name))),
      [500, 321, 120],
    );
    assert.equal(
      await row('worker-040').evaluate((now, before) => now === before && now.contains(document.activeElement), marked),
      true,
    );
    assert.equal(await row('worker-040').getAttribute('aria-selected'), 'true');
    assert.deepEqual(await savedView(), before);
  });

  it('selection, zoom, closed sections and scroll positions survive a reload', async () => {
    const model = full();
    await shown.show(model);
    await row('worker-003').click();
    await shown.page.locator('#timeline .chart').focus();
    for (const key of ['+', '+', 'p', '.']) await shown.page.keyboard.press(key);
    await shown.page.getByRole('button', { name: 'Problems' }).click();
    await shown.scroll({ '#registry .table-scroller': 260, '.events .grid-scroller': 90, html: 300 });
    await shown.until(() => {
      const saved = JSON.parse(sessionStorage.getItem('state') ?? '{}') as {
        scroll?: Record<string, number>;
        view?: { closed: string[] };
      };
      return saved.scroll?.['page'] === 300 && saved.scroll['events'] === 90 && saved.scroll['registry'] === 260;
    });
    const before = await savedView();
    await shown.page.reload();
    await shown.until(() => window.posted.some(({ kind }) => kind === 'ready'));
    assert.match(await text('main'), /Connecting to market-data/);
    await shown.show(model);
    assert.deepEqual(await savedView(), before);
    assert.equal(before['follow'], false);
    assert.equal(before['span'], 2.5e9);
    assert.equal(await row('worker-003').getAttribute('aria-selected'), 'true');
    assert.equal(await shown.page.getByRole('button', { name: 'Problems' }).getAttribute('aria-expanded'), 'false');
    await eventually(async () => assert.equal(await shown.scrolled('html'), 300));
    assert.equal(await shown.scrolled('#registry .table-scroller'), 260);
    assert.equal(await shown.scrolled('.events .grid-scroller'), 90);
  });

  it('a peer that lacks memory is hatched in red, and the words say how much and where', async () => {
    const model = three();
    await shown.show(model);
    assert.equal(await pixels('search', red), 0);
    const search = the(model.peers[1]);
    search.mappings = mappingsOf(6 * MiB);
    search.missing = [{ address: '0x7e8000600000', length: MiB }];
    search.mapped = 6 * MiB;
    await shown.send(snapshotOf(model));
    assert.ok((await pixels('search', red)) > 100);
    assert.match(await lane('search').innerText(), /lacks 1 MiB at 0x7e8000600000/);
    assert.match((await row('search').innerText()).replaceAll('\n', ' '), /6 MiB/);
    assert.equal(await row('search').locator('td.short').getAttribute('title'), '1 MiB less than is active');
    assert.match(await text('#problems'), /search, pid 4718 lacks 1 MiB at 0x7e8000600000/);
    assert.equal(await pixels('stats', red), 0);
  });

  it('one selection is shown in the registry, the map and the timeline', async () => {
    const model = three();
    await shown.show(model);
    // A picture that follows is another one each time.
    await shown.page.getByRole('button', { name: 'Pause' }).click();
    await shown.page.getByRole('button', { name: 'Follow' }).waitFor();
    const before = await canvas();
    await lane('stats').click();
    await eventually(async () => assert.equal(await row('stats').getAttribute('aria-selected'), 'true'));
    assert.match((await shown.page.locator('.chart-name.selected').innerText()).trim(), /^stats$/);
    await eventually(async () => assert.notEqual(await canvas(), before));
    await row('stats').click();
    await eventually(async () => assert.equal(await lane('stats').getAttribute('aria-selected'), 'false'));
    await eventually(async () => assert.equal(await canvas(), before));
  });

  it('selecting an event marks its round, its peer, and the others of the round', async () => {
    await shown.show(three());
    const event = shown.page.locator('#timeline .events tbody tr', { hasText: 'mapped' }).first();
    await event.click();
    await eventually(async () => assert.equal(await event.getAttribute('aria-selected'), 'true'));
    assert.equal(await shown.page.locator('#timeline .events tr.kin').count(), 8);
    assert.equal(await row('stats').getAttribute('aria-selected'), 'true');
  });

  it('an event under the pointer in the timeline is explained, and selected by a click', async () => {
    const model = three();
    await shown.show(model);
    const picture = shown.page.locator('#timeline .chart canvas');
    await picture.scrollIntoViewIfNeeded();
    await shown.page.getByRole('button', { name: 'Pause' }).click();
    await shown.page.getByRole('button', { name: 'Follow' }).waitFor();
    const spot = await picture.evaluate((element) => {
      if (!(element instanceof HTMLCanvasElement)) throw new Error('not a canvas');
      const ratio = window.devicePixelRatio;
      const y = 11;
      const data = element.getContext('2d')?.getImageData(0, Math.round(y * ratio), element.width, 1).data ?? [];
      // The last pixel of the segment's lane that is drawn upon: the last round.
      for (let x = element.width - 1; x >= 0; x -= 1) if ((data[x * 4 + 3] ?? 0) > 200) return { x: x / ratio, y };
      throw new Error('the lane is empty');
    });
    await picture.hover({ position: spot });
    await shown.until(() => document.querySelector<HTMLElement>('.tip')?.hidden === false);
    assert.match(
      await text('.tip'),
      /Round 24: growth 6\.81 MiB → 7 MiB by indexer\s+done after [\d.]+ µs\s+3 of 3 peers answered/,
    );
    await picture.click({ position: spot });
    await eventually(async () => assert.equal(await shown.page.locator('#timeline .events tr[aria-selected=true]').count(), 1));
    await picture.dblclick({ position: spot });
    await eventually(async () => assert.ok(((await savedView())['span'] as number) < 1e6));
  });

  it('the wheel zooms about the moment under the pointer, with Ctrl while the page has the focus', async () => {
    await shown.show(three());
    const picture = shown.page.locator('#timeline .chart canvas');
    await shown.page.getByRole('button', { name: 'Pause' }).click();
    await eventually(async () => assert.equal((await savedView())['follow'], false));
    const before = (await savedView()) as { end: number; span: number };
    const width = (await picture.boundingBox())?.width ?? 0;
    await picture.hover({ position: { x: width / 4, y: 30 } });
    await shown.page.mouse.wheel(0, -100);
    // Without Ctrl the page has scrolled away below the pointer.
    await picture.hover({ position: { x: width / 4, y: 30 } });
    await shown.page.keyboard.down('Control');
    await shown.page.mouse.wheel(0, -100);
    await shown.page.keyboard.up('Control');
    await eventually(async () => assert.equal((await savedView())['span'], before.span * 0.8));
    const after = (await savedView()) as { end: number; span: number };
    const pointedAt = ({ end, span }: typeof before): number => end - span * 0.75;
    assert.ok(Math.abs(pointedAt(after) - pointedAt(before)) < before.span / 100);
  });

  it('a timeline of more lanes than fit scrolls down and not sideways', async () => {
    await shown.show(full());
    const lanes = shown.page.locator('.chart-lanes');
    const overflow = () =>
      lanes.evaluate((element) => [element.scrollHeight > element.clientHeight, element.scrollWidth - element.clientWidth]);
    await eventually(async () => assert.deepEqual(await overflow(), [true, 0]));
  });

  it('the event list stands still while somebody reads it, and says what came since', async () => {
    const model = three();
    await shown.show(model);
    const first = await shown.page.locator('#timeline .events tbody tr').first().getAttribute('data-row');
    await shown.scroll({ '.events .grid-scroller': 60 });
    const read = model.events.length;
    model.resize(model.header.active + MiB);
    await shown.send({ kind: 'events', batch: batchOf(model.events.slice(read)), reset: false });
    assert.equal(await shown.page.locator('#timeline .events tbody tr').first().getAttribute('data-row'), first);
    await shown.page.getByRole('button', { name: '8 newer events' }).click();
    await eventually(async () =>
      assert.equal(
        await shown.page.locator('#timeline .events tbody tr').first().getAttribute('data-row'),
        String(model.events.length),
      ),
    );
  });

  it('lost events are told as lost', async () => {
    const model = three();
    await shown.show(model);
    const lost = model.events.length;
    for (let round = 0; round < 3; round += 1) model.resize(model.header.active + MiB);
    await shown.send({ kind: 'events', batch: batchOf(model.events.slice(lost + 12), 12), reset: false });
    assert.match(await text('#timeline tr.lost'), /12 events were overwritten before they could be read/);
  });

  it('its clock ticks while events are in view, and nothing runs at all once they are not', async () => {
    await shown.page.evaluate(() => {
      window.delays = [];
      const timeout = window.setTimeout.bind(window);
      window.setTimeout = ((run: () => void, delay = 0) => {
        window.delays.push(delay);
        return timeout(run, delay);
      }) as typeof window.setTimeout;
    });
    const model = three();
    await shown.show(model);
    assert.ok((await shown.page.evaluate(() => window.delays)).includes(1000));
    model.now += 60e9;
    await shown.send(snapshotOf(model));
    // What is worked out a few times a second has its last turn.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const during = await shown.page.evaluate(async () => {
      const frame = window.requestAnimationFrame.bind(window);
      let frames = 0;
      window.requestAnimationFrame = (draw) => {
        frames += 1;
        return frame(draw);
      };
      window.delays = [];
      for (let turn = 0; turn < 90; turn += 1) await new Promise((resolve) => frame(resolve));
      return { frames, delays: window.delays };
    });
    assert.deepEqual(during, { frames: 0, delays: [] });
  });

  it('commands are posted with their process, are busy until done, and an error is shown until dismissed', async () => {
    await shown.show(three());
    const grow = shown.page.getByRole('button', { name: 'Grow…' });
    await grow.click();
    await shown.page.getByRole('button', { name: 'Remap stats' }).click();
    await shown.page.getByRole('button', { name: 'Copy pid 4718' }).click();
    const posted: FromView[] = [
      { kind: 'ready' },
      { kind: 'command', id: 1, command: 'peermap.grow' },
      { kind: 'command', id: 2, command: 'peermap.remap', pid: 4724 },
      { kind: 'copy', text: '4718' },
    ];
    assert.deepEqual(await said(), posted);
    await eventually(async () => assert.equal(await grow.getAttribute('aria-busy'), 'true'));
    await grow.click({ force: true });
    assert.equal((await said()).length, 4);
    await shown.send({ kind: 'done', id: 1, error: 'planner did not map the memory before the deadline.' });
    assert.equal(await grow.getAttribute('aria-busy'), null);
    assert.match(await shown.page.getByRole('alert').innerText(), /planner did not map/);
    await shown.page.getByRole('button', { name: 'Dismiss' }).click();
    await eventually(async () => assert.equal(await shown.page.getByRole('alert').innerText(), ''));
    assert.equal(await row('stats').getAttribute('aria-selected'), 'false');
  });

  it('what cannot be done says why, and does nothing', async () => {
    const model = failing();
    await shown.show(model, { readOnly: 'the setting peermap.readOnly is on' });
    const grow = shown.page.getByRole('button', { name: /^Grow/ });
    assert.match((await grow.getAttribute('title')) ?? '', /the setting peermap\.readOnly is on/);
    await grow.click({ force: true });
    assert.match(await text('main'), /Read-only: the setting peermap\.readOnly is on, so/);
    await shown.show(three());
    await shown.page.getByRole('button', { name: /^Reap/ }).click({ force: true });
    assert.match((await shown.page.getByRole('button', { name: /^Reap/ }).getAttribute('title')) ?? '', /no dead peers/);
    await shown.send({ kind: 'server', state: 'restarting', text: '' });
    await shown.page.getByRole('button', { name: /^Shrink/ }).click({ force: true });
    assert.match(await text('[role=status]'), /being restarted/);
    await shown.send({ kind: 'server', state: 'failed', text: 'The server ended five times.' });
    assert.match(await shown.page.getByRole('alert').innerText(), /ended five times/);
    assert.deepEqual(await said(), [{ kind: 'ready' }]);
  });

  it('what the server ended at is named with a way to try it again, and what is too fast to be told is counted', async () => {
    const model = three();
    await shown.send(snapshotOf(model));
    const sentence = 'The Peermap server ended while it was counting the heap of demo. That is left out until you try again.';
    await shown.send({ kind: 'server', state: 'running', text: '', leftOut: [sentence] });
    assert.ok((await text('.banners')).includes(sentence));
    await shown.page.getByRole('button', { name: 'Try Again' }).click();
    assert.deepEqual(
      (await said()).flatMap((message) => (message.kind === 'command' ? [message.command] : [])),
      ['peermap.tryAgain'],
    );
    await shown.send({ kind: 'server', state: 'running', text: '' });
    assert.equal((await text('.banners')).includes(sentence), false);
    const sampling = { looksPerSecond: 10, lookMs: 0.4, leftOut: { events: 12_345, changes: 6 } };
    await shown.send(snapshotOf(model, { sampling }));
    assert.match(await text('.title'), /12,345 events and 6 states in between were left out/);
  });

  it('a removed segment keeps its last picture and says who still has it mapped', async () => {
    await shown.show(three());
    await shown.send({ kind: 'gone', segment: 'demo-index' });
    assert.match(await text('[role=status]'), /demo-index was removed; 3 processes still had it mapped/);
    assert.equal(await shown.page.locator('#registry tbody tr').count(), 3);
  });

  it('every odd state has its words', async () => {
    await shown.show(empty());
    assert.match(await text('#registry'), /No peers/);
    assert.match(await text('#problems'), /No problems/);
    await shown.send({ kind: 'snapshot', snapshot: damaged(), attached: false });
    assert.match(await text('main'), /not a segment that can be read/);
    assert.match(await text('#problems'), /header\.magic The object does not begin with PEERMAP/);
    const dead: Model = three();
    for (const peer of dead.peers) {
      peer.state = 'dead';
      delete peer.mappings;
    }
    await shown.show(dead);
    assert.match(await text('#registry .aside'), /3 dead/);
    assert.match(await text('.commands'), /Reap \(3 dead\)/);
    await shown.page.locator('#problems').getByRole('button', { name: 'Reap' }).click();
    assert.equal((await shown.posted()).at(-1)?.kind, 'command');
  });

  it('memory mapped ahead is a band of its own, with the horizon at its end, and no problem', async () => {
    await shown.show(three());
    assert.doesNotMatch(await text('#map .legend'), /ahead/);
    await shown.show(ahead());
    const lanes = shown.page.locator('#map [role=option]');
    assert.match(await text('#map .legend'), /mapped ahead, up to the horizon/);
    assert.match(await text('.facts'), /Ahead\s+77\.5 MiB/);
    assert.match(await text('#problems'), /No problems/);
    assert.match(await row('search').innerText(), /stopped.*unstop/s);
    assert.match(await row('stats').innerText(), /no-ptrace/);
    // Above the middle, at 60 of 112 MiB.
    const { width = 0 } = (await shown.page.locator('#map canvas').boundingBox()) ?? {};
    await lanes.nth(1).hover({ position: { x: 164 + width * 0.5, y: 10 } });
    await shown.until(() => /mapped ahead: not active yet/.test(document.querySelector('.tip')?.textContent ?? ''));
    await shown.show(strict());
    assert.match(await text('.name-row'), /strict\s+no-ptrace/);
    assert.match(await text('.facts'), /Ahead\s+none/);
    assert.match(await text('#problems'), /was asked for 25\. It is stopped\./);
  });

  it('a changed value glows, but not for those who asked for less motion', async () => {
    const model = three();
    const glowing = (page: Shown): Promise<number> =>
      page.page.evaluate(
        () =>
          document.getAnimations().filter((one) => one instanceof CSSAnimation && one.animationName.startsWith('glow')).length,
      );
    const moving = await preview.open({ reducedMotion: false });
    for (const one of [moving, shown]) await one.show(model);
    assert.equal(await glowing(moving), 0);
    model.resize(model.header.active + MiB);
    for (const one of [moving, shown]) await one.send(snapshotOf(model));
    assert.ok((await glowing(moving)) > 0);
    assert.equal(await glowing(shown), 0);
    await moving.close();
  });

  it('names that are HTML stay text', async () => {
    const model = three();
    const name = '<img src=x onerror=alert(1)>';
    the(model.peers[1]).name = name;
    Object.assign(model, { name: '<b>bold</b>' });
    model.strangers.push({ pid: 9, command: '<script>alert(2)</script>', mappings: mappingsOf(MiB) });
    model.problems.push({ code: 'os', where: '<i>where</i>', text: '<u>text</u>' });
    await shown.show(model);
    assert.equal(await text('h1'), '<b>bold</b>');
    assert.equal(await shown.page.locator('img, main b, main i:not(.swatch), main u, main script').count(), 0);
    assert.equal(await row(name).count(), 1);
  });
});
