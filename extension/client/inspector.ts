// SPDX-License-Identifier: MIT
//
// The inspector panels: one for each segment, hosting webview/.
//
//     webview --ready--> panel --watch--> Segments --changed--> panel --snapshot, then deltas--> webview
//
// VS Code throws the page of a hidden panel away, so nothing is sent and nothing watched until the page, shown again, says `ready`.
// What the person chose lives in the page's own setState; of ours it carries the segment's name, from which a panel is revived.

import * as l10n from '@vscode/l10n';
import * as os from 'node:os';
import * as vscode from 'vscode';
import type { Requests } from '../protocol/requests';
import { leftOutText } from '../protocol/undertaking';
import type { ByteRange, FromView, ToView, ViewCommand, ViewState } from '../protocol/view';
import type { Target } from './command-arguments';
import { sentenceOf } from './failure';
import { page } from './inspector-page';
import { PageFeed } from './page-feed';
import { pageMessages } from './page-messages';
import type { SegmentChange, Segments } from './segments';
import type { ServerConnection } from './server-connection';
import { revealTerminal } from './terminals';

export const viewType = 'peermap.inspector';
/** What a page that just opened gets of the past. */
const eventsAtFirst = 4096;

export interface InspectorHost {
  segments: Segments;
  server: ServerConnection;
  log: vscode.LogOutputChannel;
  /** The folder of webview.js and webview.css. */
  dist: vscode.Uri;
  icon: { light: vscode.Uri; dark: vscode.Uri };
  /** Why nothing may be changed. */
  readOnlyReason(): string | undefined;
  run(command: ViewCommand, target: Target): Promise<void>;
  /** Asks where to save a file, and saves it there. */
  save(name: string, text: string): Promise<unknown>;
  /** Opens a read-only document beside the inspector. */
  openText(title: string, text: string): Promise<void>;
}

/** The round of an epoch, or an offset in the data. */
export type Place = { epoch: number } | { section: string; range?: ByteRange };

export class Inspectors implements vscode.WebviewPanelSerializer<ViewState>, vscode.Disposable {
  private readonly panels = new Map<string, Inspector>();

  constructor(private readonly host: InspectorHost) {}

  /** The segment of the panel that has the focus. */
  get active(): string | undefined {
    return [...this.panels.values()].find((inspector) => inspector.panel.active)?.segment;
  }

  get all(): readonly { segment: string; ready: boolean }[] {
    return [...this.panels.values()];
  }

  open(segment: string): void {
    this.panel(segment);
  }

  private panel(segment: string): Inspector {
    const existing = this.panels.get(segment);
    if (!existing) return this.adopt(vscode.window.createWebviewPanel(viewType, segment, vscode.ViewColumn.Active), segment);
    existing.panel.reveal();
    return existing;
  }

  /** Shows a round of the segment in its timeline, or bytes in its memory, in a panel that may have to be opened first. */
  reveal(segment: string, place: Place): Promise<void> {
    this.panel(segment).reveal(place);
    return Promise.resolve();
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: ViewState | undefined): Promise<void> {
    if (typeof state?.segment === 'string' && !this.panels.has(state.segment)) this.adopt(panel, state.segment);
    else panel.dispose();
    return Promise.resolve();
  }

  dispose(): void {
    for (const inspector of this.panels.values()) inspector.panel.dispose();
  }

  private adopt(panel: vscode.WebviewPanel, segment: string): Inspector {
    const inspector = new Inspector(panel, segment, this.host);
    this.panels.set(segment, inspector);
    panel.onDidDispose(() => this.panels.delete(segment));
    return inspector;
  }
}

class Inspector {
  ready = false;
  private watch: vscode.Disposable | undefined;
  private readonly feed = new PageFeed((message) => this.send(message));
  /** Whether the page has a snapshot: something to scroll in. */
  private drawn = false;
  /** Of what the page asks: it ends when nobody looks any more. */
  private asking = new vscode.CancellationTokenSource();
  /** What to show once it has. */
  private wanted: Place | undefined;

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly segment: string,
    private readonly host: InspectorHost,
  ) {
    panel.title = segment;
    panel.iconPath = host.icon;
    const subscriptions = [
      panel.webview.onDidReceiveMessage(
        pageMessages(
          (message) => this.receive(message),
          (error) => host.log.error(sentenceOf(error)),
        ),
      ),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.sleep();
      }),
      host.segments.onDidChangeSegment((change) => {
        if (this.ready && change.segment === segment) this.changed(change);
      }),
      host.server.onDidChangeStatus(() => this.sendServerState()),
      host.server.onDidChangeLeftOut(() => this.sendServerState()),
    ];
    panel.onDidDispose(() => {
      this.sleep();
      for (const subscription of subscriptions) subscription.dispose();
    });
    panel.webview.options = { enableScripts: true, localResourceRoots: [host.dist] };
    panel.webview.html = page(panel.webview, host.dist, segment);
  }

  reveal(place: Place): void {
    this.wanted = this.drawn && this.send({ kind: 'reveal', ...place }) ? undefined : place;
  }

  /** Who has lost what it knew says so as well: then the segment, which is watched already, goes on being so. */
  private wakeUp(): void {
    const watch = this.host.segments.watch(this.segment);
    this.sleep();
    this.ready = true;
    this.watch = watch;
  }

  private sleep(): void {
    this.ready = false;
    this.drawn = false;
    this.asking.cancel();
    this.asking = new vscode.CancellationTokenSource();
    this.feed.forget();
    this.watch?.dispose();
    this.watch = undefined;
  }

  private async receive(message: FromView): Promise<void> {
    switch (message.kind) {
      case 'ready':
        this.wakeUp();
        this.sendServerState();
        // Somebody else may watch it already: then what is known is shown at once.
        if (this.sendSnapshot()) await this.sendPast();
        break;
      case 'command':
        await this.run(message);
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        break;
      case 'reveal':
        await revealTerminal(message.pid);
        break;
      case 'ask':
        await this.ask(message);
        break;
      case 'save':
        await this.host.save(message.name, message.text);
        break;
      case 'text':
        await this.host.openText(message.title, message.text);
        break;
    }
  }

  private async run({ id, command, pid, range }: Extract<FromView, { kind: 'command' }>): Promise<void> {
    const target: Target = { segment: this.segment };
    if (pid !== undefined) target.pid = pid;
    if (range) Object.assign(target, { offset: range.offset, bytes: range.length } satisfies Target);
    try {
      await this.host.run(command, target);
      this.send({ kind: 'done', id });
    } catch (error) {
      this.host.log.error(`${command}: ${sentenceOf(error)}`);
      this.send({ kind: 'done', id, error: sentenceOf(error) });
    }
  }

  /** One of `questions`, none of which writes; and of this segment. */
  private async ask({ id, question, params }: Extract<FromView, { kind: 'ask' }>): Promise<void> {
    try {
      const asked = { ...params, segment: this.segment } as Requests[typeof question]['params'];
      const what = l10n.t('what was asked of {0}', this.segment);
      const result = await this.host.server.request(question, asked, what, this.asking.token);
      this.send({ kind: 'answer', id, result });
    } catch (error) {
      this.host.log.debug(`${question}: ${sentenceOf(error)}`);
      this.send({ kind: 'answer', id, error: sentenceOf(error) });
    }
  }

  private changed(change: SegmentChange): void {
    if (change.kind === 'gone') {
      this.feed.forget();
      this.send({ kind: 'gone', segment: this.segment });
      return;
    }
    const another = this.feed.generation !== this.host.segments.latest(this.segment)?.header?.generation;
    if (change.kind === 'changed' && !another) {
      this.feed.changed(change.snapshot, change.batch, change.sampling);
      return;
    }
    this.sendSnapshot();
    if (change.kind === 'watching' || another) this.sendPast().catch((error: unknown) => this.host.log.error(sentenceOf(error)));
  }

  /** False if there is none yet. */
  private sendSnapshot(): boolean {
    const { segments } = this.host;
    const snapshot = segments.latest(this.segment);
    if (!snapshot) return false;
    const attached = segments.isAttached(this.segment);
    const readOnly = this.host.readOnlyReason();
    this.drawn = this.feed.whole({ snapshot, attached, host: hostName(), ...(readOnly === undefined ? {} : { readOnly }) });
    if (this.drawn && this.wanted) this.reveal(this.wanted);
    return this.drawn;
  }

  private async sendPast(): Promise<void> {
    const { segments, server } = this.host;
    const head = segments.latest(this.segment)?.header?.eventHead ?? 0;
    this.feed.awaitPast();
    const params = { segment: this.segment, after: Math.max(0, head - eventsAtFirst) };
    try {
      const { value } = await server.request('peermap/events', params, l10n.t('reading the events of {0}', this.segment));
      this.feed.past(value);
    } catch (error) {
      this.host.log.warn(sentenceOf(error));
    }
  }

  private sendServerState(): void {
    const { state, text } = this.host.server.status;
    const seen = state === 'starting' ? 'restarting' : state === 'stopped' ? 'failed' : state;
    const leftOut = this.host.server.leftOut(this.segment).map(leftOutText);
    this.send({ kind: 'server', state: seen, text, ...(leftOut.length > 0 ? { leftOut } : {}) });
  }

  private send(message: ToView): boolean {
    if (!this.ready || !this.panel.visible) return false;
    void this.panel.webview.postMessage(message);
    return true;
  }
}

/** "build-7", or "build-7 (ssh-remote)" where this is not the machine that the person sits at. */
function hostName(): string {
  const { remoteName } = vscode.env;
  return remoteName === undefined ? os.hostname() : `${os.hostname()} (${remoteName})`;
}
