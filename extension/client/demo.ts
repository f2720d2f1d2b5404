// SPDX-License-Identifier: MIT
//
// The demo: the three programs of native/examples, each in a terminal of its own, on real input.  The indexer grows the segment as it
// goes; search and stats follow the same pointers in it.
//
// The terminals are the processes' parents: closing one ends its program, and so does the end of the window.  A segment that the demo
// created goes with it.

import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { PeermapFailure, sentenceOf } from './failure';
import type { Segments } from './segments';
import type { ServerConnection } from './server-connection';

const defaultSegment = 'demo';
/** Slow enough to watch it grow. */
const filesPerSecond = '200';
const word = 'function';
const patienceMs = 60_000;

export class Demo {
  private readonly terminals = new Set<vscode.Terminal>();
  /** The segments that would not be there without us. */
  private readonly created = new Set<string>();
  private readonly closing: vscode.Disposable;

  constructor(
    private readonly programs: string,
    private readonly segments: Segments,
    private readonly server: ServerConnection,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.closing = vscode.window.onDidCloseTerminal((terminal) => this.terminals.delete(terminal));
  }

  /** Resolves with the segment's name once the indexer is attached to it. */
  async start(segment = defaultSegment, folder = this.defaultFolder()): Promise<string> {
    await this.segments.refresh();
    if (!this.segments.summary(segment)) this.created.add(segment);
    for (const terminal of [...this.terminals]) if (terminal.name.endsWith(` ${segment}`)) terminal.dispose();

    const indexer = this.run('indexer', ['--segment', segment, '--pace', filesPerSecond, folder], segment);
    indexer.show(true);
    await this.appears(segment, indexer);
    this.run('search', ['--segment', segment, '--follow', word], segment);
    this.run('stats', ['--segment', segment, '--follow'], segment);
    return segment;
  }

  /** Ends the programs, and removes what they created. */
  async stop(): Promise<void> {
    this.closing.dispose();
    for (const terminal of this.terminals) terminal.dispose();
    this.terminals.clear();
    for (const segment of this.created) {
      await this.server
        .request('peermap/destroy', { segment }, `the destruction of ${segment}`)
        .catch((error: unknown) => this.log.debug(sentenceOf(error)));
    }
  }

  private run(program: string, args: string[], segment: string): vscode.Terminal {
    const file = path.join(this.programs, program);
    if (!fs.existsSync(file)) {
      throw new PeermapFailure(
        'PEERMAP_EOS',
        `The demo's program ${program} is not part of this build of the extension (${file}).`,
      );
    }
    const terminal = vscode.window.createTerminal({
      name: `${program} ${segment}`,
      shellPath: file,
      shellArgs: args,
      cwd: this.programs,
      isTransient: true,
      iconPath: new vscode.ThemeIcon('layers'),
    });
    this.terminals.add(terminal);
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
      const look = () => {
        if ((this.segments.summary(segment)?.alive ?? 0) > 0 || isAlive(this.segments, segment)) settle(resolve);
      };
      const watchdog = setTimeout(() => fail('The demo did not start; its terminal tells why.'), patienceMs);
      const subscriptions = [
        this.segments.watch(segment),
        this.segments.onDidChangeList(look),
        this.segments.onDidChangeSegment(look),
        vscode.window.onDidCloseTerminal((terminal) => {
          if (terminal === indexer) fail(`The demo's indexer ended with code ${terminal.exitStatus?.code ?? 'unknown'}.`);
        }),
      ];
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

function isAlive(segments: Segments, segment: string): boolean {
  return segments.latest(segment)?.peers.some((peer) => peer.state === 'alive') ?? false;
}
