// SPDX-License-Identifier: MIT
//
// Moving about in time: what each key and each turn of the wheel makes of the timeline's window.  Pure.

import type { EventLog } from './event-log';
import type { Window } from './timeline-scene';
import { longestSpan, shortestSpan, type View } from './view-state';

type Change = Partial<Pick<View, 'follow' | 'span' | 'end'>>;

/** Following leaves a little room at the right, so that what just happened is not at the very edge. */
const lead = 0.02;

export function windowOf(view: View, now: number): Window {
  const end = view.follow ? now + view.span * lead : view.end;
  return { start: end - view.span, end };
}

/** A window `factor` times as long.  `at` (0 … 1) stays where it is; while following, that is the right edge. */
export function zoomed(view: View, now: number, factor: number, at: number): Change {
  const span = Math.min(Math.max(view.span * factor, shortestSpan), longestSpan);
  if (view.follow) return { span };
  const { start } = windowOf(view, now);
  const fixed = start + view.span * at;
  return { span, end: fixed + span * (1 - at) };
}

/** Moved by a part of the window: negative is into the past.  Moving stops following. */
export function panned(view: View, now: number, part: number): Change {
  return { follow: false, end: windowOf(view, now).end + view.span * part };
}

export function followed(view: View, now: number, follow: boolean): Change {
  return follow ? { follow } : { follow, end: windowOf(view, now).end };
}

/** Everything there is, up to now. */
export function fitted(view: View, now: number, log: EventLog): Change {
  const first = log.firstTime ?? now;
  return around(first, now, view.follow);
}

/** A window with these two times well inside. */
export function around(from: number, to: number, follow = false): Change {
  const margin = Math.max((to - from) * 0.08, shortestSpan / 2);
  const span = Math.min(to - from + 2 * margin, longestSpan);
  return follow ? { span } : { follow: false, span, end: to + margin };
}

/** The window, moved just enough that `time` is in it. */
export function revealed(view: View, now: number, time: number): Change {
  const { start, end } = windowOf(view, now);
  if (time >= start && time <= end) return {};
  return { follow: false, end: time + view.span / 2 };
}

/** What statistics are of: the selected stretch, else what is in sight. */
export function studied(view: View, now: number): { from: number; to: number } {
  if (view.stretch) return view.stretch;
  const { start, end } = windowOf(view, now);
  return { from: start, to: end };
}
