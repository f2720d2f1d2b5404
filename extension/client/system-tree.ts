// SPDX-License-Identifier: MIT
//
// The System Shared Memory view: system-rows.ts on the screen.  While it is hidden nothing is read.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { objectCount } from './counts';
import { showAbove } from './messages';
import { setting } from './settings';
import type { Seen, SystemMemory } from './system-memory';
import { isDoubtful, systemRows, type Sorting, type SystemIcon, type SystemNode, type SystemRow } from './system-rows';
import { userName } from './users';

const icons: Record<SystemIcon, vscode.ThemeIcon> = {
  limit: new vscode.ThemeIcon('dashboard'),
  hidden: new vscode.ThemeIcon('eye-closed'),
  kind: new vscode.ThemeIcon('database'),
  object: new vscode.ThemeIcon('file-binary'),
  orphan: new vscode.ThemeIcon('debug-disconnect', new vscode.ThemeColor('list.warningForeground')),
  segment: new vscode.ThemeIcon('layers'),
  user: new vscode.ThemeIcon('server-process'),
  problem: new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')),
};

export function sorting(): Sorting {
  return { by: setting('system.sort') === 'name' ? 'name' : 'size', orphansOnly: setting('system.orphansOnly') };
}

export class SystemTree implements vscode.TreeDataProvider<SystemNode>, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<undefined>();
  private readonly view: vscode.TreeView<SystemNode>;
  private readonly subscriptions: vscode.Disposable[];
  private roots: SystemNode[] = [];
  private drawn = '';

  readonly onDidChangeTreeData = this.emitter.event;

  constructor(
    private readonly memory: SystemMemory,
    private readonly state: (state: 'unread' | 'read' | 'failed') => void,
  ) {
    this.view = vscode.window.createTreeView<SystemNode>('peermap.system', { treeDataProvider: this, showCollapseAll: true });
    this.subscriptions = [
      this.view,
      this.view.onDidChangeVisibility(({ visible }) => memory.follow(visible)),
      memory.onDidChange(() => this.changed()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('peermap.system')) this.changed();
      }),
    ];
    memory.follow(this.view.visible);
  }

  getTreeItem({ row }: SystemNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const open = row.icon === 'kind' && row.children.length <= 20 ? Expanded : Collapsed;
    const item = new vscode.TreeItem(row.label, row.children.length === 0 ? None : open);
    item.id = row.id;
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = icons[row.icon];
    item.contextValue = row.context;
    item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
    if (row.segment !== undefined)
      item.command = { command: 'peermap.inspect', title: l10n.t('Inspect'), arguments: [{ segment: row.segment }] };
    return item;
  }

  getChildren(node?: SystemNode): SystemNode[] {
    return node ? node.row.children.map(nodeOf) : this.roots;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** Drawn again only if it reads differently. */
  private changed(): void {
    const { seen } = this.memory;
    this.state(seen.kind === 'census' ? 'read' : seen.kind === 'failure' ? 'failed' : 'unread');
    const options = sorting();
    const rows = seen.kind === 'census' ? systemRows(seen.census, options, userName) : [];
    const objects = rows.some(({ icon }) => icon === 'kind');
    showAbove(this.view, seen.kind === 'failure' ? seen.text : options.orphansOnly && !objects ? noOrphans(seen) : '');
    const drawn = JSON.stringify(rows);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.roots = rows.map(nodeOf);
    this.emitter.fire(undefined);
  }
}

function noOrphans(seen: Seen): string {
  const doubtful = seen.kind === 'census' ? seen.census.objects.filter(isDoubtful).length : 0;
  return doubtful === 0
    ? l10n.t('There are no orphans.')
    : l10n.t('Nothing is an orphan for certain; it is unknown of {0}.', objectCount(doubtful));
}

function nodeOf(row: SystemRow): SystemNode {
  return { nodeOf: 'peermap-system', row };
}
