// SPDX-License-Identifier: MIT
//
// The timeline: rounds and events in a lane per peer, how long they took, and below it the last events as text.
//
// "Now" comes with the messages.  Between them it is told forward once a second, and only while the timeline follows, the page is
// visible and an event is in view: a segment at rest costs nothing.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatNanoseconds } from '../extension/protocol/address';
import type { Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { EventList } from './event-list';
import type { EventLog } from './event-log';
import { Latency } from './latency';
import { latencyText } from './latency-rows';
import { studyOf } from './latency-model';
import { useNow } from './now';
import { usePaced } from './pace';
import { Button, Section } from './parts';
import { peerKey } from './peer';
import type { State } from './state';
import { TimelineChart } from './timeline-chart';
import { TimelineLegend } from './timeline-legend';
import { droppedText, gapText, type TimeLane } from './timeline-scene';
import { SelectedEvent } from './timeline-selected';
import { timelineText } from './timeline-text';
import { fitted, followed, studied, zoomed } from './timeline-view';
import { nameOf } from './event-text';
import './timeline.css';

/** Statistics go through every event in sight, so not in every frame. */
const studyMs = 500;
const listMs = 200;

export function Timeline({ state, snapshot }: { state: State; snapshot: Snapshot }): JSX.Element {
  const open = !state.view.closed.includes('timeline');
  const now = useNow(state, open);
  return (
    <Section
      name="timeline"
      title={l10n.t('Timeline')}
      aside={notesOf(state.log).join(' · ')}
      tools={open ? <Tools state={state} snapshot={snapshot} now={now} /> : undefined}
      closed={state.view.closed}
    >
      <Body state={state} snapshot={snapshot} now={now} />
    </Section>
  );
}

function notesOf(log: EventLog): string[] {
  const notes = [log.length === 1 ? l10n.t('1 event') : l10n.t('{0} events', log.length.toLocaleString('en-US'))];
  if (log.lost > 0) notes.push(gapText(log.lost));
  if (log.dropped > 0) notes.push(droppedText(log.dropped));
  return notes;
}

interface Props {
  state: State;
  snapshot: Snapshot;
  now: number;
}

/** Drawn only while the section is open. */
function Body({ state, snapshot, now }: Props): JSX.Element {
  const { log, names, view } = state;
  const { peers } = snapshot;
  const lanes = useMemo(() => lanesOf(log.holders, snapshot, names), [log.holders, peers, names]);
  const range = studied(view, now);
  const wanted = useMemo(() => ({ log, ...range }), [log, range.from, range.to]);
  const paced = usePaced(wanted, studyMs);
  const study = useMemo(() => studyOf(paced.log, paced.from, paced.to), [paced]);
  const listed = usePaced(log, listMs, view.event);
  // What the tables are drawn from; moving about in time is not their business.
  const { segment, wallMs } = state;
  const tables = useMemo(() => view, [view.grids, view.event, view.peer]);
  const told = { segment, wallMs, names, snapshot, view: tables };
  const event = useMemo(() => log.find(view.event), [log, view.event]);
  const summary =
    study.events === 1
      ? l10n.t('Timeline: 1 event in sight. {0}', latencyText(study))
      : l10n.t('Timeline: {0} events in sight. {1}', study.events.toLocaleString('en-US'), latencyText(study));
  return (
    <>
      <TimelineChart state={state} snapshot={snapshot} lanes={lanes} now={now} summary={summary} />
      {event ? <SelectedEvent state={state} snapshot={snapshot} event={event} now={now} /> : null}
      <TimelineLegend />
      <Latency {...told} study={study} stretched={view.stretch !== undefined} />
      <EventList {...told} log={listed} />
    </>
  );
}

function Tools({ state, snapshot, now }: Props): JSX.Element {
  const { view, openText } = useActions();
  const { log } = state;
  const { follow, span, stretch } = state.view;
  const { from, to } = studied(state.view, now);
  return (
    <div class="tool-row" role="toolbar" aria-label={l10n.t('Timeline')}>
      <span class="quiet number">
        {stretch
          ? l10n.t('{0} of {1}', formatNanoseconds(rounded(to - from)), formatNanoseconds(rounded(span)))
          : formatNanoseconds(rounded(span))}
      </span>
      <Button
        label={l10n.t('Zoom out')}
        icon="minus"
        bare
        title={l10n.t('Zoom out (−)')}
        onPress={() => view((at) => zoomed(at.view, now, 2, 0.5))}
      />
      <Button
        label={l10n.t('Zoom in')}
        icon="plus"
        bare
        title={l10n.t('Zoom in (+)')}
        onPress={() => view((at) => zoomed(at.view, now, 0.5, 0.5))}
      />
      <Button
        label={l10n.t('Show all')}
        icon="fit"
        bare
        title={l10n.t('Show all events (Home)')}
        onPress={() => view((at) => fitted(at.view, now, log))}
      />
      <Button
        label={follow ? l10n.t('Pause') : l10n.t('Follow')}
        icon={follow ? 'pause' : 'play'}
        title={follow ? l10n.t('Stop following what happens (P)') : l10n.t('Follow what happens (P)')}
        onPress={() => view((at) => followed(at.view, now, !at.view.follow))}
      />
      <Button
        label={l10n.t('Open as text')}
        title={l10n.t('The rounds and statistics of what is selected or in sight, as a document')}
        onPress={() => openText(l10n.t('{0} timeline', state.segment), timelineText(state, snapshot, from, to))}
      />
    </div>
  );
}

/** Three digits are enough to know how long the window is. */
export function rounded(span: number): number {
  return Number(span.toPrecision(3));
}

function lanesOf(holders: ReadonlyMap<number, number>, { peers }: Snapshot, names: State['names']): TimeLane[] {
  const lanes: TimeLane[] = [{ slot: -1, name: l10n.t('segment'), present: true }];
  const known = new Set<number>();
  for (const peer of peers) {
    known.add(peer.slot);
    lanes.push({ slot: peer.slot, peer: peerKey(peer), name: peer.name, present: true });
  }
  // Slots that nobody has any more, by whom they were last.
  for (const [slot, pid] of holders)
    if (!known.has(slot)) lanes.push({ slot, name: nameOf(names, peers, slot, pid), present: false });
  return lanes;
}
