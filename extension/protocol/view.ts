// SPDX-License-Identifier: MIT
//
// The words between the extension and its inspector webview: one union per direction.

import type { EventBatch, Snapshot } from './model';

/** extension -> webview */
export type ToView =
  | {
      kind: 'snapshot';
      snapshot: Snapshot;
      attached: boolean;
      /** Why nothing can be changed, in the words "the workspace is not trusted". */ readOnly?: string;
    }
  | { kind: 'events'; batch: EventBatch; /** True: forget what was there, these are the oldest to be had. */ reset: boolean }
  | { kind: 'server'; state: 'running' | 'restarting' | 'failed'; text: string }
  | { kind: 'gone'; segment: string }
  /** A command asked for from the webview has ended. */
  | { kind: 'done'; id: number; error?: string };

export type ViewCommand =
  | 'peermap.attach'
  | 'peermap.detach'
  | 'peermap.grow'
  | 'peermap.shrink'
  | 'peermap.remap'
  | 'peermap.remapAll'
  | 'peermap.reap'
  | 'peermap.destroy';

/** webview -> extension */
export type FromView =
  /** Sent once the script runs: the extension answers with a snapshot and with events. */
  { kind: 'ready' } | { kind: 'command'; id: number; command: ViewCommand; pid?: number } | { kind: 'copy'; text: string };

/** What the webview keeps across hiding and reloading (`setState`), and what the extension needs to revive the panel. */
export interface ViewState {
  segment: string;
  [key: string]: unknown;
}
