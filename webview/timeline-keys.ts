// SPDX-License-Identifier: MIT
//
// The timeline's keyboard.  Pure: a key and where we are give the change of the view.

import type { EventLog } from './event-log';
import { roundAround } from './timeline-rounds';
import type { TimeLane } from './timeline-scene';
import { around, fitted, followed, panned, revealed, zoomed } from './timeline-view';
import type { View } from './view-state';

interface Where {
  view: View;
  now: number;
  log: EventLog;
  lanes: readonly TimeLane[];
}

export function keyChange(
  { key, ctrlKey, metaKey, altKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>,
  { view, now, log, lanes }: Where,
): Partial<View> | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case '+':
    case '=':
    case 'w':
      return zoomed(view, now, 0.5, 0.5);
    case '-':
    case 's':
      return zoomed(view, now, 2, 0.5);
    case 'ArrowLeft':
    case 'a':
      return panned(view, now, -0.15);
    case 'ArrowRight':
    case 'd':
      return panned(view, now, 0.15);
    case 'p':
    case ' ':
      return followed(view, now, !view.follow);
    case 'f':
      return view.stretch ? around(view.stretch.from, view.stretch.to) : fitted(view, now, log);
    case 'Home':
      return fitted(view, now, log);
    case ',':
      return stepped(view, now, log, -1);
    case '.':
      return stepped(view, now, log, 1);
    case 'Enter':
      return zoomedToRound(view, now, log);
    case 'ArrowUp':
      return lane(view, lanes, -1);
    case 'ArrowDown':
      return lane(view, lanes, 1);
    case 'Escape':
      return view.stretch ? { stretch: undefined } : { event: undefined, peer: undefined };
    default:
      return undefined;
  }
}

function stepped(view: View, now: number, log: EventLog, by: number): Partial<View> | undefined {
  const at = view.event === undefined ? -1 : log.indexOf(view.event);
  const to = at < 0 ? log.length - 1 : Math.min(Math.max(at + by, 0), log.length - 1);
  const event = log.at(Math.max(0, to));
  return event && { event: event.seq, ...revealed(view, now, event.timeNs) };
}

function zoomedToRound(view: View, now: number, log: EventLog): Partial<View> | undefined {
  const event = log.find(view.event);
  if (!event) return undefined;
  const round = roundAround(log, event);
  return round ? around(round.from, round.to ?? now) : around(event.timeNs - 1e6, event.timeNs + 1e6);
}

function lane(view: View, lanes: readonly TimeLane[], by: number): Partial<View> | undefined {
  const peers = lanes.flatMap(({ peer }) => (peer === undefined ? [] : [peer]));
  if (peers.length === 0) return undefined;
  const at = view.peer === undefined ? -1 : peers.indexOf(view.peer);
  const to = at < 0 ? (by > 0 ? 0 : peers.length - 1) : Math.min(Math.max(at + by, 0), peers.length - 1);
  return { peer: peers[to] };
}
