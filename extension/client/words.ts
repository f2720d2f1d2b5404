// SPDX-License-Identifier: MIT
//
// The sentences in which the extension asks before it destroys, and says what it did.  What a change will do is in preview.ts.

import * as l10n from '@vscode/l10n';
import { formatBytes, formatNanoseconds } from '../protocol/address';
import { methodWords, reachText } from '../protocol/mapping';
import type { Round, Snapshot } from '../protocol/model';
import { peerCount } from './counts';
import { living, names, reapPreview, shrinkPreview } from './preview';

export interface Warning {
  message: string;
  detail: string;
  button: string;
}

export function shrinkWarning(snapshot: Snapshot, bytes: number): Warning {
  const active = snapshot.header?.active ?? 0;
  const peers = living(snapshot);
  const stays = formatBytes(Math.max(0, active - bytes));
  const whom = peers.length > 1 ? [l10n.t('These must give it up: {0}.', names(peers))] : [];
  return {
    message: l10n.t('Shrink {0} by {1}?', snapshot.name, formatBytes(bytes)),
    detail: [
      l10n.t('Of {0}, {1} stay. What is in the last {2} is lost.', formatBytes(active), stays, formatBytes(bytes)),
      shrinkPreview(snapshot, bytes),
      ...whom,
    ].join('\n\n'),
    button: l10n.t('Shrink'),
  };
}

export function reapWarning(snapshot: Snapshot): Warning {
  const lost = l10n.t(
    'Afterwards nothing shows that they were there. What they were about to get of a heap goes back to it. A program that is started again under its name needs no reaping.',
  );
  return {
    message: l10n.t('Reap the dead peers of {0}?', snapshot.name),
    detail: [reapPreview(snapshot), lost].join('\n\n'),
    button: l10n.t('Reap'),
  };
}

export function destroyWarning(snapshot: Snapshot): Warning {
  const peers = living(snapshot);
  const whom =
    peers.length === 0
      ? l10n.t('No peer is attached: its data is lost as soon as no process has it any more.')
      : peers.length === 1
        ? l10n.t('The memory stays with {0} until it ends. Nobody can attach any more.', names(peers))
        : l10n.t(
            'The memory stays with {0} until they end: {1}. Nobody can attach any more.',
            peerCount(peers.length),
            names(peers),
          );
  return {
    message: l10n.t('Destroy {0}?', snapshot.name),
    detail: [l10n.t('Removes /dev/shm/peermap.{0}, {1}.', snapshot.name, formatBytes(snapshot.object.length)), whom].join('\n\n'),
    button: l10n.t('Destroy'),
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
  const [size, time] = [formatBytes(round.size), formatNanoseconds(round.nanoseconds)];
  const text =
    round.late === 0
      ? l10n.t('{0}: {1} in every peer after {2}', done, size, time)
      : round.late === 1
        ? l10n.t('{0}: {1} in all but 1 peer that did not answer after {2}', done, size, time)
        : l10n.t('{0}: {1} in all but {2} peers that did not answer after {3}', done, size, round.late, time);
  return [text, ...howReached(round)].join(' · ');
}

/** What is remarkable about how the peers came to it; nothing if their agents simply mapped it. */
function howReached({ acked, ahead, unstopped }: Round): string[] {
  const parts = [];
  if (ahead > 0) parts.push(ahead === acked ? l10n.t('all had it mapped ahead') : l10n.t('{0} had it mapped ahead', ahead));
  if (unstopped > 0)
    parts.push(unstopped === 1 ? l10n.t('1 was reached while stopped') : l10n.t('{0} were reached while stopped', unstopped));
  return parts;
}

/** Each peer in a line: "search (4712): had it mapped ahead". */
export function answerLines({ results }: Pick<Round, 'results'>): string[] {
  return results.map(({ name, pid, method, error, nanoseconds }) => {
    const who = `${name} (${pid})`;
    const time = formatNanoseconds(nanoseconds);
    if (method !== 'none')
      return nanoseconds > 0
        ? l10n.t('{0}: {1} after {2}', who, methodWords[method], time)
        : l10n.t('{0}: {1}', who, methodWords[method]);
    return nanoseconds > 0
      ? l10n.t('{0}: {1} after {2}: {3}', who, methodWords[method], time, reachText(error))
      : l10n.t('{0}: {1}: {2}', who, methodWords[method], reachText(error));
  });
}

/** The sentence of a round that failed names one peer, and says why it could not be reached; here with the others. */
export function lateSentence(sentence: string, round: Round | undefined): string {
  const blocker = round?.blocker;
  const others = (round?.results ?? []).filter(
    ({ method, pid, name }) => method === 'none' && !(pid === blocker?.pid && name === blocker.name),
  );
  if (others.length === 0) return sentence;
  const named = others.slice(0, 3).map(({ name, pid, error }) => `${name} (${pid}): ${reachText(error)}`);
  const first = sentence.replace(/[.]$/, '');
  return others.length === named.length
    ? l10n.t('{0}. Nor did {1}.', first, named.join('; '))
    : l10n.t('{0}. Nor did {1}; and {2} more.', first, named.join('; '), others.length - named.length);
}
