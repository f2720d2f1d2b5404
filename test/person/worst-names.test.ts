// SPDX-License-Identifier: MIT
//
// A person among programs whose names are links to commands, icons, and orders to a terminal (worst_names.c): wherever one is shown, it is text.

import * as assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import type { FrameLocator, Page } from 'playwright-core';
import type * as Addon from '../../native/addon/index';
import { atExit, removeAtExit } from '../at-exit';
import { installedServer, keepEvidence, openWorkbench, type Server, type Workbench } from './workbench';

const addon = createRequire(path.resolve('package.json'))('./build/native/peermap.node') as typeof Addon;

/** VS Code has no command `worst`, and shows no flame of its own. */
const link = '[Why](command:worst)';
const icon = '$(flame)';
const controls = '\x1b[2J\r\n\u202e';
const names = [link, icon, controls].map((start) => `${start} worst`).concat(`${link}${icon}${controls}`);

/** Runs in a page: what a name has become in it that it must not be. */
function misread(html: Element): string[] {
  const document = html.ownerDocument;
  const links = [...document.querySelectorAll('a')]
    .map((each) => each.getAttribute('data-href') ?? each.getAttribute('href') ?? '')
    .filter((target) => target.includes('command:worst'));
  const icons = [...document.querySelectorAll('.codicon-flame')].map(() => 'an icon');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts: string[] = [];
  const raw = /[\0-\x08\x0b-\x1f\u202e]/;
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent ?? '';
    if (text.includes('worst') && raw.test(text)) texts.push(JSON.stringify(text));
  }
  return [...links, ...icons, ...texts];
}

describe('a person among programs with the worst names, in the workbench', function () {
  this.timeout(300_000);
  // No word of a name is in what is ours.
  const segment = `bare-${process.pid}`;
  const plain = `bare-${process.pid}-plain`;
  const orphan = `/dev/shm/${link}${icon}${controls}${process.pid}`;
  let server: Server;
  let workbench: Workbench;
  let page: Page;
  const endings: (() => unknown)[] = [];

  before(async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-worst-'));
    endings.unshift(() => fs.rmSync(folder, { recursive: true, force: true }));
    const program = path.join(folder, 'worst_names');
    const library = ['build/native/libpeermap.a', '-pthread'];
    execFileSync('cc', ['-std=gnu11', '-Inative/include', 'test/person/worst_names.c', ...library, '-o', program]);
    for (const name of [segment, plain]) removeAtExit(name);
    const peer = spawn(program, [segment, ...names], { stdio: ['ignore', 'pipe', 'inherit'] });
    atExit(() => peer.kill('SIGKILL'));
    endings.unshift(() => fs.rmSync(`/dev/shm/peermap.${segment}`, { force: true }));
    endings.unshift(() => peer.kill('SIGKILL'));
    assert.match(String(await once(peer.stdout, 'data')), /^ready/);
    addon.Segment.create(plain, { peerName: 'plain' }).detach();
    endings.unshift(() => fs.rmSync(`/dev/shm/peermap.${plain}`, { force: true }));
    fs.writeFileSync(orphan, 'nobody has this');
    atExit(() => fs.rmSync(orphan, { force: true }));
    endings.unshift(() => fs.rmSync(orphan, { force: true }));
    server = await installedServer();
    endings.unshift(() => server.stop());
    workbench = await openWorkbench(server, folder);
    endings.unshift(() => workbench.close());
    page = workbench.page;
  });

  after(async () => {
    for (const end of endings) await end();
  });

  afterEach(async function () {
    await keepEvidence(this.currentTest, 'worst-names-failure', page, server);
  });

  /** The name is seen there, as text. */
  async function isText(place: string): Promise<void> {
    await page.locator(place).getByText('worst').first().waitFor();
    assert.deepEqual(await page.locator('html').evaluate(misread), []);
  }

  async function isTextIn(frame: FrameLocator): Promise<void> {
    await frame.getByText('worst').first().waitFor();
    assert.deepEqual(await frame.locator('html').evaluate(misread), []);
  }

  const notification = '.notifications-toasts .notification-list-item';

  it('reads who holds a growth up', async () => {
    await workbench.command('Peermap: Grow…');
    await workbench.quickPick(segment);
    await workbench.inputBox('64K');
    await isText(notification);
    await workbench.command('Notifications: Clear All Notifications');
  });

  it('chooses a peer', async () => {
    await workbench.command('Peermap: Remap Peer');
    await workbench.quickPick(segment);
    await isText('.quick-input-list');
    await page.keyboard.press('Enter');
    await isText(notification);
    await workbench.command('Notifications: Clear All Notifications');
  });

  it('is asked before memory is taken away from it', async () => {
    await workbench.command('Peermap: Shrink…');
    await workbench.quickPick(segment);
    await workbench.inputBox('64K');
    await isText('.monaco-dialog-box');
    await workbench.dialogButton('Cancel');
  });

  it('sees the registry, the roots and the problems', async () => {
    await workbench.command('Peermap: Inspect');
    await workbench.quickPick(segment);
    const inspector = workbench.webview();
    await inspector
      .getByRole('grid', { name: /^Registry/ })
      .getByText('worst')
      .first()
      .waitFor();
    await isTextIn(inspector);
  });

  it('rests on a peer and on the status item', async () => {
    await workbench.command('Peermap: Focus on Segments View');
    const row = page.locator('.pane-body .monaco-list-row');
    await row.filter({ hasText: segment }).first().click();
    await page.keyboard.press('ArrowRight');
    await row.filter({ hasText: 'worst)' }).first().hover();
    await isText('.monaco-hover:not(.hidden)');
    await page
      .locator('.statusbar-item', { hasText: /segment/ })
      .first()
      .hover();
    await page.locator('.monaco-hover:not(.hidden)').getByText('Restart Server').waitFor();
    assert.deepEqual(await page.locator('html').evaluate(misread), []);
  });

  it('removes what nobody has, in vain, because somebody has it by then', async () => {
    await workbench.command('Peermap: Remove Orphan…');
    await isText('.quick-input-list');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'worst' }).first().click();
    await isText('.monaco-dialog-box');
    const descriptor = fs.openSync(orphan, 'r');
    try {
      await workbench.dialogButton('Remove');
      await isText(notification);
    } finally {
      fs.closeSync(descriptor);
    }
    assert.ok(fs.existsSync(orphan));
    await page.locator('.pane-body .monaco-list-row', { hasText: 'worst' }).first().hover();
    await isText('.monaco-hover:not(.hidden)');
    await workbench.command('Notifications: Clear All Notifications');
  });
});
