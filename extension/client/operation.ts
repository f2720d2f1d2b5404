// SPDX-License-Identifier: MIT
//
// What an operation is: what a command does with what it was given.  If a person is there (`asks`), it asks for the rest and says what came of
// it.  Whoever is there, one that takes something away asks before it does.  It answers with its result, or undefined if the person changed their mind.
//
// The operations themselves are in segment-operations.ts and round-operations.ts.

import type * as vscode from 'vscode';
import { bytesOf, required, type Invocation, type Target } from './command-arguments';
import type { Snapshot } from '../protocol/model';
import { idOf } from '../protocol/object-id';
import type { Ask, Taken } from './consent';
import type { TextDocuments } from './documents';
import type { Demo } from './demo';
import { sentenceOf, type Remedy } from './failure';
import type { Inspectors } from './inspector';
import * as messages from './messages';
import { withOwner, wordFor, type Person, type Word } from './owners';
import { askSize, pickSegment, type SizeQuestion } from './pick';
import type { Rounds } from './rounds';
import type { Segments } from './segments';
import type { ServerConnection } from './server-connection';
import { setting } from './settings';
import type { SystemMemory } from './system-memory';

export interface Parts {
  server: ServerConnection;
  segments: Segments;
  inspectors: Inspectors;
  demo: Demo;
  rounds: Rounds;
  system: SystemMemory;
  documents: TextDocuments;
  /** Of the extension. */
  version: string;
  log: vscode.LogOutputChannel;
}

export type Operation = (parts: Parts, invocation: Invocation) => Promise<unknown>;
/** One that takes something away; `ask` is where its consent comes from. */
export type TakingOperation<K extends Taken> = (parts: Parts, invocation: Invocation, ask: Ask<K>) => Promise<unknown>;

/** `preview` says what would be done to a segment, where several can be chosen from. */
export async function segmentOf(
  parts: Parts,
  target: Target,
  asks: boolean,
  title: string,
  preview?: (snapshot: Snapshot) => string,
): Promise<string | undefined> {
  if (!asks) return required(target, 'segment');
  if (target.segment !== undefined) return target.segment;
  await parts.segments.refresh();
  const look = preview && ((segment: string) => parts.segments.look(segment).then(preview, sentenceOf));
  return pickSegment(parts.segments.list, title, parts.inspectors.active, look);
}

export async function sizeOf(target: Target, asks: boolean, question: SizeQuestion): Promise<number | undefined> {
  if (asks && target.bytes === undefined) return askSize(question);
  return bytesOf(required(target, 'bytes'), question.current);
}

/** What becomes of taking part in a segment: a word for the button, and whether a person is there to be asked. */
interface Part {
  button: string;
  asks: boolean;
}

const personOf = (asks: boolean): Person => ({
  trusted: setting('trustedOwners'),
  ...(asks ? { ask: ({ message, detail, button }) => messages.confirmed(message, detail, button) } : {}),
});

/** Before another question about a segment: whether to take part in it, if it looks like another user's.  Undefined: no. */
export async function ownerAgreed(parts: Parts, { name, object }: Snapshot, { button, asks }: Part): Promise<Word | undefined> {
  if (object.uid === process.geteuid?.() || parts.segments.isAttached(name)) return {};
  return wordFor(name, { owner: object.uid, ...idOf(object) }, button, personOf(asks));
}

/**
 * A request that makes the server a peer of the segment, if it is not one; of another user's by the person's word alone.  Undefined: they did not give
 * it.  `agreed`: what they have given already.
 */
export async function takingPart<T>(
  segment: string,
  { button, asks }: Part,
  request: (word: Word) => Promise<T>,
  agreed?: Word,
): Promise<T | undefined> {
  return withOwner(segment, button, personOf(asks), request, agreed);
}

/** What came of what a person asked for: in the status bar, or, as the setting peermap.notifications says, as a message with a way on. */
export function tell(text: string, on?: Remedy): void {
  if (setting('notifications') !== 'message') {
    messages.showBriefly(text, 'check', 8000);
    return;
  }
  const buttons = on ? [on.title] : [];
  void messages.showInformation(text, ...buttons).then((chosen) => (chosen === undefined ? undefined : on?.apply()));
}
