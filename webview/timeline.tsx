// SPDX-License-Identifier: MIT
//
// The timeline: rounds and events in a lane per peer, and below it the last events as text.
//
// "Now" comes with the messages.  Between them it is told forward once a second, and only while the timeline follows, the page is
// visible and an event is in view: a segment at rest costs nothing.

import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { formatNanoseconds } from '../extension/protocol/address';
import type { PeermapEvent, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { EventList } from './event-list';
import { Button, Section } from './parts';
import { peerKey, plural } from './peer';
import { nowNs, type State } from './state';
import { TimelineChart } from './timeline-chart';
import { TimelineLegend } from './timeline-legend';
import { roundsOf } from './timeline-model';
import { laneSlot, type TimeLane } from './timeline-scene';
import { fitted, followed, windowOf, zoomed } from './timeline-view';
import { nameOf } from './event-text';
import './timeline.css';

export function Timeline({ state, snapshot }: { state: State; snapshot: Snapshot }): JSX.Element {
  const { view } = useActions();
  const { log } = state;
  const rounds = useMemo(() => roundsOf(log.events), [log.events]);
  const lanes = useMemo(() => lanesOf(log.events, snapshot, state.names), [log.events, snapshot.peers, state.names]);
  const open = !state.view.closed.includes('timeline');
  const now = useNow(state, open);
  const notes = [plural(log.events.length, 'event')];
  if (log.dropped > 0) notes.push(`${log.dropped.toLocaleString('en-US')} older ones were dropped here to save memory`);
  const tools = (
    <div class="tool-row" role="toolbar" aria-label="Timeline">
      <span class="quiet number">{formatNanoseconds(rounded(state.view.span))}</span>
      <Button
        label="Zoom out"
        icon="minus"
        bare
        title="Zoom out (−)"
        onPress={() => view((at) => zoomed(at.view, now, 2, 0.5))}
      />
      <Button label="Zoom in" icon="plus" bare title="Zoom in (+)" onPress={() => view((at) => zoomed(at.view, now, 0.5, 0.5))} />
      <Button
        label="Show all"
        icon="fit"
        bare
        title="Show all events (Home)"
        onPress={() => view((at) => fitted(at.view, now, log))}
      />
      <Button
        label={state.view.follow ? 'Pause' : 'Follow'}
        icon={state.view.follow ? 'pause' : 'play'}
        title={state.view.follow ? 'Stop following what happens (F)' : 'Follow what happens (F)'}
        onPress={() => view((at) => followed(at.view, now, !at.view.follow))}
      />
    </div>
  );
  return (
    <Section name="timeline" title="Timeline" aside={notes.join(' · ')} tools={tools} closed={state.view.closed}>
      <TimelineChart state={state} snapshot={snapshot} rounds={rounds} lanes={lanes} now={now} />
      <TimelineLegend />
      <EventList state={state} snapshot={snapshot} rounds={rounds} now={now} />
    </Section>
  );
}

/** Three digits are enough to know how long the window is. */
function rounded(span: number): number {
  return Number(span.toPrecision(3));
}

function useNow(state: State, open: boolean): number {
  const [, tick] = useState(0);
  const now = nowNs(state, performance.now()) ?? 0;
  const last = state.log.events.at(-1)?.timeNs ?? -Infinity;
  const inView = last >= windowOf(state.view, now).start;
  const moving = open && state.view.follow && inView && !state.gone && state.server.state === 'running';
  useEffect(() => {
    if (!moving) return;
    let timer = 0;
    const again = (): void => {
      window.clearTimeout(timer);
      if (document.visibilityState === 'visible') timer = window.setTimeout(() => tick((turn) => turn + 1), 1000);
    };
    again();
    document.addEventListener('visibilitychange', again);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  });
  return now;
}

function lanesOf(events: readonly PeermapEvent[], { peers }: Snapshot, names: State['names']): TimeLane[] {
  const lanes: TimeLane[] = [{ slot: -1, name: 'segment', present: true }];
  const known = new Set<number>();
  for (const peer of peers) {
    known.add(peer.slot);
    lanes.push({ slot: peer.slot, peer: peerKey(peer), name: peer.name, present: true });
  }
  // Slots that nobody has any more, by whom they were last.
  const left = new Map<number, PeermapEvent>();
  for (const event of events) if (laneSlot(event) >= 0 && !known.has(event.slot)) left.set(event.slot, event);
  for (const [slot, { pid }] of left) lanes.push({ slot, name: nameOf(names, peers, slot, pid), present: false });
  return lanes;
}
