// SPDX-License-Identifier: MIT
//
// The packaged extension in a workspace that nobody has said to trust: a person sees what there is, nothing is changed, and the page can load and send nothing but
// what is ours.

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { cleanUp, objectOf, Peer, testSegment } from '../peers/drive';
import {
  bindKeys,
  exampleFolder,
  installedServer,
  keepEvidence,
  openWorkbench,
  until,
  type Server,
  type Workbench,
} from './workbench';

const commands = [
  'grow',
  'shrink',
  'remap',
  'remapAll',
  'reap',
  'attach',
  'detach',
  'create',
  'destroy',
  'removeOrphan',
  'startDemo',
];
const size = 65_536;

/** Runs in the page, as something would that had come into it: which of the policy's rules forbade what, and whether anything went through. */
async function attempts(html: HTMLElement, elsewhere: string): Promise<{ missing: string[]; done: string[] }> {
  const document = html.ownerDocument;
  const { body } = document;
  const world = window as unknown as { done: string[]; eval: (text: string) => unknown };
  world.done = [];
  const forbidden = new Set<string>();
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => forbidden.add(effectiveDirective));
  const add = (name: string, attributes: Record<string, string>, text = ''): HTMLElement => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    // A frame that was forbidden loads a page that says so.
    if (name !== 'iframe') element.addEventListener('load', () => world.done.push(`${name} ${Object.values(attributes).join()}`));
    body.append(element);
    return element;
  };
  add('script', {}, 'window.done.push("script")');
  add('script', { src: `${elsewhere}/script.js` });
  add('script', { src: 'data:text/javascript,window.done.push("data")' });
  add('button', { onclick: 'window.done.push("handler")' }).click();
  add('style', {}, 'body { --inline: 1 }');
  add('p', { style: '--attribute: 1' });
  add('link', { rel: 'stylesheet', href: `${elsewhere}/style.css` });
  add('img', { src: `${elsewhere}/image.png` });
  add('img', { src: 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=' });
  add('iframe', { src: `${elsewhere}/frame` });
  add('object', { data: `${elsewhere}/object` });
  add('video', { src: `${elsewhere}/video` });
  add('base', { href: `${elsewhere}/` });
  const tell = (what: string) => () => world.done.push(what);
  await fetch(`${elsewhere}/fetch`).then(tell('fetch'), () => undefined);
  const tries: [string, () => unknown][] = [
    ['socket', () => new WebSocket(elsewhere.replace('http', 'ws')).addEventListener('open', tell('socket'))],
    ['worker', () => new Worker(URL.createObjectURL(new Blob(['1']))).addEventListener('message', tell('worker'))],
    ['font', () => new FontFace('f', `url(${elsewhere}/font.woff)`).load().then(tell('font'), () => undefined)],
    ['beacon', () => navigator.sendBeacon(`${elsewhere}/beacon`)],
  ];
  for (const [what, act] of tries)
    try {
      act();
    } catch {
      forbidden.add(`${what}, by an exception`);
    }
  // What a debugger calls, as it does this function, may make code of text.
  setTimeout(() => {
    try {
      world.eval('1');
      world.done.push('eval');
    } catch {
      // As it should be.
    }
  });
  // Reports come in tasks of their own.
  const wanted = [
    'script-src-elem',
    'script-src-attr',
    'script-src',
    'style-src-elem',
    'style-src-attr',
    'img-src',
    'connect-src',
    'frame-src',
    'object-src',
    'media-src',
    'font-src',
    'worker-src',
    'base-uri',
  ];
  for (let left = 200; left > 0 && wanted.some((each) => !forbidden.has(each)); left -= 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const style = getComputedStyle(body).getPropertyValue('--inline');
  if (style !== '') world.done.push('style');
  return { missing: wanted.filter((each) => !forbidden.has(each)), done: world.done };
}

describe('a person in a workspace that is not trusted, with the installed extension', function () {
  this.timeout(300_000);
  let server: Server;
  let workbench: Workbench;
  let peer: Peer;
  const segment = testSegment();
  const endings: (() => unknown)[] = [];
  /** Of the page. */
  const complaints: string[] = [];

  before(async () => {
    endings.unshift(cleanUp);
    peer = await Peer.start(segment, 'writer', 'create', size);
    // A second one, so that the command has something to ask.
    await Peer.start(testSegment(), 'other', 'create', size);
    server = await installedServer({}, { trusting: false });
    endings.unshift(() => server.stop());
    const args = { segment, bytes: 4096, pid: peer.pid, object: `posix:peermap.${segment}`, folder: '.' };
    bindKeys(
      server,
      commands.map((command, at) => ({
        key: `ctrl+${at > 9 ? 'shift' : 'alt'}+${at % 10}`,
        command: `peermap.${command}`,
        args,
      })),
    );
    const folder = exampleFolder({
      'settings.json': { 'peermap.readOnly': false, 'peermap.confirm.destroy': false, 'peermap.inspectOnStartup': segment },
    });
    workbench = await openWorkbench(server, folder);
    endings.unshift(() => workbench.close());
    workbench.page.on('pageerror', (error) => complaints.push(error.message));
    workbench.page.on('console', (message) => {
      const isOurs = /extension|webview\.(js|css)|Content Security Policy/i.test(`${message.location().url} ${message.text()}`);
      if (message.type() === 'error' && isOurs) complaints.push(`${message.location().url}: ${message.text()}`);
    });
  });

  after(async () => {
    for (const end of endings) await end();
    assert.equal(server.crashed(), undefined);
  });

  afterEach(async function () {
    await keepEvidence(this.currentTest, 'untrusted-failure', workbench.page, server);
  });

  it('sees the segment, in a page that complains of nothing', async () => {
    await workbench.command('Peermap: Inspect');
    await workbench.quickPick(segment);
    const registry = workbench.webview().getByRole('grid', { name: /^Registry/ });
    await registry.getByRole('row', { name: /writer.*alive/ }).waitFor();
    await workbench.webview().getByText('not trusted').first().waitFor();
    assert.deepEqual(complaints, []);
  });

  it('cannot change it, whatever command is called with whatever arguments', async () => {
    for (const [at, command] of commands.entries()) {
      await workbench.page.keyboard.press(`Control+${at > 9 ? 'Shift' : 'Alt'}+${at % 10}`);
      await workbench.notification('not trusted').first().waitFor();
      await workbench.command('Notifications: Clear All Notifications');
      await until(`the sentence about ${command} is gone`, async () => (await workbench.notification().count()) === 0);
    }
    assert.deepEqual(await peer.ask('size'), [String(size)]);
    assert.ok(fs.existsSync(objectOf(segment)));
    assert.equal((await peer.ask('peers')).length, 1);
  });

  it('has a page that loads, runs and sends nothing but what is ours, by the policy that VS Code holds it to', async () => {
    const before = complaints.length;
    const asked: (string | undefined)[] = [];
    const listener = http.createServer(({ url }, response) => {
      asked.push(url);
      response.end();
    });
    listener.on('upgrade', ({ url }) => asked.push(url));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    endings.unshift(
      () => listener.closeAllConnections(),
      () => listener.close(),
    );
    const elsewhere = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const { missing, done } = await workbench.webview().locator('html').evaluate(attempts, elsewhere);
    assert.deepEqual(done, []);
    assert.deepEqual(missing, []);
    assert.ok(complaints.length > before, 'a violation is an error on the console, too');
    assert.deepEqual(asked, []);
  });

  it('runs the server that was tested, byte for byte', () => {
    const installed = fs.readdirSync(path.join(server.dataDir, 'extensions')).find((name) => name.includes('peermap'));
    assert.ok(installed);
    for (const file of ['server.js', 'extension.js', 'webview.js', 'describe.py'])
      assert.deepEqual(
        fs.readFileSync(path.join(server.dataDir, 'extensions', installed, 'dist', file)),
        fs.readFileSync(path.join('dist', file)),
        file,
      );
  });
});
