// SPDX-License-Identifier: MIT
//
// The one status bar item: how many segments there are, with how many peers, and whether the server is well.  Its tooltip is
// status-tooltip.ts, made at most once in a while: what it tells may change many times a second, and is read only now and then.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { peerCount, segmentCount } from './counts';
import { showBriefly } from './messages';
import type { Rounds } from './rounds';
import type { Segments } from './segments';
import type { ServerConnection } from './server-connection';
import { markdownOf, tooltip } from './status-tooltip';
import { aliveIn } from './tree-rows';

const tooltipEveryMs = 1000;

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('peermap.status', vscode.StatusBarAlignment.Left);
  private readonly subscriptions: { dispose(): unknown }[];
  private pending: NodeJS.Timeout | undefined;
  private shown = '';

  constructor(
    private readonly segments: Segments,
    private readonly server: ServerConnection,
    private readonly rounds: Rounds,
  ) {
    this.item.name = 'Peermap';
    this.subscriptions = [
      this.item,
      segments.onDidChangeList(() => this.draw()),
      segments.onDidChangeSegment(() => this.draw()),
      rounds.onDidEnd(() => this.draw()),
      server.onDidChangeStatus(({ state, text }) => {
        this.draw();
        if (state === 'running' && text !== '') showBriefly(text, 'debug-restart', 10_000);
      }),
    ];
    this.draw();
    this.item.show();
  }

  dispose(): void {
    clearTimeout(this.pending);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private draw(): void {
    const { state } = this.server.status;
    this.set('text', state === 'running' ? `$(layers) ${this.numbers()}` : `$(${state === 'failed' ? 'error' : 'sync'}) Peermap`);
    this.set('command', state === 'failed' ? 'peermap.showLog' : 'peermap.segments.focus');
    this.item.backgroundColor = state === 'failed' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    this.pending ??= setTimeout(() => this.drawTooltip(), tooltipEveryMs);
  }

  /** How many peers there are is known of segments that somebody looks at; an old number would be a lie.  What cannot be read has none. */
  private numbers(): string {
    const { list } = this.segments;
    const live = list.every(({ name, active }) => active === undefined || this.segments.isLive(name));
    const peers = list.reduce((sum, summary) => sum + aliveIn(summary, this.segments.latest(summary.name)), 0);
    const segments = segmentCount(list.length);
    return live && list.length > 0 ? l10n.t('{0} · {1}', segments, peerCount(peers)) : segments;
  }

  private drawTooltip(): void {
    this.pending = undefined;
    const text = tooltip(this.numbers(), this.segments, this.server, this.rounds.last);
    if (text === this.shown) return;
    this.shown = text;
    this.item.tooltip = markdownOf(text);
  }

  /** An item is sent to the workbench again with every assignment. */
  private set(field: 'text' | 'command', value: string): void {
    if (this.item[field] !== value) this.item[field] = value;
  }
}
