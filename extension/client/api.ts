// SPDX-License-Identifier: MIT
//
// What `activate` returns, for other extensions and for the tests in test/suite: a view of the extension's state, and nothing that
// changes it.  Whoever wants to change something executes a command with arguments, and a person is asked before anything is taken away.

import type * as vscode from 'vscode';
import type { Snapshot } from '../protocol/model';
import type { ServerState } from './server-connection';
import type { SystemNode } from './system-rows';
import type { Node } from './tree-rows';

export interface PeermapApi {
  readonly server: {
    readonly state: ServerState;
    /** Undefined while there is no process. */
    readonly pid: number | undefined;
  };
  /** The latest snapshot of a segment that a view shows. */
  snapshot(segment: string): Snapshot | undefined;
  /** What the Segments view shows. */
  readonly tree: vscode.TreeDataProvider<Node>;
  /** What the System Shared Memory view shows. */
  readonly systemTree: vscode.TreeDataProvider<SystemNode>;
  /** Tasks of the type "peermap". */
  readonly tasks: vscode.TaskProvider;
  /** How long `activate` took, in milliseconds. */
  readonly activationMs: number;
  /** The inspectors that are open; `ready` once the page is there and is kept live. */
  readonly inspectors: readonly { readonly segment: string; readonly ready: boolean }[];
}
