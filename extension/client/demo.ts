// SPDX-License-Identifier: MIT
//
// The demo: the three programs of native/examples, each in a terminal of its own, on real input.  The indexer grows the segment as it
// goes; search and stats follow the same pointers in it.
//
// The terminals are the processes' parents: closing one ends its program, and so does the end of the window.  A segment that the demo's indexer
// made goes with it; not one that another process made in the meantime, which the indexer then only joined.

import * as l10n from '@vscode/l10n';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { Consent } from './consent';
import { PeermapFailure, sentenceOf } from './failure';
import type { Segments } from './segments';
import type { ServerConnection } from './server-connection';
import { idOf, type ObjectId } from '../protocol/object-id';

/** Slow enough to watch it grow. */
const filesPerSecond = '200';
const word = 'function';
const patienceMs = 60_000;

export class Demo {
  /** Those that run, by name: "indexer demo". */
  private readonly terminals = new Map<string, vscode.Terminal>();
  /** The segments that our indexers made, and which object each of them is: the name may be another's by the end. */
  private readonly created = new Map<string, { object: ObjectId; consent: Consent<'destroy'> }>();
  private readonly closing: vscode.Disposable;

  constructor(
    private readonly programs: string,
    private readonly segments: Segments,
    private readonly server: ServerConnection,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.closing = vscode.window.onDidCloseTerminal((terminal) => {
      for (const [name, running] of this.terminals) if (running === terminal) this.terminals.delete(name);
    });
  }

  /** Starts those of the programs that do not run.  Resolves with the segment's name once the indexer is attached to it. */
  async start(named?: string, folder = this.defaultFolder()): Promise<string> {
    await this.segments.refresh();
    const segment = named ?? this.freeSegment();
    const isNew = !this.segments.summary(segment);
    // What runs all the same has the memory of one that was destroyed.
    if (isNew) this.close((name) => name.endsWith(` ${segment}`));
    const indexer = this.run('indexer', ['--segment', segment, '--pace', filesPerSecond, '--', folder], segment);
    indexer.show(true);
    try {
      await this.appears(segment, indexer);
    } finally {
      if (isNew) await this.remember(segment, await indexer.processId);
    }
    this.run('search', ['--segment', segment, '--follow', word], segment);
    this.run('stats', ['--segment', segment, '--follow'], segment);
    return segment;
  }

  /** Ends the programs, and removes what they created. */
  async stop(): Promise<void> {
    this.closing.dispose();
    this.close(() => true);
    for (const [segment, { object, consent }] of this.created) {
      await this.server
        .request('peermap/destroy', { segment, ...object }, l10n.t('the destruction of {0}', segment), consent)
        .catch((error: unknown) => this.log.debug(sentenceOf(error)));
    }
  }

  private async remember(segment: string, indexer: number | undefined): Promise<void> {
    const seen = await this.segments.look(segment).catch((error: unknown) => this.log.debug(sentenceOf(error)));
    const consent = seen && indexer !== undefined && Consent.ofItsMaker(seen, indexer);
    if (consent) this.created.set(segment, { object: idOf(seen.object), consent });
  }

  /** One that the processes of somebody else, another window's demo, say, are not attached to. */
  private freeSegment(): string {
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? 'demo' : `demo-${number}`;
      const summary = this.segments.summary(name);
      if (this.terminals.has(`indexer ${name}`) || !summary || summary.alive === 0) return name;
    }
  }

  private close(isMeant: (name: string) => boolean): void {
    for (const [name, terminal] of this.terminals) {
      if (!isMeant(name)) continue;
      terminal.dispose();
      this.terminals.delete(name);
    }
  }

  private run(program: string, args: string[], segment: string): vscode.Terminal {
    const name = `${program} ${segment}`;
    const running = this.terminals.get(name);
    if (running) return running;
    const file = path.join(this.programs, program);
    if (!fs.existsSync(file)) {
      throw new PeermapFailure(
        'PEERMAP_EOS',
        l10n.t("The demo's program {0} is not part of this build of the extension ({1}).", program, file),
      );
    }
    const terminal = vscode.window.createTerminal({
      name,
      shellPath: file,
      shellArgs: args,
      cwd: this.programs,
      isTransient: true,
      iconPath: new vscode.ThemeIcon('layers'),
    });
    this.terminals.set(name, terminal);
    return terminal;
  }

  private appears(segment: string, indexer: vscode.Terminal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(watchdog);
        for (const subscription of subscriptions) subscription.dispose();
        end();
      };
      const fail = (text: string) => settle(() => reject(new PeermapFailure('PEERMAP_EOS', text)));
      let pid: number | undefined;
      const look = () => {
        const peers = this.segments.latest(segment)?.peers ?? [];
        if (peers.some((peer) => peer.pid === pid && peer.state === 'alive')) settle(resolve);
      };
      const watchdog = setTimeout(() => fail(l10n.t('The demo did not start; its terminal tells why.')), patienceMs);
      const subscriptions = [
        this.segments.watch(segment),
        this.segments.onDidChangeSegment(look),
        vscode.window.onDidCloseTerminal((terminal) => {
          if (terminal === indexer) fail(l10n.t("The demo's indexer ended with code {0}.", terminal.exitStatus?.code ?? '?'));
        }),
      ];
      void indexer.processId.then((known) => {
        pid = known;
        look();
      });
    });
  }

  private defaultFolder(): string {
    const workspace = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath;
    const root = path.dirname(path.dirname(this.programs));
    const candidates = [
      ...(workspace ? [path.join(workspace, 'node_modules')] : []),
      path.join(root, 'node_modules'),
      '/usr/share/doc',
    ];
    return candidates.find((candidate) => fs.existsSync(candidate)) ?? workspace ?? root;
  }
}
