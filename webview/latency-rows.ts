// SPDX-License-Identifier: MIT
//
// Latency in rows and in a sentence: of all rounds and answers, and of each peer.  Pure.

import * as l10n from '@vscode/l10n';
import { formatNanoseconds } from '../extension/protocol/address';
import type { Snapshot } from '../extension/protocol/model';
import { nameOf, type Names } from './event-text';
import type { Histogram, Study } from './latency-model';
import { peerKey } from './peer';

export interface LatencyRow {
  key: string;
  name: string;
  count: number;
  late: number;
  p50: number | undefined;
  p90: number | undefined;
  p99: number | undefined;
  max: number;
}

function rowOf(key: string, name: string, times: Histogram, late: number): LatencyRow {
  const { total: count, max } = times;
  return { key, name, count, late, p50: times.percentile(50), p90: times.percentile(90), p99: times.percentile(99), max };
}

/** Of everybody, and then of each peer; the slowest first. */
export function latencyRows(study: Study, names: Names, snapshot: Snapshot): LatencyRow[] {
  const late = [...study.lateBySlot.values()].reduce((sum, count) => sum + count, 0);
  const all = [
    rowOf('rounds', l10n.t('all rounds'), study.rounds, 0),
    rowOf('inside', l10n.t('all growths that ask nobody'), study.inside, 0),
    rowOf('answers', l10n.t('all answers'), study.answers, late),
  ].filter(({ count }) => count > 0);
  const slots = new Map(snapshot.peers.map((peer) => [peer.slot, peer]));
  const peers = [...study.bySlot].map(([slot, times]) => {
    const peer = slots.get(slot);
    const name = peer?.name ?? nameOf(names, snapshot.peers, slot, study.holders.get(slot) ?? 0);
    return rowOf(peer ? peerKey(peer) : `slot ${slot}`, name, times, study.lateBySlot.get(slot) ?? 0);
  });
  return [...all, ...peers.sort((a, b) => (b.p99 ?? 0) - (a.p99 ?? 0))];
}

/** A sentence for those who do not see the picture. */
export function latencyText({ answers, rounds, inside }: Study): string {
  const line = (times: Histogram, what: string): string =>
    l10n.t(
      '{0}: {1}, half of them within {2}, 99 of a hundred within {3}, the longest {4}.',
      what,
      times.total.toLocaleString('en-US'),
      formatNanoseconds(Math.round(times.percentile(50) ?? 0)),
      formatNanoseconds(Math.round(times.percentile(99) ?? 0)),
      formatNanoseconds(times.max),
    );
  const lines = [];
  if (rounds.total > 0) lines.push(line(rounds, l10n.t('Rounds')));
  if (inside.total > 0) lines.push(line(inside, l10n.t('Growths that ask nobody')));
  if (answers.total > 0) lines.push(line(answers, l10n.t('Answers')));
  return lines.join(' ');
}
