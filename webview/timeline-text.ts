// SPDX-License-Identifier: MIT
//
// The timeline to read: what is in a stretch of it, as a document.  Pure.

import * as l10n from '@vscode/l10n';
import { formatNanoseconds } from '../extension/protocol/address';
import type { Snapshot } from '../extension/protocol/model';
import { kinds } from './event-chunk';
import type { EventLog } from './event-log';
import { detailOf, eventWord, roundText, subjectOf, wordOf } from './event-text';
import { latencyRows } from './latency-rows';
import { studyOf } from './latency-model';
import type { State } from './state';
import { roundsIn } from './timeline-rounds';
import { droppedText, gapText, marked } from './timeline-scene';

/** More rounds or events than this are not listed but counted. */
const listed = 2_000;

export function timelineText(state: State, snapshot: Snapshot, from: number, to: number): string {
  const { log, names, wallMs } = state;
  const { peers } = snapshot;
  const study = studyOf(log, from, to);
  const [first, last] = [log.indexAt(from), log.indexAt(to)];
  const time = (ns: number): string => new Date(wallMs + ns / 1e6).toISOString().replace('T', ' ').replace('Z', '');
  const lines = [
    l10n.t('Timeline of {0}', state.segment),
    l10n.t('From {0} to {1} UTC, {2}', time(from), time(to), formatNanoseconds(Math.round(to - from))),
    '',
    study.events === 1 ? l10n.t('1 event') : l10n.t('{0} events', study.events.toLocaleString('en-US')),
  ];
  study.ofKind.forEach((count, kind) => {
    if (count > 0) lines.push(`  ${count.toLocaleString('en-US')}  ${eventWord(kinds[kind] ?? 'unknown')}`);
  });
  const lost = lostIn(log, first, last);
  if (lost > 0) lines.push(gapText(lost));
  if (log.dropped > 0) lines.push(droppedText(log.dropped));
  lines.push('', l10n.t('Latency: count, late, p50, p90, p99, longest'));
  for (const { name, count, late, p50 = 0, p90 = 0, p99 = 0, max } of latencyRows(study, names, snapshot))
    lines.push(
      `  ${name}: ${[count, late].join(', ')}, ${[p50, p90, p99, max].map((ns) => formatNanoseconds(Math.round(ns))).join(', ')}`,
    );
  const start = Math.max(first, last - listed);
  lines.push(
    '',
    start > first
      ? l10n.t('Rounds and events, of the last {0} events', listed.toLocaleString('en-US'))
      : l10n.t('Rounds and events'),
  );
  const told = [
    ...roundsIn(log, start, last).map((round) => ({ at: round.from, text: roundText(round, names, peers).join('; ') })),
    ...log
      .events(start, last)
      .filter(({ kind }) => marked.has(kind))
      .map((event) => ({
        at: event.timeNs,
        text: [`${subjectOf(event, names, peers)} ${wordOf(event)}`.trim(), detailOf(event, names, peers)]
          .filter((part) => part !== '')
          .join(': '),
      })),
  ];
  for (const { at, text } of told.sort((a, b) => a.at - b.at)) lines.push(`  ${time(at).slice(11)}  ${text}`);
  return `${lines.join('\n')}\n`;
}

export function lostIn(log: EventLog, from: number, to: number): number {
  return log.gaps(from, to).reduce((sum, { count }) => sum + count, 0);
}
