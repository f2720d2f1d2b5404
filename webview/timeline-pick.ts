// SPDX-License-Identifier: MIT
//
// Which event a click on the timeline means.  Pure.

import { flagsOf, laneOf, markBits } from './event-index';
import type { EventLog } from './event-log';
import type { Shape, Window } from './timeline-scene';

/** More events than this on one pixel are not all looked at. */
const most = 100_000;

/** Sequence number of the event that a shape stands for. */
export function pickedFrom(shape: Shape, log: EventLog, slot: number, window: Window, width: number): number | undefined {
  switch (shape.kind) {
    case 'mark':
      return shape.event.seq;
    case 'ack':
      return shape.ack.seq;
    case 'round':
      return shape.round.firstSeq;
    case 'tool':
      return shape.mark.seq;
    case 'bar':
      return shape.bar.seq;
    case 'column':
      return inColumn(log, slot, timeAt(shape.x0, window, width), timeAt(shape.x1, window, width));
    case 'gap':
      return undefined;
  }
}

export function timeAt(x: number, { start, end }: Window, width: number): number {
  return start + (x / Math.max(1, width)) * (end - start);
}

/** The first one with a marker, else the first. */
function inColumn(log: EventLog, slot: number, from: number, to: number): number | undefined {
  let first: number | undefined;
  const start = log.indexAt(from);
  for (const part of log.parts(start, Math.min(log.indexAt(to) + 1, start + most))) {
    for (let at = part.from; at < part.to; at += 1) {
      if (laneOf(part.chunk, at) !== slot) continue;
      first ??= part.chunk.seq[at];
      if (flagsOf(part.chunk, at) & markBits) return part.chunk.seq[at];
    }
  }
  return first;
}
