// SPDX-License-Identifier: MIT
//
// The event list's rows and columns.

import * as l10n from '@vscode/l10n';
import { formatNanoseconds } from '../extension/protocol/address';
import type { Peer, PeermapEvent } from '../extension/protocol/model';
import type { EventLog } from './event-log';
import { detailOf, latencyOf, sizeOf, subjectOf, wordOf, type Names } from './event-text';
import type { Column } from './grid-model';
import { Bytes } from './parts';
import { Glyph } from './timeline-legend';
import { gapText } from './timeline-scene';

/** An event, or a place where some were lost. */
export interface EventRow {
  key: string;
  event?: PeermapEvent;
  /** Since the event before, in ns. */
  after?: number | undefined;
  lost?: number;
}

/** The newest first.  Rows that were there already are the same objects, and so not drawn again. */
export function rowsOf(log: EventLog, from: number, to: number, last: readonly EventRow[]): EventRow[] {
  const known = new Map(last.map((row) => [row.key, row]));
  const start = Math.max(0, from);
  const lost = new Map(log.gaps(start, to).map(({ before, count }) => [before, count]));
  const rows: EventRow[] = [];
  const gap = (before: number): void => {
    const count = lost.get(before);
    if (count !== undefined) rows.push({ key: `lost ${before}`, lost: count });
  };
  if (to >= log.length) gap(log.last + 1);
  for (let index = to - 1; index >= start; index -= 1) {
    const key = String(log.seqAt(index));
    const event = known.get(key)?.event ?? log.at(index);
    if (!event) continue;
    const after = index > 0 ? Math.max(0, event.timeNs - log.timeAt(index - 1)) : undefined;
    rows.push(known.get(key) ?? { key, event, after });
    gap(event.seq);
  }
  return rows;
}

export interface Told {
  names: Names;
  peers: readonly Peer[];
  wallMs: number;
}

export function eventColumns({ names, peers, wallMs }: Told): readonly Column<EventRow>[] {
  return [
    {
      key: 'time',
      title: l10n.t('Time'),
      width: 13,
      value: ({ event }) => event && timeOf(event, wallMs),
      cellClass: () => 'number quiet',
    },
    {
      key: 'afterNs',
      title: l10n.t('After'),
      hint: l10n.t('since the event before'),
      align: 'end',
      width: 10,
      value: ({ after }) => after,
      render: ({ after }) => (after === undefined ? '' : `+${formatNanoseconds(after)}`),
      cellClass: () => 'quiet',
    },
    {
      key: 'event',
      title: l10n.t('Event'),
      width: 18,
      value: ({ event }) => event && wordOf(event),
      render: ({ event }) =>
        event ? (
          <>
            <Glyph kind={event.kind} />
            {wordOf(event)}
          </>
        ) : (
          ''
        ),
      cellClass: ({ event }) => (event ? `event-kind kind-${event.kind}` : ''),
    },
    {
      key: 'peer',
      title: l10n.t('Peer'),
      width: 16,
      names: true,
      value: ({ event }) => event && subjectOf(event, names, peers),
    },
    {
      key: 'sizeBytes',
      title: l10n.t('Size'),
      align: 'end',
      width: 10,
      value: ({ event }) => event && sizeOf(event),
      render: ({ event }) => {
        const size = event && sizeOf(event);
        return size === undefined ? '' : <Bytes of={size} />;
      },
    },
    {
      key: 'latencyNs',
      title: l10n.t('Latency'),
      align: 'end',
      width: 10,
      value: ({ event }) => event && latencyOf(event),
      render: ({ event }) => {
        const latency = event && latencyOf(event);
        return latency === undefined ? '' : formatNanoseconds(latency);
      },
    },
    {
      key: 'detail',
      title: l10n.t('Detail'),
      width: 44,
      grow: true,
      value: ({ event, lost }) => (event ? detailOf(event, names, peers) : gapText(lost ?? 0)),
      cellClass: () => 'detail-cell',
    },
  ];
}

function timeOf({ timeNs }: PeermapEvent, wallMs: number): string {
  const date = new Date(wallMs + timeNs / 1e6);
  return Number.isNaN(date.getTime())
    ? ''
    : `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
