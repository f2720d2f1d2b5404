// SPDX-License-Identifier: MIT
//
// For these tests: scripts/host as TypeScript sees it, the demo's processes, and what the kernel maps in them.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { atExit, removeAtExit } from '../at-exit';

export type Theme = 'light' | 'dark' | 'hc' | 'hc-light';

export interface Server {
  url: string;
  dataDir: string;
  logs(): string;
  crashed(): string | undefined;
  stop(): Promise<void>;
}

/** scripts/host/person.mjs. */
export interface Workbench {
  page: Page;
  command(title: string): Promise<void>;
  quickPick(text: string | RegExp): Promise<void>;
  inputBox(text: string): Promise<void>;
  notification(text?: string): Locator;
  dialog(): Locator;
  dialogButton(label: string): Promise<void>;
  webview(index?: number): FrameLocator;
  setTheme(theme: Theme): Promise<void>;
  screenshot(file: string): Promise<void>;
  close(): Promise<void>;
}

async function load<T>(script: string): Promise<T> {
  return (await import(pathToFileURL(path.resolve('scripts/host', script)).href)) as T;
}

/** VS Code with the packaged extension, as a person installs it. */
export async function installedServer(
  settings: Record<string, unknown> = {},
  { trusting = true }: { /** Every folder. */ trusting?: boolean } = {},
): Promise<Server> {
  const { ensureHost, ensureChromium } = await load<{ ensureHost: () => Promise<unknown>; ensureChromium: () => string }>(
    'install.mjs',
  );
  const { startServer } = await load<{ startServer: (options: object) => Promise<Server> }>('server.mjs');
  ensureChromium();
  return startServer({ host: await ensureHost(), settings, installVsix: 'build/peermap.vsix', disableWorkspaceTrust: trusting });
}

/** A copy of native/examples, with files of the workspace in its .vscode. */
export function exampleFolder(files: Record<string, unknown>): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'pmperson-')), 'examples');
  atExit(() => rmSync(path.dirname(folder), { recursive: true, force: true }));
  cpSync('native/examples', folder, { recursive: true });
  mkdirSync(path.join(folder, '.vscode'));
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, '.vscode', name), JSON.stringify(content));
  return folder;
}

/** For pages that are opened later. */
export function bindKeys(server: Server, keys: { key: string; command: string; args: object }[]): void {
  writeFileSync(path.join(server.dataDir, 'data/User/keybindings.json'), JSON.stringify(keys));
}

export async function openWorkbench(server: Server, folder: string, theme: Theme = 'dark'): Promise<Workbench> {
  const person = await load<{ openWorkbench(options: object): Promise<Workbench> }>('person.mjs');
  return person.openWorkbench({ server, theme, folder, viewport: { width: 1440, height: 1000 } });
}

/** For afterEach(): what a person saw when the test failed, and what the logs say, in build/shots. */
export async function keepEvidence(test: Mocha.Test | undefined, name: string, page: Page, server: Server): Promise<void> {
  if (test?.state !== 'failed') return;
  await page.screenshot({ path: `build/shots/${name}.png` });
  writeFileSync(`build/shots/${name}.log`, server.logs());
}

/** The three programs of the demo on one segment, which goes with them. */
export class DemoProcesses {
  readonly processes = new Map<string, ChildProcess>();

  /** `flags`: of the indexer, which creates the segment. */
  constructor(
    readonly segment: string,
    ...flags: string[]
  ) {
    removeAtExit(segment);
    atExit(() => this.processes.forEach((child) => child.kill('SIGKILL')));
    const start = (program: string, ...args: string[]) => {
      this.processes.set(
        program,
        spawn(`build/native/examples/${program}`, ['--segment', segment, ...args], { stdio: 'ignore' }),
      );
    };
    start('indexer', '--pace', '20', ...flags, 'node_modules/preact');
    start('search', '--follow', 'function');
    start('stats', '--follow');
  }

  get object(): string {
    return `/dev/shm/peermap.${this.segment}`;
  }

  pid(program: string): number {
    return this.processes.get(program)?.pid ?? 0;
  }

  /** Bytes of the object that the kernel maps readable and writable in the process. */
  mapped(program: string): number {
    const lines = readFileSync(`/proc/${this.pid(program)}/maps`, 'utf8').split('\n');
    return lines
      .filter((line) => line.endsWith(this.object) && line.includes(' rw-s '))
      .map((line) => (/^([0-9a-f]+)-([0-9a-f]+)/.exec(line) ?? []).slice(1).map((word) => Number(BigInt(`0x${word}`))))
      .reduce((sum, [from = 0, to = 0]) => sum + to - from, 0);
  }

  async stop(): Promise<void> {
    for (const child of this.processes.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
    }
    if (existsSync(this.object)) rmSync(this.object);
  }
}

/** Waits for a fact; mocha's timeout is the only limit. */
export async function until(what: string, fact: () => boolean | Promise<boolean>): Promise<void> {
  const started = Date.now();
  while (!(await fact())) {
    if (Date.now() - started > 90_000) throw new Error(`waited in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
