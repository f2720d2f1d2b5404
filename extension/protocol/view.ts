// SPDX-License-Identifier: MIT
//
// The words between the extension and its inspector webview: one union per direction.

import type { SnapshotDelta } from './delta';
import type { EventBatch, PackedEvents, Snapshot } from './model';
import type { Method, Requests, Sampling } from './requests';

/** Bytes of a segment; `offset` counts from the beginning of the data. */
export interface ByteRange {
  offset: number;
  length: number;
}

/** extension -> webview */
export type ToView =
  | {
      kind: 'snapshot';
      snapshot: Snapshot;
      attached: boolean;
      /** Why nothing can be changed, in the words "the workspace is not trusted". */ readOnly?: string;
      /** The machine that all of it is on. */ host?: string;
      /** It is not live: it comes from a file that was made on that host at that time, as people read it. */
      file?: { exportedAt: string; host: string };
      /** What the next delta calls it; without one, none comes. */ revision?: number;
      sampling?: Sampling;
    }
  /** What changed in the snapshot of revision `base`, and the events since.  A page that has another one says `ready` again. */
  | { kind: 'delta'; base: number; revision: number; delta: SnapshotDelta; batch?: PackedEvents; sampling?: Sampling }
  | { kind: 'events'; batch: EventBatch; /** True: forget what was there, these are the oldest to be had. */ reset: boolean }
  | {
      kind: 'server';
      state: 'running' | 'restarting' | 'failed';
      text: string;
      /** What is not asked of it, because it ended at that: a sentence for each. */ leftOut?: string[];
    }
  | { kind: 'gone'; segment: string }
  /** A command asked for from the webview has ended. */
  | { kind: 'done'; id: number; error?: string }
  /** Select the round of this epoch in the timeline, once it is known; or open a section, scroll to it, and select these bytes. */
  | { kind: 'reveal'; epoch?: number; section?: string; range?: ByteRange }
  /** To the question with this number: its result, or why there is none. */
  | { kind: 'answer'; id: number; result?: unknown; error?: string };

/** What the page may have done, to its own segment, by a person who is asked as from the palette. */
export const viewCommands = [
  'peermap.attach',
  'peermap.detach',
  'peermap.grow',
  'peermap.shrink',
  'peermap.remap',
  'peermap.remapAll',
  'peermap.reap',
  'peermap.destroy',
  'peermap.openMemory',
  'peermap.exportSnapshot',
  'peermap.tryAgain',
] as const;
export type ViewCommand = (typeof viewCommands)[number];

/** What the page may ask of the server, of its own segment; the extension passes these on and nothing else. */
export const questions = [
  'peermap/heap',
  'peermap/read',
  'peermap/search',
  'peermap/residency',
  'peermap/facts',
  'peermap/structure',
] as const satisfies readonly Method[];
export type Question = (typeof questions)[number];
/** The parameters of a question, without the segment: the extension adds it. */
export type QuestionParams<Q extends Question> = Omit<Requests[Q]['params'], 'segment'>;
export type QuestionResult<Q extends Question> = Requests[Q]['result'];

/** webview -> extension */
export type FromView =
  /** Sent once the script runs: the extension answers with a snapshot and with events. */
  | { kind: 'ready' }
  | { kind: 'command'; id: number; command: ViewCommand; pid?: number; range?: ByteRange }
  | { kind: 'ask'; id: number; question: Question; params: Record<string, unknown> }
  | { kind: 'copy'; text: string }
  /** Show the terminal that a process runs in. */
  | { kind: 'reveal'; pid: number }
  /** A file to save, after asking where. */
  | { kind: 'save'; name: string; text: string }
  /** A document to open beside, read-only: what a picture shows, as text. */
  | { kind: 'text'; title: string; text: string };

/** What the webview keeps across hiding and reloading (`setState`), and what the extension needs to revive the panel. */
export interface ViewState {
  segment: string;
  [key: string]: unknown;
}
