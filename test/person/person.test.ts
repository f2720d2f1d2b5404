// SPDX-License-Identifier: MIT
//
// The packaged extension in a real workbench, used as a person uses it: palette, quick picks, input boxes, dialogs, the inspector's
// buttons.  What it did is read from /proc/PID/maps of the demo's processes.  Also takes the pictures, the README's among them.

import * as assert from 'node:assert/strict';
import { chownSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import type * as Addon from '../../native/addon/index';
import { removeAtExit } from '../at-exit';
import { Peer } from '../peers/drive';
import {
  bindKeys,
  DemoProcesses,
  exampleFolder,
  installedServer,
  keepEvidence,
  openWorkbench,
  until,
  type Server,
  type Workbench,
} from './workbench';

const mib = 1024 * 1024;
const addon = createRequire(path.resolve('package.json'))('./build/native/peermap.node') as typeof Addon;

describe('a person in the workbench, with the installed extension', function () {
  this.timeout(300_000);
  let server: Server;
  let workbench: Workbench;
  let demo: DemoProcesses;
  /** Newest first: what after() ends, however far before() came. */
  const endings: (() => unknown)[] = [];
  let headerLength: number;
  /** The workspace: somebody else's, who would rather not be in anybody's way. */
  let folder: string;
  /** A second one, so that every command has something to ask. */
  const other = `person-${process.pid}-other`;
  const programs = ['indexer', 'search', 'stats'];

  const active = (segment = demo.segment) => addon.list().find(({ name }) => name === segment)?.active ?? 0;
  const mappedByAll = (bytes: number) => programs.every((program) => demo.mapped(program) >= headerLength + bytes);
  const activeFact = () => workbench.webview().locator('.fact', { hasText: 'Active' });

  const runs = (one: DemoProcesses) =>
    until(`the demo on ${one.segment} runs`, () => {
      const observer = existsSync(one.object) ? new addon.Observer(one.segment) : undefined;
      const snapshot = observer?.snapshot();
      observer?.close();
      headerLength = snapshot?.header?.headerLength ?? 0;
      return snapshot?.peers.filter(({ state }) => state === 'alive').length === 3;
    });

  before(async () => {
    // A segment in which every growth is a round, and a process that is stopped holds it up.
    demo = new DemoProcesses(`words-${process.pid}`, '--strict', '--no-ptrace');
    endings.unshift(() => demo.stop());
    removeAtExit(other);
    addon.Segment.create(other, { peerName: 'person' }).detach();
    endings.unshift(() => rmSync(`/dev/shm/peermap.${other}`, { force: true }));
    server = await installedServer();
    endings.unshift(() => server.stop());
    const shrink = { segment: other, bytes: '4 KiB' };
    const noQuestions = ['destroy', 'shrink', 'reap', 'remove', 'overwrite'].map(
      (kind) => [`peermap.confirm.${kind}`, false] as const,
    );
    folder = exampleFolder({
      'settings.json': { ...Object.fromEntries(noQuestions), 'peermap.trustedOwners': [45697] },
      'tasks.json': {
        version: '2.0.0',
        tasks: [{ label: 'tidy up', type: 'peermap', command: 'shrink', problemMatcher: [], ...shrink }],
      },
    });
    bindKeys(server, [
      { key: 'ctrl+alt+1', command: 'peermap.shrink', args: shrink },
      {
        key: 'ctrl+alt+2',
        command: 'peermap.exportSnapshot',
        args: { segment: other, file: path.join(folder, 'kept.peermap.json') },
      },
      { key: 'ctrl+alt+3', command: 'peermap.reap', args: { segment: other } },
    ]);
    workbench = await openWorkbench(server, folder);
    endings.unshift(() => workbench.close());
    await runs(demo);
  });

  after(async () => {
    for (const end of endings) await end();
    assert.equal(server.crashed(), undefined);
  });

  afterEach(async function () {
    await keepEvidence(this.currentTest, 'person-failure', workbench.page, server);
  });

  it('opens the inspector from the palette and sees every process', async () => {
    await workbench.command('Peermap: Inspect');
    await workbench.quickPick(demo.segment);
    const registry = workbench.webview().getByRole('grid', { name: /^Registry/ });
    for (const program of programs) await registry.getByRole('row', { name: new RegExp(`${program}.*alive`) }).waitFor();
  });

  it('grows the segment from the palette, and every process has the memory mapped', async () => {
    await until('the indexer has read everything', () =>
      readFileSync(`/proc/${demo.pid('indexer')}/stat`, 'utf8').includes(') S '),
    );
    const before = active();
    await workbench.command('Peermap: Grow…');
    await workbench.quickPick(demo.segment);
    await workbench.inputBox('2 MiB');
    await until('the segment has grown', () => active() >= before + 2 * mib);
    assert.ok(mappedByAll(before + 2 * mib), 'every process of the demo maps it when the size is known');
    await activeFact()
      .getByText((active() / mib).toFixed(2).replace(/\.?0+$/, ''))
      .waitFor();
    await workbench
      .webview()
      .getByRole('grid', { name: /^Events/ })
      .getByText('round done')
      .first()
      .waitFor();
  });

  it('is told what is wrong with a size before it is accepted', async () => {
    await workbench.command('Peermap: Grow…');
    await workbench.quickPick(demo.segment);
    const input = workbench.page.locator('.quick-input-widget .quick-input-box input');
    await input.fill('12 parsecs');
    await workbench.page.locator('.quick-input-widget').getByText('Type a size such as').waitFor();
    await input.press('Escape');
    await workbench.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  });

  it('is asked before a shrink takes memory away, and may change their mind', async () => {
    const before = active();
    const shrink = async (answer: string) => {
      await workbench.command('Peermap: Shrink…');
      await workbench.quickPick(demo.segment);
      await workbench.inputBox('1 MiB');
      for (const program of programs) await workbench.dialog().getByText(program).first().waitFor();
      await workbench.dialogButton(answer);
    };
    await shrink('Cancel');
    assert.equal(active(), before);
    await shrink('Shrink');
    await until('the segment has shrunk', () => active() <= before - mib);
    await until('every process gave the tail up', () =>
      programs.every((program) => demo.mapped(program) <= headerLength + before),
    );
    await until('the memory went back to the system', () => statSync(demo.object).size < headerLength + before);
  });

  it('is asked as well before a key does, or a task of the workspace; a no leaves everything as it is', async () => {
    const key = async () => {
      await workbench.page.keyboard.press('Control+Alt+1');
      await workbench.dialog().getByText('A command with arguments asks for this').waitFor();
    };
    const task = async () => {
      await workbench.command('Tasks: Run Task');
      await workbench.quickPick('tidy up');
      await workbench.dialog().getByText('The task "tidy up" asks for this.').waitFor();
    };
    for (const ask of [key, task]) {
      const before = active(other);
      await ask();
      await workbench.dialogButton('Cancel');
      await workbench.page.locator('.monaco-dialog-box').waitFor({ state: 'hidden' });
      assert.equal(active(other), before);
      await ask();
      await workbench.dialogButton('Shrink');
      await until('the segment has shrunk', () => active(other) === before - 4096);
    }
    assert.equal(await workbench.notification('Peermap').count(), 0);
  });

  it('is asked before a key writes over a file', async () => {
    const file = path.join(folder, 'kept.peermap.json');
    writeFileSync(file, 'precious');
    const press = async (answer: string) => {
      await workbench.page.keyboard.press('Control+Alt+2');
      await workbench.dialog().getByText(`${file} exists`).waitFor();
      await workbench.dialogButton(answer);
      await workbench.page.locator('.monaco-dialog-box').waitFor({ state: 'hidden' });
    };
    await press('Cancel');
    assert.equal(readFileSync(file, 'utf8'), 'precious');
    await press('Overwrite');
    await until('the snapshot is written', () => readFileSync(file, 'utf8').startsWith('{'));
  });

  it('agrees to the reaping of who is named, and of nobody who dies while the question is there', async () => {
    const die = async (name: string) => (await Peer.start(other, name)).end('SIGKILL');
    const dead = () => {
      const observer = new addon.Observer(other);
      const { peers } = observer.snapshot();
      observer.close();
      return peers.filter(({ state }) => state === 'dead').map(({ name }) => name);
    };
    const reap = async (named: string) => {
      await workbench.page.keyboard.press('Control+Alt+3');
      await workbench.dialog().getByText(named).first().waitFor();
    };
    await die('first');
    await reap('1 registry slot will be freed: first');
    await die('second');
    await workbench.dialogButton('Reap');
    await until('the first is reaped', () => !dead().includes('first'));
    assert.deepEqual(dead(), ['second']);
    await reap('1 registry slot will be freed: second');
    await workbench.dialogButton('Reap');
    await until('the slots are free', () => dead().length === 0);
  });

  it('reads in words which process held up a growth, and nothing has changed', async () => {
    const before = active();
    process.kill(demo.pid('stats'), 'SIGSTOP');
    try {
      await workbench.command('Peermap: Grow…');
      await workbench.quickPick(demo.segment);
      await workbench.inputBox('64K');
      await workbench.notification('stats').waitFor();
      assert.equal(active(), before);
      await workbench.webview().getByText('rolled back').first().waitFor();
      await workbench.screenshot('build/shots/inspector-late.png');
    } finally {
      process.kill(demo.pid('stats'), 'SIGCONT');
    }
    await workbench.command('Notifications: Clear All Notifications');
  });

  it('grows it without waiting for the process that held it up, once told to', async () => {
    const before = active();
    const grown = before + 64 * 1024;
    process.kill(demo.pid('stats'), 'SIGSTOP');
    try {
      await workbench.webview().getByRole('button', { name: /^Grow/ }).click();
      await workbench.inputBox('64K');
      await workbench.notification('stats').getByRole('button', { name: 'Grow Without Waiting' }).click();
      await until('the segment has grown', () => active() >= grown);
      assert.ok(demo.mapped('search') >= headerLength + grown && demo.mapped('stats') < headerLength + grown);
    } finally {
      process.kill(demo.pid('stats'), 'SIGCONT');
    }
    await until('the late process has mapped it', () => demo.mapped('stats') >= headerLength + grown);
    await workbench.command('Notifications: Clear All Notifications');
  });

  it('grows another, where memory is mapped ahead, though one of its processes is stopped', async () => {
    const usual = new DemoProcesses(`words-${process.pid}-ahead`);
    try {
      await runs(usual);
      process.kill(usual.pid('stats'), 'SIGSTOP');
      const size = () => addon.list().find(({ name }) => name === usual.segment)?.active ?? 0;
      const before = size();
      await workbench.command('Peermap: Inspect');
      await workbench.quickPick(usual.segment);
      await workbench.webview().getByRole('heading', { name: usual.segment }).waitFor();
      await workbench.webview().getByRole('button', { name: /^Grow/ }).click();
      await workbench.inputBox('2 MiB');
      await workbench.page.locator('.statusbar').getByText('all had it mapped ahead').waitFor();
      assert.ok(size() >= before + 2 * mib);
      assert.ok(usual.mapped('stats') >= headerLength + before + 2 * mib);
      await workbench.webview().getByText('mapped ahead, up to the horizon').waitFor();
      await workbench.screenshot('build/shots/inspector-ahead.png');
    } finally {
      await usual.stop();
    }
    await workbench.command('Peermap: Inspect');
    await workbench.quickPick(demo.segment);
    await workbench.webview().getByRole('heading', { name: demo.segment, exact: true }).waitFor();
  });

  it('grows it from the inspector, and sees a killed process die', async () => {
    const before = active();
    await workbench.webview().getByRole('button', { name: /^Grow/ }).click();
    await workbench.inputBox('+25%');
    await until('the segment has grown by a quarter', () => active() >= Math.floor(before * 1.25));
    process.kill(demo.pid('search'), 'SIGKILL');
    const registry = workbench.webview().getByRole('grid', { name: /^Registry/ });
    await registry.getByRole('row', { name: /search.*dead/ }).waitFor();
    await workbench.webview().getByRole('button', { name: 'Reap (1 dead)' }).click();
    await workbench.dialog().getByText('search').first().waitFor();
    await workbench.dialogButton('Reap');
    await registry.getByRole('row', { name: /search/ }).waitFor({ state: 'detached' });
  });

  it('looks right in every theme', async () => {
    // Something to see in the last seconds: a small peer beside the demo's, growing it a few times.
    const visitor = addon.Segment.attach(demo.segment, { peerName: 'visitor', relocatable: true });
    for (let round = 0; round < 6; round += 1) await visitor.grow(64 * 1024);
    visitor.detach();
    await workbench.command('Peermap: Focus on Segments View');
    await workbench.page.locator('.pane-body .monaco-list-row', { hasText: demo.segment }).first().waitFor();
    for (const theme of ['light', 'hc', 'hc-light', 'dark'] as const) {
      await workbench.setTheme(theme);
      await workbench.screenshot(`build/shots/inspector-${theme}.png`);
    }
  });

  it('finds the inspector again after the window was reloaded', async () => {
    await workbench.page.reload({ waitUntil: 'domcontentloaded' });
    await workbench.webview().getByRole('heading', { name: demo.segment }).waitFor();
    await workbench
      .webview()
      .getByRole('grid', { name: /^Registry/ })
      .getByRole('row', { name: /indexer.*alive/ })
      .waitFor();
  });

  it('takes part in a segment of another user only after a yes to a question that names that user', async function () {
    if (process.geteuid?.() !== 0) {
      console.log('      skipped: only root can give an object to another user');
      return this.skip();
    }
    const before = active(other);
    /** From the palette; each question, and what is answered. */
    const resize = async (title: string, ...questions: [string, string][]) => {
      const size = active(other);
      await workbench.command(`Peermap: ${title}…`);
      await workbench.quickPick(other);
      await workbench.inputBox('64K');
      for (const [question, answer] of questions) {
        const text = workbench.dialog().getByText(question).first();
        await text.waitFor();
        assert.equal(active(other), size);
        await workbench.dialogButton(answer);
        await text.waitFor({ state: 'detached' });
      }
    };
    const owner = `${other} belongs to user 45697. Take part in it?`;
    const loss = `Shrink ${other} by 64 KiB?`;
    chownSync(`/dev/shm/peermap.${other}`, 45697, 45697);
    try {
      await resize('Grow', [owner, 'Cancel']);
      await resize('Grow', [owner, 'Grow']);
      await until('the segment has grown', () => active(other) === before + 64 * 1024);
      await resize('Shrink', [owner, 'Cancel']);
      await resize('Shrink', [owner, 'Shrink'], [loss, 'Cancel']);
      await resize('Shrink', [owner, 'Shrink'], [loss, 'Shrink']);
      await until('the segment has shrunk', () => active(other) === before);
    } finally {
      chownSync(`/dev/shm/peermap.${other}`, 0, 0);
    }
  });

  it('destroys a segment only after a yes', async () => {
    await workbench.command('Peermap: Destroy Segment…');
    await workbench.quickPick(other);
    await workbench.dialog().getByText(other).first().waitFor();
    await workbench.dialogButton('Destroy');
    await until('the object is gone', () => !existsSync(`/dev/shm/peermap.${other}`));
    assert.ok(existsSync(demo.object));
  });
});
