// SPDX-License-Identifier: MIT
//
// The sentences in which the extension says what it will do, to whom, and what it did.

import { formatBytes, formatNanoseconds } from '../protocol/address';
import { methodWords, reachText } from '../protocol/mapping';
import type { Peer, Round, Snapshot } from '../protocol/model';
import { count } from './tree-rows';

export interface Warning {
  message: string;
  detail: string;
  button: string;
}

/** "indexer (4711), search (4712)" */
function names(peers: readonly Peer[]): string {
  return peers.map((peer) => `${peer.name} (${peer.pid})`).join(', ');
}

function living(snapshot: Snapshot): Peer[] {
  return snapshot.peers.filter((peer) => peer.state !== 'dead');
}

export function shrinkWarning(snapshot: Snapshot, bytes: number): Warning {
  const active = snapshot.header?.active ?? 0;
  const peers = living(snapshot);
  const pinning = peers.filter((peer) => peer.pins > 0 && peer.pinnedBytes > active - bytes);
  const whom =
    peers.length === 0 ? 'No process is attached.' : `${count(peers.length, 'peer')} must give it up: ${names(peers)}.`;
  const pins = pinning.length === 0 ? [] : [`Pinned now by ${names(pinning)}: the shrink waits for that.`];
  return {
    message: `Shrink ${snapshot.name} by ${formatBytes(bytes)}?`,
    detail: [
      `Of ${formatBytes(active)}, ${formatBytes(Math.max(0, active - bytes))} stay. What is in the last ${formatBytes(bytes)} is lost.`,
      whom,
      ...pins,
    ].join('\n\n'),
    button: 'Shrink',
  };
}

export function destroyWarning(snapshot: Snapshot): Warning {
  const peers = living(snapshot);
  const whom =
    peers.length === 0
      ? 'No process is attached: its data is lost at once.'
      : `The memory stays with ${count(peers.length, 'peer')} until they end: ${names(peers)}. Nobody can attach any more.`;
  return {
    message: `Destroy ${snapshot.name}?`,
    detail: `Removes /dev/shm/peermap.${snapshot.name}, ${formatBytes(snapshot.object.length)}.\n\n${whom}`,
    button: 'Destroy',
  };
}

/** What a size comes to once it is rounded as the library rounds it; undefined if nothing is left of it. */
export function wholePages(bytes: number, pageSize: number, change: 'grow' | 'shrink'): number | undefined {
  const pages = change === 'grow' ? Math.ceil(bytes / pageSize) : Math.floor(bytes / pageSize);
  return pages > 0 ? pages * pageSize : undefined;
}

/** "64 KiB + 4 KiB = 68 KiB" */
export function sum(active: number, bytes: number, change: 'grow' | 'shrink'): string {
  const after = change === 'grow' ? active + bytes : active - bytes;
  return `${formatBytes(active)} ${change === 'grow' ? '+' : '−'} ${formatBytes(bytes)} = ${formatBytes(after)}`;
}

/** `done` in the words "demo grew". */
export function roundReport(done: string, round: Round): string {
  const whom = round.late > 0 ? `in all but ${count(round.late, 'peer')} that did not answer` : 'in every peer';
  const how = howReached(round);
  return `${done}: ${formatBytes(round.size)} ${whom} after ${formatNanoseconds(round.nanoseconds)}${how === '' ? '' : ` · ${how}`}`;
}

/** What is remarkable about how the peers came to it; empty if their agents simply mapped it. */
function howReached({ acked, ahead, unstopped, injected }: Round): string {
  const reached = unstopped + injected;
  const parts = [];
  if (ahead > 0) parts.push(ahead === acked ? 'all had it mapped ahead' : `${ahead} had it mapped ahead`);
  if (reached > 0) parts.push(`${reached} ${reached === 1 ? 'was' : 'were'} reached while stopped`);
  return parts.join(', ');
}

/** Each peer in a line: "search (4712): had it mapped ahead". */
export function answerLines({ answers }: Pick<Round, 'answers'>): string[] {
  return answers.map(({ name, pid, method, error, nanoseconds }) => {
    const took = nanoseconds > 0 ? ` after ${formatNanoseconds(nanoseconds)}` : '';
    return `${name} (${pid}): ${methodWords[method]}${took}${method === 'none' ? `: ${reachText(error)}` : ''}`;
  });
}

/** The sentence of a round that failed names one peer, and says why it could not be reached; here with the others. */
export function lateSentence(sentence: string, round: Round | undefined): string {
  const culprit = round?.culprit;
  const others = (round?.answers ?? []).filter(
    ({ method, pid, name }) => method === 'none' && !(pid === culprit?.pid && name === culprit.name),
  );
  if (others.length === 0) return sentence;
  const named = others.slice(0, 3).map(({ name, pid, error }) => `${name} (${pid}): ${reachText(error)}`);
  const rest = others.length > named.length ? `; and ${others.length - named.length} more` : '';
  return `${sentence.replace(/[.]$/, '')}. Nor did ${named.join('; ')}${rest}.`;
}
