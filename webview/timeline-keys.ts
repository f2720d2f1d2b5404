// SPDX-License-Identifier: MIT
//
// The timeline's keyboard.  Pure: a key and where we are give the change of the view.

import type { EventLog } from './event-log';
import { indexOfSeq, roundOf, type Round } from './timeline-model';
import type { TimeLane } from './timeline-scene';
import { around, fitted, followed, panned, revealed, zoomed } from './timeline-view';
import type { View } from './view-state';

interface Where {
  view: View;
  now: number;
  log: EventLog;
  rounds: readonly Round[];
  lanes: readonly TimeLane[];
}

export function keyChange(
  { key, ctrlKey, metaKey, altKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>,
  { view, now, log, rounds, lanes }: Where,
): Partial<View> | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  switch (key) {
    case '+':
    case '=':
      return zoomed(view, now, 0.5, 0.5);
    case '-':
      return zoomed(view, now, 2, 0.5);
    case 'ArrowLeft':
      return panned(view, now, -0.15);
    case 'ArrowRight':
      return panned(view, now, 0.15);
    case 'f':
    case 'F':
      return followed(view, now, !view.follow);
    case 'Home':
      return fitted(view, now, log);
    case ',':
      return stepped(view, now, log, -1);
    case '.':
      return stepped(view, now, log, 1);
    case 'Enter':
      return zoomedToRound(view, now, log, rounds);
    case 'ArrowUp':
      return lane(view, lanes, -1);
    case 'ArrowDown':
      return lane(view, lanes, 1);
    case 'Escape':
      return { event: undefined, peer: undefined };
    default:
      return undefined;
  }
}

function stepped(view: View, now: number, { events }: EventLog, by: number): Partial<View> | undefined {
  const at = view.event === undefined ? -1 : indexOfSeq(events, view.event);
  const to = at < 0 ? events.length - 1 : Math.min(Math.max(at + by, 0), events.length - 1);
  const event = events[to];
  return event && { event: event.seq, ...revealed(view, now, event.timeNs) };
}

function zoomedToRound(view: View, now: number, { events }: EventLog, rounds: readonly Round[]): Partial<View> | undefined {
  const event = view.event === undefined ? undefined : events[indexOfSeq(events, view.event)];
  if (!event) return undefined;
  const round = roundOf(rounds, event);
  return round ? around(round.from, round.to ?? now) : around(event.timeNs - 1e6, event.timeNs + 1e6);
}

function lane(view: View, lanes: readonly TimeLane[], by: number): Partial<View> | undefined {
  const peers = lanes.flatMap(({ peer }) => (peer === undefined ? [] : [peer]));
  if (peers.length === 0) return undefined;
  const at = view.peer === undefined ? -1 : peers.indexOf(view.peer);
  const to = at < 0 ? (by > 0 ? 0 : peers.length - 1) : Math.min(Math.max(at + by, 0), peers.length - 1);
  return { peer: peers[to] };
}
