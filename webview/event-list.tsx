// SPDX-License-Identifier: MIT
//
// The last events as rows of text, newest first: what the timeline shows, for reading and for those who do not see it.
//
// New rows come in at the top only while nobody reads: once the list is scrolled or an event is selected it stands still, and says
// how many newer events there are.

import * as l10n from '@vscode/l10n';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { eventColumns, rowsOf, type EventRow } from './event-rows';
import { DataGrid, useGrid } from './grid';
import { GridTools } from './grid-tools';
import { Icon } from './parts';
import { nowNs, type State } from './state';
import type { View } from './view-state';
import { pure } from './hooks';
import { inRound } from './timeline-model';
import { peerOf } from './timeline-selected';
import { revealed } from './timeline-view';
import type { EventLog } from './event-log';

/** Rows in the list at once; those of them in sight are drawn. */
const shownAtOnce = 1_000;

interface Props {
  segment: string;
  log: EventLog;
  names: State['names'];
  wallMs: number;
  snapshot: Snapshot;
  view: View;
}

export const EventList = pure<Props>(({ segment, log, names, wallMs, snapshot, view: shown }) => {
  const { view } = useActions();
  const list = useRef<HTMLDivElement>(null);
  // Kept, since asking the element while drawing would make the browser lay the page out first.
  const scrolled = useRef(false);
  const selected = shown.event;
  const end = useEnd(log, selected, scrolled);
  const newer = log.length - end;
  const last = useRef<readonly EventRow[]>([]);
  const rows = useMemo(() => (last.current = rowsOf(log, end - shownAtOnce, end, last.current)), [log, end]);
  const { peers } = snapshot;
  const columns = useMemo(() => eventColumns({ names, peers, wallMs }), [names, peers, wallMs]);
  const chosen = useMemo(() => log.find(selected), [log, selected]);
  const epoch = chosen && inRound.has(chosen.kind) ? chosen.epoch : undefined;
  const grid = useGrid({
    name: 'events',
    label: l10n.t('Events, newest first'),
    columns,
    rows,
    rowKey: ({ key }) => key,
    view: shown,
  });
  const select = (key: string | undefined): void => {
    const event = key === undefined ? undefined : log.find(Number(key));
    if (!event) {
      if (key === undefined) view({ event: undefined });
      return;
    }
    const peer = peerOf(event, snapshot);
    view((state) => ({
      event: event.seq,
      ...(peer === undefined ? {} : { peer }),
      ...revealed(state.view, nowNs(state, performance.now()) ?? 0, event.timeNs),
    }));
  };
  const [, drawAgain] = useState(0);
  const toNewest = (): void => {
    scrolled.current = false;
    const scroller = list.current?.querySelector('.grid-scroller');
    if (scroller) scroller.scrollTop = 0;
    view({ event: undefined });
    // Nothing that it is drawn from need have changed.
    drawAgain((turn) => turn + 1);
  };
  const onScroll = ({ target }: Event): void => {
    scrolled.current = target instanceof Element && target.scrollTop > 4;
  };
  if (log.length === 0) return <p class="empty">{l10n.t('No events yet.')}</p>;
  return (
    <div ref={list} class="events" onScrollCapture={onScroll}>
      <div class="events-head">
        {newer > 0 ? (
          <button type="button" class="newer link" onClick={toNewest}>
            <Icon name="chevron" />
            {newer === 1 ? l10n.t('1 newer event') : l10n.t('{0} newer events', newer.toLocaleString('en-US'))}
          </button>
        ) : (
          <span />
        )}
        <GridTools of={grid} title={l10n.t('{0} events', segment)} />
      </div>
      <DataGrid
        of={grid}
        selected={selected === undefined ? undefined : String(selected)}
        onSelect={select}
        rowClass={({ event, lost }) =>
          lost !== undefined
            ? 'lost'
            : event && epoch !== undefined && event.epoch === epoch && inRound.has(event.kind)
              ? 'event kin'
              : 'event'
        }
      />
      {log.length > rows.length ? (
        <p class="quiet note">
          {l10n.t(
            '{0} of {1} events; select one in the timeline to read about it here.',
            rows.length.toLocaleString('en-US'),
            log.length.toLocaleString('en-US'),
          )}
        </p>
      ) : null}
    </div>
  );
});

/** Index after the event of the first row: the end of the log, or where somebody reads. */
function useEnd(log: EventLog, selected: number | undefined, scrolled: { current: boolean }): number {
  const top = useRef<number | undefined>(undefined);
  const newest = log.at(-1)?.seq;
  if (selected === undefined && !scrolled.current) top.current = newest;
  let end = top.current === undefined ? 0 : log.indexOf(top.current) + 1;
  if (end === 0) end = log.length;
  if (selected !== undefined) {
    const at = log.indexOf(selected);
    if (at >= 0 && (at >= end || at < end - shownAtOnce)) end = Math.min(at + 20, log.length);
  }
  top.current = end === log.length ? newest : log.seqAt(end - 1);
  return end;
}
