// SPDX-License-Identifier: MIT
//
// The one status bar item: how many segments there are, with how many peers, and whether the server is well.

import * as vscode from 'vscode';
import type { Segments } from './segments';
import type { ServerConnection } from './server-connection';
import { aliveIn, count, segmentRow } from './tree-rows';

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('peermap.status', vscode.StatusBarAlignment.Left);
  private readonly subscriptions: { dispose(): unknown }[];

  constructor(
    private readonly segments: Segments,
    private readonly server: ServerConnection,
  ) {
    this.item.name = 'Peermap';
    this.subscriptions = [
      this.item,
      segments.onDidChangeList(() => this.draw()),
      segments.onDidChangeSegment(() => this.draw()),
      server.onDidChangeStatus(({ state, text }) => {
        this.draw();
        if (state === 'running' && text !== '') vscode.window.setStatusBarMessage(`$(debug-restart) ${text}`, 10_000);
      }),
    ];
    this.draw();
    this.item.show();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private draw(): void {
    const { state, text } = this.server.status;
    const well = state === 'running';
    const { list } = this.segments;
    const rows = list.map((summary) =>
      segmentRow(summary, this.segments.latest(summary.name), this.segments.isAttached(summary.name)),
    );
    // How many peers there are is known of segments that somebody looks at; an old number would be a lie.  What cannot be read has none.
    const live = list.every(({ name, active }) => active === undefined || this.segments.isLive(name));
    const peers = list.reduce((sum, summary) => sum + aliveIn(summary, this.segments.latest(summary.name)), 0);
    const numbers = count(list.length, 'segment') + (live && list.length > 0 ? ` · ${count(peers, 'peer')}` : '');
    this.set('text', well ? `$(layers) ${numbers}` : `$(${state === 'failed' ? 'error' : 'sync'}) Peermap`);
    this.set(
      'tooltip',
      [`Peermap: ${numbers}`, ...rows.map((row) => `${row.label}: ${row.description}`), text].filter(Boolean).join('\n'),
    );
    this.set('command', state === 'failed' ? 'peermap.showLog' : 'peermap.segments.focus');
    this.item.backgroundColor = state === 'failed' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
  }

  /** An item is sent to the workbench again with every assignment. */
  private set(field: 'text' | 'tooltip' | 'command', value: string): void {
    if (this.item[field] !== value) this.item[field] = value;
  }
}
