// SPDX-License-Identifier: MIT
//
// The last events as rows of text, newest first: what the timeline shows, for reading and for those who do not see it.
//
// New rows come in at the top only while nobody reads: once the list is scrolled or an event is selected it stands still, and says
// how many newer events there are.

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { formatNanoseconds } from '../extension/protocol/address';
import type { PeermapEvent, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { detailOf, latencyOf, sizeOf, subjectOf, wordOf } from './event-text';
import { pure, rowKey, useScroll } from './hooks';
import { Bytes, Icon } from './parts';
import { peerKey } from './peer';
import type { State } from './state';
import { gapText } from './timeline-scene';
import { Glyph } from './timeline-legend';
import { indexOfSeq, inRound, roundOf, type Round } from './timeline-model';
import { revealed } from './timeline-view';

const shownAtOnce = 200;

interface Props {
  state: State;
  snapshot: Snapshot;
  rounds: readonly Round[];
  now: number;
}

export function EventList({ state, snapshot, rounds, now }: Props): JSX.Element {
  const { view } = useActions();
  const scroller = useScroll<HTMLDivElement>('events');
  // Kept, since asking the element while drawing would make the browser lay the page out first.
  const scrolled = useRef(false);
  const { events, gaps } = state.log;
  const selected = state.view.event;
  const top = useTop(events, selected, scrolled);
  const newest = top === undefined ? events.length : indexOfSeq(events, top) + 1;
  const shown = events.slice(Math.max(0, newest - shownAtOnce), newest);
  const newer = events.length - newest;
  const chosen = selected === undefined ? undefined : events[indexOfSeq(events, selected)];
  const epoch = chosen && roundOf(rounds, chosen)?.epoch;
  const lost = new Map(gaps.map(({ before, count }) => [before, count]));
  const select = (seq: number): void => {
    const event = events[indexOfSeq(events, seq)];
    if (!event) return;
    const peer = snapshot.peers.find(({ slot, pid }) => slot === event.slot && pid === event.pid);
    view({
      event: seq,
      ...(peer ? { peer: peerKey(peer) } : {}),
      ...revealed(state.view, now, event.timeNs),
    });
  };
  const onClick = (event: MouseEvent): void => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
    if (row) select(Number(row.dataset['row']));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const key = scroller.current ? rowKey(event, scroller.current) : undefined;
    if (key !== undefined) select(Number(key));
    if (event.key === 'Escape') view({ event: undefined });
  };
  const onScroll = (): void => {
    scrolled.current = (scroller.current?.scrollTop ?? 0) > 4;
  };
  const toNewest = (): void => {
    scrolled.current = false;
    if (scroller.current) scroller.current.scrollTop = 0;
    view({ event: undefined });
  };
  if (events.length === 0) return <p class="empty">No events yet.</p>;
  const reachable = selected !== undefined && shown.includes(chosen as PeermapEvent) ? selected : shown.at(-1)?.seq;
  const tail = newer === 0 ? gaps.find(({ before }) => before > (events.at(-1)?.seq ?? 0))?.count : undefined;
  return (
    <div class="events">
      {newer > 0 ? (
        <button type="button" class="newer link" onClick={toNewest}>
          <Icon name="chevron" />
          {newer.toLocaleString('en-US')} newer {newer === 1 ? 'event' : 'events'}
        </button>
      ) : null}
      <div ref={scroller} class="scroller event-scroller" onKeyDown={onKeyDown} onClick={onClick} onScroll={onScroll}>
        <table class="table" role="grid" aria-label="Events, newest first">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" class="numeric" title="since the event before">
                After
              </th>
              <th scope="col">Event</th>
              <th scope="col">Peer</th>
              <th scope="col" class="numeric">
                Size
              </th>
              <th scope="col" class="numeric">
                Latency
              </th>
              <th scope="col">Detail</th>
            </tr>
          </thead>
          <tbody>
            {tail === undefined ? null : <Lost count={tail} />}
            {shown.toReversed().map((event) => (
              <Event
                key={event.seq}
                event={event}
                before={events[indexOfSeq(events, event.seq) - 1]}
                lost={lost.get(event.seq)}
                subject={subjectOf(event, state.names, snapshot.peers)}
                detail={detailOf(event, state.names, snapshot.peers)}
                wallMs={state.wallMs}
                selected={event.seq === selected}
                kin={epoch !== undefined && event.epoch === epoch && inRound.has(event.kind)}
                reachable={event.seq === reachable}
              />
            ))}
          </tbody>
        </table>
      </div>
      {events.length > shownAtOnce ? (
        <p class="quiet note">{`${shown.length} of ${events.length.toLocaleString('en-US')} events; select one in the timeline to read about it here.`}</p>
      ) : null}
    </div>
  );
}

/** Sequence number of the first row.  Undefined: the newest. */
function useTop(
  events: readonly PeermapEvent[],
  selected: number | undefined,
  scrolled: { current: boolean },
): number | undefined {
  const top = useRef<number | undefined>(undefined);
  const still = selected !== undefined || scrolled.current;
  if (!still) top.current = events.at(-1)?.seq;
  const first = top.current === undefined ? -1 : indexOfSeq(events, top.current);
  if (first < 0) top.current = events.at(-1)?.seq;
  if (selected !== undefined) {
    const at = indexOfSeq(events, selected);
    const end = indexOfSeq(events, top.current ?? 0);
    if (at >= 0 && (at > end || at <= end - shownAtOnce)) top.current = events[Math.min(at + 20, events.length - 1)]?.seq;
  }
  return top.current;
}

interface EventProps {
  event: PeermapEvent;
  before: PeermapEvent | undefined;
  lost: number | undefined;
  subject: string;
  detail: string;
  wallMs: number;
  selected: boolean;
  /** Of the selected event's round. */
  kin: boolean;
  reachable: boolean;
}

const Event = pure<EventProps>(({ event, before, lost, subject, detail, wallMs, selected, kin, reachable }) => {
  const size = sizeOf(event);
  const latency = latencyOf(event);
  return (
    <>
      <tr data-row={event.seq} class={`row event ${kin ? 'kin' : ''}`} aria-selected={selected} tabIndex={reachable ? 0 : -1}>
        <td class="number quiet">{timeOf(event, wallMs)}</td>
        <td class="numeric quiet">{before ? `+${formatNanoseconds(Math.max(0, event.timeNs - before.timeNs))}` : ''}</td>
        <td class={`event-kind kind-${event.kind}`}>
          <Glyph kind={event.kind} />
          {wordOf(event)}
        </td>
        <th scope="row" class="name" title={subject}>
          {subject}
        </th>
        <td class="numeric">{size === undefined ? '' : <Bytes of={size} />}</td>
        <td class="numeric">{latency === undefined ? '' : formatNanoseconds(latency)}</td>
        <td class="detail-cell">{detail}</td>
      </tr>
      {lost === undefined ? null : <Lost count={lost} />}
    </>
  );
});

function timeOf({ timeNs }: PeermapEvent, wallMs: number): string {
  const date = new Date(wallMs + timeNs / 1e6);
  return Number.isNaN(date.getTime())
    ? ''
    : `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function Lost({ count }: { count: number }): JSX.Element {
  return (
    <tr class="lost">
      <td colSpan={7}>{gapText(count)}</td>
    </tr>
  );
}
