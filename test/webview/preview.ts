// SPDX-License-Identifier: MIT
//
// The inspector's page outside VS Code, as VS Code would show it: the shipped bundle under the same content security policy, the
// variables of a theme, and an acquireVsCodeApi whose state outlives a reload.  Also counts what must never happen: violations of the
// policy, errors, requests to anybody else.

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { policyOf } from '../../extension/client/page-policy';
import type { EventBatch, PeermapEvent } from '../../extension/protocol/model';
import type { FromView, Question, QuestionResult, ToView } from '../../extension/protocol/view';
import type { Model } from './fixtures';
import { themeSheet, type Theme } from './themes';

const nonce = 'ZmFrZS1idXQtY29uc3RhbnQ';
const policy = policyOf({ nonce, own: "'self'" });

const fakeApi = `
const key = 'state';
window.posted = [];
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
window.acquireVsCodeApi = () => ({
  postMessage: (message) => window.posted.push(structuredClone(message)),
  getState: () => JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? undefined,
  setState: (state) => sessionStorage.setItem(key, JSON.stringify(state)),
});`;

function html(theme: Theme): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Peermap inspector</title>
<link rel="stylesheet" href="/theme-${theme}.css">
<link rel="stylesheet" href="/webview.css">
</head>
<body class="vscode-${theme}">
<div id="root"></div>
<script nonce="${nonce}" src="/api.js"></script>
<script nonce="${nonce}" src="/webview.js"></script>
</body>
</html>`;
}

declare global {
  interface Window {
    posted: FromView[];
    violations: string[];
  }
}

export interface Preview {
  open(options?: { theme?: Theme; width?: number; height?: number; reducedMotion?: boolean; scale?: number }): Promise<Shown>;
  close(): Promise<void>;
}

export async function startPreview(): Promise<Preview> {
  const server = createServer((request, response) => {
    void content(request.url ?? '/').then(({ type, body }) => {
      response.writeHead(type === '' ? 404 : 200, { 'content-type': type || 'text/plain' });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let browser: Browser;
  try {
    browser = await launch();
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    open: async ({ theme = 'dark', width = 1200, height = 900, reducedMotion = true, scale = 1 } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
        deviceScaleFactor: scale,
        timezoneId: 'UTC',
        locale: 'en-US',
      });
      const page = await context.newPage();
      drawnAfterActs(page);
      const shown = new Shown(page, address);
      await page.goto(`${address}/?${theme}`);
      await shown.until(() => window.posted.some(({ kind }) => kind === 'ready'));
      return shown;
    },
    close: async () => {
      await browser.close();
      await closed(server);
    },
  };
}

/** The page draws in the next frame (webview/main.tsx), and what that leads to in the one after it. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    if (document.visibilityState === 'hidden') return; // no frame comes
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}

const waiting = new WeakSet<object>();

/** Each of these acts ends when what it did is drawn. */
function waitAfter<T extends object>(target: T, acts: (keyof T)[], pageOf: (self: T) => Page): void {
  if (waiting.has(target)) return;
  waiting.add(target);
  for (const name of acts) {
    const act = target[name] as (...args: unknown[]) => Promise<unknown>;
    const value = async function (this: T, ...args: unknown[]): Promise<unknown> {
      const result = await act.apply(this, args);
      await drawn(pageOf(this));
      return result;
    };
    Object.defineProperty(target, name, { value, configurable: true });
  }
}

/** A test that reads after an act sees what a person would: without this it would now and then be faster than the next frame. */
function drawnAfterActs(page: Page): void {
  waitAfter(page.keyboard, ['press', 'type', 'down', 'up'], () => page);
  waitAfter(page.mouse, ['click', 'dblclick', 'move', 'down', 'up', 'wheel'], () => page);
  const locator = Object.getPrototypeOf(page.locator('body')) as Locator;
  waitAfter(locator, ['click', 'dblclick', 'press', 'fill', 'focus', 'hover', 'selectOption', 'check'], (self) => self.page());
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function launch(): Promise<Browser> {
  const file = pathToFileURL(path.resolve('scripts/host/install.mjs')).href;
  const { ensureChromium } = (await import(file)) as { ensureChromium: () => string };
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  args.push('--disable-component-update', '--disable-sync');
  return chromium.launch({ executablePath: ensureChromium(), args, timeout: 120_000 });
}

async function content(url: string): Promise<{ type: string; body: string | Buffer }> {
  const theme = /^\/theme-([a-z-]+)\.css$/.exec(url)?.[1];
  if (theme) return { type: 'text/css', body: themeSheet(theme as Theme) };
  if (url === '/api.js') return { type: 'text/javascript', body: fakeApi };
  if (url === '/webview.js') return { type: 'text/javascript', body: await readFile('dist/webview.js') };
  if (url === '/webview.css') return { type: 'text/css', body: await readFile('dist/webview.css') };
  if (url.startsWith('/?')) return { type: 'text/html', body: html(url.slice(2) as Theme) };
  return { type: '', body: 'nothing here' };
}

/** One page with the inspector in it. */
export class Shown {
  readonly errors: string[] = [];
  readonly strangeRequests: string[] = [];

  constructor(
    readonly page: Page,
    address: string,
  ) {
    const own = new Set(['/', '/api.js', '/webview.js', '/webview.css', '/favicon.ico']);
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) this.errors.push(message.text());
    });
    page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url());
      if (origin !== address || !(own.has(pathname) || pathname.startsWith('/theme-'))) this.strangeRequests.push(request.url());
    });
  }

  /** As the extension would send it; resolves once it has been drawn. */
  async send(...messages: ToView[]): Promise<void> {
    await this.page.evaluate(async (all) => {
      for (const message of all) window.postMessage(message, '*');
      // Messages arrive in a task of their own; then one frame draws, and the next one is after it.
      await new Promise((resolve) => setTimeout(resolve));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    }, messages);
  }

  /** Snapshot and all events of a model, as on opening. */
  async show(model: Model, change: { attached?: boolean; readOnly?: string } = {}): Promise<void> {
    await this.send(snapshotOf(model, change), { kind: 'events', batch: batchOf(model.events), reset: true });
  }

  /** Answers every question of this kind that the page has asked and that is not answered. */
  async answer<Q extends Question>(question: Q, result: QuestionResult<Q>): Promise<void> {
    const asked = (await this.posted()).filter((one) => one.kind === 'ask' && one.question === question);
    await this.send(...asked.flatMap((one): ToView[] => (one.kind === 'ask' ? [{ kind: 'answer', id: one.id, result }] : [])));
  }

  /** Loads the page again with other choices in its saved state. */
  async remember(view: Record<string, unknown>): Promise<void> {
    await this.until(() => sessionStorage.getItem('state') !== null);
    await this.page.evaluate((change) => {
      const alter = (): void => {
        const state = JSON.parse(sessionStorage.getItem('state') ?? '{}') as { view?: object };
        sessionStorage.setItem('state', JSON.stringify({ ...state, view: { ...state.view, ...change } }));
      };
      // Leaving saves what was chosen, twice: it is altered after either.
      window.addEventListener('pagehide', alter);
      document.addEventListener('visibilitychange', alter);
    }, view);
    await this.page.reload();
    await this.until(() => window.posted.some(({ kind }) => kind === 'ready'));
  }

  /** Waits for a condition in the page; the test's own time limit is the watchdog. */
  async until(condition: () => boolean): Promise<void> {
    await this.page.waitForFunction(condition, undefined, { timeout: 0 });
  }

  /** Scrolls what the selectors name. */
  async scroll(tops: Record<string, number>): Promise<void> {
    for (const [selector, top] of Object.entries(tops)) {
      await this.page.locator(selector).evaluate((element, to) => {
        element.scrollTop = to;
      }, top);
    }
  }

  scrolled(selector: string): Promise<number> {
    return this.page.locator(selector).evaluate((element) => element.scrollTop);
  }

  posted(): Promise<FromView[]> {
    return this.page.evaluate(() => window.posted);
  }

  violations(): Promise<string[]> {
    return this.page.evaluate(() => window.violations);
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

export function snapshotOf(
  model: Model,
  change: Partial<Extract<ToView, { kind: 'snapshot' }>> = {},
): Extract<ToView, { kind: 'snapshot' }> {
  return { kind: 'snapshot', snapshot: model.snapshot(), attached: false, ...change };
}

export function batchOf(events: readonly PeermapEvent[], missed = 0): EventBatch {
  return { events: [...events], last: events.at(-1)?.seq ?? 0, missed };
}
