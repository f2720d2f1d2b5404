// SPDX-License-Identifier: MIT
//
// All shared memory of the machine as it was last seen.  It is read while somebody looks, when /dev/shm changes (inotify), and when a
// person asks; otherwise nothing runs.  System V segments come and go without a notice: the button finds them.

import * as l10n from '@vscode/l10n';
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import type { Census } from '../protocol/model';
import { sentenceOf } from './failure';
import type { ServerConnection } from './server-connection';
import { setting } from './settings';

const folder = '/dev/shm';
/** A program that makes many objects is one change. */
const settleMs = 250;
/** Each reading asks every process: under steady change at most a tenth of the time goes into it. */
const restFactor = 9;

export type Seen = { kind: 'nothing' } | { kind: 'census'; census: Census } | { kind: 'failure'; text: string };

export class SystemMemory implements vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  private current: Seen = { kind: 'nothing' };
  private reading: Promise<Seen> | undefined;
  /** How many readings were asked for. */
  private asked = 0;
  private watcher: fs.FSWatcher | undefined;
  private pending: NodeJS.Timeout | undefined;
  private repeating: NodeJS.Timeout | undefined;
  private looking = false;
  private tookMs = 0;
  private readonly subscription: vscode.Disposable;

  readonly onDidChange = this.emitter.event;

  constructor(
    private readonly server: ServerConnection,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.subscription = vscode.Disposable.from(
      server.onDidChangeStatus(({ state }) => {
        if (state === 'running' && this.looking) void this.read();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('peermap.system.refreshSeconds') && this.looking) this.again();
      }),
    );
  }

  get seen(): Seen {
    return this.current;
  }

  /** While somebody looks. */
  follow(looking: boolean): void {
    this.looking = looking;
    if (!looking) {
      this.watcher?.close();
      this.watcher = undefined;
      clearTimeout(this.pending);
      clearInterval(this.repeating);
      this.pending = undefined;
      return;
    }
    if (this.watcher) return;
    this.again();
    try {
      this.watcher = fs.watch(folder, { persistent: false }, () => this.soon());
      this.watcher.on('error', (error) => this.log.warn(sentenceOf(error)));
    } catch (error) {
      this.log.warn(l10n.t('{0} cannot be watched: {1}', folder, sentenceOf(error)));
    }
    if (this.server.status.state === 'running') void this.read();
  }

  /** What is there from now on, also where a reading is under way that began before.  Never rejects: a failure is a state that the view shows. */
  read(): Promise<Seen> {
    this.asked += 1;
    this.reading ??= this.readAll();
    return this.reading;
  }

  private async readAll(): Promise<Seen> {
    let answered: number;
    do {
      answered = this.asked;
      await this.readNow();
    } while (answered !== this.asked);
    this.reading = undefined; // at once: whoever asks from now on gets a look of its own
    return this.current;
  }

  dispose(): void {
    this.follow(false);
    this.subscription.dispose();
    this.emitter.dispose();
  }

  /** As often as the setting says, while somebody looks. */
  private again(): void {
    clearInterval(this.repeating);
    const seconds = setting('system.refreshSeconds');
    if (seconds > 0) this.repeating = setInterval(() => this.soon(), seconds * 1000);
  }

  private soon(): void {
    this.pending ??= setTimeout(
      () => {
        this.pending = undefined;
        void this.read();
      },
      Math.max(settleMs, this.tookMs * restFactor),
    );
  }

  private async readNow(): Promise<void> {
    const began = performance.now();
    try {
      const { value, problems } = await this.server.request(
        'peermap/census',
        {},
        l10n.t('looking at the shared memory of the system'),
      );
      this.current = { kind: 'census', census: { ...value, problems: problems.length > 0 ? problems : value.problems } };
    } catch (error) {
      this.log.warn(sentenceOf(error));
      this.current = { kind: 'failure', text: sentenceOf(error) };
    }
    this.tookMs = performance.now() - began;
    this.emitter.fire();
  }
}
