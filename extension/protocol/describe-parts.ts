// SPDX-License-Identifier: MIT
//
// Parts of describe.ts: the last round, and the heap, as lines of text.

import * as l10n from '@vscode/l10n';
import { formatBytes, formatNanoseconds } from './address';
import { lastRound } from './last-round';
import { methodWords, opWords, reachText } from './mapping';
import type { HeapCount, Peer, PeermapEvent } from './model';

export function describeRound(events: readonly PeermapEvent[], peers: readonly Peer[]): string[] {
  const round = lastRound(events);
  if (!round) return [];
  const who = (pid: number) => `${peers.find((peer) => peer.pid === pid)?.name ?? '?'} (${pid})`;
  const { epoch, op, size, byPid, end, ns, answers } = round;
  const came =
    end === undefined
      ? l10n.t('it is under way')
      : end === 'done'
        ? l10n.t('it was done')
        : l10n.t('it was rolled back: nothing changed');
  const time = ns > 0 ? [l10n.t('took {0}', formatNanoseconds(ns))] : [];
  const asked = answers.length === 0 ? [l10n.t('nobody was asked: every peer had it mapped ahead')] : [];
  return [
    l10n.t('epoch {0}: {1} to {2}, by {3}; {4}', epoch, opWords[op], formatBytes(size), who(byPid), came),
    ...time,
    ...(end === undefined ? [] : asked),
    ...answers.map(({ pid, method, late, error }) =>
      late
        ? l10n.t('{0}: did not answer in time: {1}', who(pid), reachText(error))
        : error === 0
          ? l10n.t('{0}: {1}', who(pid), methodWords[method])
          : l10n.t('{0}: its mapping failed with errno {1}', who(pid), error),
    ),
  ];
}

export function describeHeap(heap: HeapCount): string[] {
  const { size, used, smallObjects, largeObjects, largeBytes, freeBytes, largestFree, faults, classes, peers } = heap;
  return [
    l10n.t('{0} of {1} used', formatBytes(used), formatBytes(size)),
    l10n.t('{0} small objects; {1} large ones, {2}', smallObjects, largeObjects, formatBytes(largeBytes)),
    l10n.t('{0} free, {1} at most in one piece', formatBytes(freeBytes), formatBytes(largestFree)),
    ...(faults === 0 ? [] : [l10n.t('{0} faults: objects freed twice, or written past their end', faults)]),
    ...classes
      .filter(({ objects }) => objects > 0)
      .map(({ stride, objects, capacity }) => l10n.t('objects of {0}: {1} of {2}', formatBytes(stride), objects, capacity)),
    ...[...peers]
      .sort((a, b) => a.pid - b.pid)
      .map(({ pid, name, spanBytes }) =>
        pid === 0
          ? l10n.t('processes that ended hold {0}', formatBytes(spanBytes))
          : l10n.t('{0} ({1}) holds {2}', name, pid, formatBytes(spanBytes)),
      ),
  ];
}
