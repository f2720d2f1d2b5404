// SPDX-License-Identifier: MIT
//
// The Segments view: tree-rows.ts on the screen.  It watches the segments it shows while it is visible, and draws again only the rows
// that read differently.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { showAbove } from './messages';
import type { Segments } from './segments';
import type { ServerConnection } from './server-connection';
import { changedRows, segmentRow, type Icon, type Node, type Row } from './tree-rows';

/** Beyond this many segments the rest is listed, and looked at when opened. */
const mostWatched = 64;
const expandedUpTo = 3;

const icons: Record<Icon, vscode.ThemeIcon> = {
  segment: new vscode.ThemeIcon('layers'),
  alive: new vscode.ThemeIcon('circle-filled', new vscode.ThemeColor('testing.iconPassed')),
  late: new vscode.ThemeIcon('debug-pause', new vscode.ThemeColor('list.warningForeground')),
  dead: new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('list.errorForeground')),
  attaching: new vscode.ThemeIcon('loading~spin'),
  mapping: new vscode.ThemeIcon('symbol-array'),
  missing: new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground')),
  problem: new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')),
};

class RowNode implements Node {
  readonly nodeOf = 'peermap';
  constructor(
    readonly segment: string,
    public row: Row,
    readonly parent: RowNode | undefined,
  ) {}
  get id(): string {
    return this.row.id;
  }
  get pid(): number | undefined {
    return this.row.pid;
  }
}

export class SegmentTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly nodes = new Map<string, RowNode>();
  private readonly watches = new Map<string, vscode.Disposable>();
  private readonly emitter = new vscode.EventEmitter<Node[] | undefined>();
  private readonly subscriptions: vscode.Disposable[];
  private readonly view: vscode.TreeView<Node>;
  private roots: RowNode[] = [];

  readonly onDidChangeTreeData = this.emitter.event;

  constructor(
    private readonly segments: Segments,
    private readonly server: ServerConnection,
  ) {
    this.view = vscode.window.createTreeView<Node>('peermap.segments', { treeDataProvider: this });
    this.subscriptions = [
      this.view,
      this.view.onDidChangeVisibility(() => this.watchWhatIsShown()),
      segments.onDidChangeList(() => this.listChanged()),
      segments.onDidChangeSegment(({ segment }) => this.segmentChanged(segment)),
      server.onDidChangeStatus(() => this.drawMessage()),
      segments.onDidChangeList(() => this.drawMessage()),
    ];
  }

  get visible(): boolean {
    return this.view.visible;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const known = this.nodes.get(node.id);
    if (!known) return new vscode.TreeItem(node.segment); // it went while it was asked for
    const { row, parent } = known;
    const item = new vscode.TreeItem(row.label, this.collapsible(known));
    item.id = row.id;
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = icons[row.icon];
    item.contextValue = row.context;
    item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
    if (!parent) item.command = { command: 'peermap.inspect', title: l10n.t('Inspect'), arguments: [node] };
    return item;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!node) return this.roots;
    const parent = this.nodes.get(node.id);
    if (!parent) return [];
    if (!parent.parent && !this.segments.latest(parent.segment)) {
      await this.segments.look(parent.segment).catch(() => undefined);
      parent.row = this.rowOf(parent.segment) ?? parent.row;
    }
    return parent.row.children.map((row) => this.node(parent.segment, row, parent));
  }

  getParent(node: Node): Node | undefined {
    return this.nodes.get(node.id)?.parent;
  }

  dispose(): void {
    for (const watch of this.watches.values()) watch.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** What the server is at, or what the list lacks. */
  private drawMessage(): void {
    const { state, text } = this.server.status;
    const lacking = this.segments.problems.map((problem) => problem.text).join(' ');
    showAbove(this.view, state === 'restarting' || state === 'failed' ? text : lacking);
  }

  private collapsible({ segment, row, parent }: RowNode): vscode.TreeItemCollapsibleState {
    // What is below a segment that nobody looked at yet is not known.
    const mayHaveChildren = row.children.length > 0 || (!parent && !this.segments.latest(segment));
    if (!mayHaveChildren) return vscode.TreeItemCollapsibleState.None;
    if (!parent && this.roots.length <= expandedUpTo) return vscode.TreeItemCollapsibleState.Expanded;
    return vscode.TreeItemCollapsibleState.Collapsed;
  }

  private listChanged(): void {
    const before = this.roots;
    this.roots = this.segments.list.flatMap(({ name }) => {
      const row = this.rowOf(name);
      return row ? [this.node(name, row, undefined, false)] : [];
    });
    const same = before.length === this.roots.length && this.roots.every((root, index) => root === before[index]);
    this.forgetOthers();
    this.watchWhatIsShown();
    if (!same) this.emitter.fire(undefined);
    else for (const root of this.roots) this.segmentChanged(root.segment);
  }

  private segmentChanged(segment: string): void {
    const root = this.roots.find((node) => node.segment === segment);
    const row = this.rowOf(segment);
    if (!root || !row) return;
    const changed = changedRows(root.row, row);
    this.adopt(root, row);
    this.forgetAbsent(segment, row);
    const nodes = changed.flatMap((id) => this.nodes.get(id) ?? []);
    if (nodes.length > 0) this.emitter.fire(nodes);
  }

  /** The known nodes below take their new rows. */
  private adopt(node: RowNode, row: Row): void {
    node.row = row;
    for (const child of row.children) {
      const known = this.nodes.get(child.id);
      if (known) this.adopt(known, child);
    }
  }

  private rowOf(segment: string): Row | undefined {
    const summary = this.segments.summary(segment);
    return (
      summary &&
      segmentRow(summary, this.segments.latest(segment), this.segments.isAttached(segment), this.segments.sizes(segment))
    );
  }

  /** VS Code knows rows by the identity of these objects. */
  private node(segment: string, row: Row, parent: RowNode | undefined, adopt = true): RowNode {
    const known = this.nodes.get(row.id);
    if (known && adopt) known.row = row;
    if (known) return known;
    const node = new RowNode(segment, row, parent);
    this.nodes.set(row.id, node);
    return node;
  }

  private forgetAbsent(segment: string, row: Row): void {
    const present = new Set<string>();
    const collect = (each: Row) => {
      present.add(each.id);
      each.children.forEach(collect);
    };
    collect(row);
    for (const [id, node] of this.nodes) if (node.segment === segment && !present.has(id)) this.nodes.delete(id);
  }

  private forgetOthers(): void {
    const kept = new Set(this.roots.map((root) => root.segment));
    for (const [id, node] of this.nodes) if (!kept.has(node.segment)) this.nodes.delete(id);
  }

  private watchWhatIsShown(): void {
    const shown = new Set(this.view.visible ? this.roots.slice(0, mostWatched).map((root) => root.segment) : []);
    for (const [segment, watch] of this.watches) {
      if (shown.has(segment)) continue;
      watch.dispose();
      this.watches.delete(segment);
    }
    for (const segment of shown) if (!this.watches.has(segment)) this.watches.set(segment, this.segments.watch(segment));
  }
}
