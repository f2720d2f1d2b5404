// SPDX-License-Identifier: MIT
//
// What the client knows of the segments: the list, and the latest snapshot of those that somebody looks at.  The tree, the inspectors and
// the status bar read it here, so that they agree and the server watches each segment once.
//
//     tree, inspector --watch--> Segments --peermap/watch--> server --peermap/changed--> Segments --> tree, inspector
//
// The server sends the whole once, and then what changed.  A change of a revision that is not here means that one was lost: then the watch
// begins again.
//
// Snapshots stay until newer ones arrive, also while the server restarts.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { apply } from '../protocol/delta';
import type { PackedEvents, Problem, SegmentSummary, Snapshot } from '../protocol/model';
import type { Notifications, Sampling } from '../protocol/requests';
import { PeermapFailure, sentenceOf } from './failure';
import type { ServerConnection } from './server-connection';
import { withSize } from './sparkline';

export type SegmentChange =
  /** A watch began, or began again: there may be a gap before this snapshot. */
  | { kind: 'watching'; segment: string; snapshot: Snapshot }
  | { kind: 'changed'; segment: string; snapshot: Snapshot; batch: PackedEvents; sampling: Sampling }
  | { kind: 'gone'; segment: string }
  | { kind: 'attachment'; segment: string };

interface Interest {
  holders: number;
  watched: boolean;
  /** What the server's next change refers to; undefined until it has answered.  `latest` may be newer. */
  base?: { snapshot: Snapshot; revision: number } | undefined;
}

export class Segments {
  private summaries: readonly SegmentSummary[] = [];
  /** What is wrong with the list, or missing in it. */
  private listProblems: readonly Problem[] = [];
  private readonly snapshots = new Map<string, Snapshot>();
  private readonly interests = new Map<string, Interest>();
  private readonly attachments = new Set<string>();
  private readonly histories = new Map<string, readonly number[]>();
  private refreshing: Promise<void> | undefined;
  /** How many refreshes were asked for; an answer is good if none came while it was under way. */
  private asked = 0;
  private readonly listEmitter = new vscode.EventEmitter<void>();
  private readonly segmentEmitter = new vscode.EventEmitter<SegmentChange>();

  readonly onDidChangeList = this.listEmitter.event;
  readonly onDidChangeSegment = this.segmentEmitter.event;

  constructor(
    private readonly server: ServerConnection,
    private readonly log: vscode.LogOutputChannel,
  ) {
    server.onDidChangeStatus(({ state }) => {
      if (state !== 'running') return;
      this.attachments.clear();
      for (const [segment, interest] of this.interests) {
        interest.watched = false;
        void this.begin(segment, interest);
      }
      void this.refresh();
    });
    server.onDidChangeList(() => void this.refresh());
    server.onDidChangeLeftOut((fresh) => {
      if (fresh.length === 0) void this.refresh(); // what could not be watched may be again
    });
    server.onDidChangeSegment((change) => this.changed(change));
  }

  get list(): readonly SegmentSummary[] {
    return this.summaries;
  }

  get problems(): readonly Problem[] {
    return this.listProblems;
  }

  summary(segment: string): SegmentSummary | undefined {
    return this.summaries.find((summary) => summary.name === segment);
  }

  /** The latest snapshot, which may be old if nobody watches the segment. */
  latest(segment: string): Snapshot | undefined {
    return this.snapshots.get(segment);
  }

  /** The sizes that it had since somebody looks at it, oldest first; the newest few. */
  sizes(segment: string): readonly number[] {
    return this.histories.get(segment) ?? [];
  }

  /** Whether `latest` is the present. */
  isLive(segment: string): boolean {
    return this.server.status.state === 'running' && this.interests.get(segment)?.watched === true && this.snapshots.has(segment);
  }

  isAttached(segment: string): boolean {
    return this.attachments.has(segment);
  }

  setAttached(segment: string, attached: boolean): void {
    if (attached) this.attachments.add(segment);
    else this.attachments.delete(segment);
    this.segmentEmitter.fire({ kind: 'attachment', segment });
  }

  /** A snapshot of this moment. */
  async look(segment: string): Promise<Snapshot> {
    const { value } = await this.server.request('peermap/snapshot', { segment }, l10n.t('looking at {0}', segment));
    this.keep(segment, value);
    return value;
  }

  /** Keeps the segment live until the answer is disposed.  It need not exist: it is watched once it does. */
  watch(segment: string): vscode.Disposable {
    let interest = this.interests.get(segment);
    if (!interest) {
      interest = { holders: 0, watched: false };
      this.interests.set(segment, interest);
      if (this.server.status.state === 'running') void this.begin(segment, interest);
    }
    const held = interest;
    held.holders += 1;
    let disposed = false;
    return new vscode.Disposable(() => {
      if (disposed) return;
      disposed = true;
      held.holders -= 1;
      if (held.holders > 0) return;
      this.interests.delete(segment);
      if (this.server.status.state !== 'running') return;
      this.server
        .request('peermap/unwatch', { segment }, l10n.t('the end of watching {0}', segment))
        .catch((error: unknown) => this.log.debug(sentenceOf(error)));
    });
  }

  /** Resolves when the list is that of a moment after the call. */
  refresh(): Promise<void> {
    this.asked += 1;
    this.refreshing ??= this.readList().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async readList(): Promise<void> {
    let answered: number;
    do {
      answered = this.asked;
      try {
        const answer = await this.server.request('peermap/list', {}, l10n.t('listing the segments'));
        for (const problem of answer.problems) this.log.warn(problem.text);
        this.summaries = answer.value;
        this.listProblems = answer.problems;
      } catch (error) {
        this.log.warn(l10n.t('The segments could not be listed: {0}', sentenceOf(error)));
        return;
      }
    } while (answered !== this.asked);
    const names = new Set(this.summaries.map((summary) => summary.name));
    // A snapshot that nobody keeps live is older than the summary that just came.
    for (const segment of this.snapshots.keys())
      if (!names.has(segment) || !this.interests.has(segment)) this.snapshots.delete(segment);
    for (const segment of this.histories.keys()) if (!names.has(segment)) this.histories.delete(segment);
    for (const segment of this.attachments) if (!names.has(segment)) this.attachments.delete(segment);
    this.listEmitter.fire();
    for (const [segment, interest] of this.interests)
      if (!interest.watched && names.has(segment)) void this.begin(segment, interest);
  }

  private async begin(segment: string, interest: Interest): Promise<void> {
    interest.watched = true;
    interest.base = undefined;
    try {
      const { value, revision } = await this.server.request('peermap/watch', { segment }, l10n.t('watching {0}', segment));
      interest.base = { snapshot: value, revision };
      this.keep(segment, value);
      this.segmentEmitter.fire({ kind: 'watching', segment, snapshot: value });
    } catch (error) {
      interest.watched = false;
      const absent = error instanceof PeermapFailure && error.code === 'PEERMAP_ENOENT';
      if (absent) this.segmentEmitter.fire({ kind: 'gone', segment });
      else this.log.warn(l10n.t('{0} cannot be watched: {1}', segment, sentenceOf(error)));
    }
  }

  private keep(segment: string, snapshot: Snapshot): void {
    const another = this.snapshots.get(segment)?.header?.generation !== snapshot.header?.generation;
    this.snapshots.set(segment, snapshot);
    if (!snapshot.header) return;
    this.histories.set(segment, withSize(another ? [] : this.sizes(segment), snapshot.header.active));
  }

  private changed({ segment, base, revision, delta, batch, sampling }: Notifications['peermap/changed']): void {
    const interest = this.interests.get(segment);
    // Without a base the answer is still on its way, and has what this tells.
    if (!interest?.base) return;
    if (base !== interest.base.revision) {
      this.log.debug(`${segment}: a change of revision ${base} came after revision ${interest.base.revision}`);
      void this.begin(segment, interest);
      return;
    }
    const snapshot = apply(interest.base.snapshot, delta);
    interest.base = { snapshot, revision };
    if (snapshot.problems.some((problem) => problem.code === 'gone')) {
      interest.watched = false;
      this.segmentEmitter.fire({ kind: 'gone', segment });
      void this.refresh();
      return;
    }
    this.keep(segment, snapshot);
    this.segmentEmitter.fire({ kind: 'changed', segment, snapshot, batch, sampling });
  }
}
