// SPDX-License-Identifier: MIT
//
// What of the timeline is visible, and where: events and rounds become shapes in pixels.  Pure; drawing and pointing both use it.
//
// Marks of one kind that fall on the same pixel of the same lane become one shape with a count, so the number of shapes depends on
// the size of the picture and not on the number of events.

import type { EventKind, PeermapEvent } from '../extension/protocol/model';
import type { EventLog } from './event-log';
import { indexOfSeq, isReached, type Ack, type Round } from './timeline-model';

export interface Window {
  start: number;
  end: number;
}

export interface TimeLane {
  /** Slot, or -1 for the segment itself. */
  slot: number;
  /** The process to select with it. */
  peer?: string;
  name: string;
  /** In the registry now. */
  present: boolean;
}

interface Place {
  lane: number;
  x0: number;
  x1: number;
}
export type Shape =
  | ({ kind: 'round'; round: Round; count: number } & Place)
  | ({ kind: 'ack'; ack: Ack; round: Round; count: number } & Place)
  | ({ kind: 'mark'; event: PeermapEvent; count: number } & Place)
  | ({ kind: 'gap'; count: number } & Place);

export interface Scene {
  width: number;
  shapes: Shape[];
}

/** Events that get a marker of their own; the others are in the rounds and their answers. */
export const marked: ReadonlySet<EventKind> = new Set<EventKind>([
  'create',
  'attach',
  'restart',
  'detach',
  'peer-died',
  'reap',
  'map-late',
  'cut',
  'refuse',
  'root',
  'takeover',
  'unstop',
  'inject',
  'lost',
  'heap-fault',
  'heap-reclaim',
  'unknown',
]);

const ofSegment: ReadonlySet<EventKind> = new Set<EventKind>([
  'create',
  'cut',
  'refuse',
  'root',
  'takeover',
  'heap-reclaim',
  'unknown',
]);

/** The slot whose lane shows an event; -1 for the segment's. */
export function laneSlot(event: PeermapEvent): number {
  return ofSegment.has(event.kind) ? -1 : event.slot;
}

export function toX(time: number, { start, end }: Window, width: number): number {
  return ((time - start) / (end - start)) * width;
}

export function sceneOf(
  log: EventLog,
  rounds: readonly Round[],
  lanes: readonly TimeLane[],
  window: Window,
  width: number,
): Scene {
  const index = new Map(lanes.map(({ slot }, at) => [slot, at]));
  const shapes = new Map<string, Shape>();
  const put = (key: string, shape: Shape): void => {
    const there = shapes.get(key);
    if (!there) shapes.set(key, shape);
    else
      shapes.set(key, {
        ...shape,
        count: there.count + shape.count,
        x0: Math.min(there.x0, shape.x0),
        x1: Math.max(there.x1, shape.x1),
      });
  };
  const place = (lane: number, from: number, to: number): Place => ({
    lane,
    x0: toX(from, window, width),
    x1: toX(to, window, width),
  });
  const isVisible = ({ x0, x1 }: Place): boolean => x1 >= -8 && x0 <= width + 8;

  for (const { x0, x1, count } of gapsOf(log, window, width)) {
    put(`gap ${Math.round(x0)}`, { kind: 'gap', lane: -1, x0, x1, count });
  }
  for (const round of rounds) {
    const at = place(0, round.from, round.to ?? window.end);
    if (isVisible(at))
      put(`round ${pixels(at)} ${round.result} ${round.op === 'inside'}`, { kind: 'round', round, count: 1, ...at });
    for (const ack of round.acks) {
      const lane = index.get(ack.slot);
      if (lane === undefined) continue;
      const span = place(lane, ack.from, ack.to ?? round.to ?? window.end);
      if (isVisible(span))
        put(`ack ${pixels(span)} ${lane} ${ackTone(ack, round)}`, {
          kind: 'ack',
          ack,
          round,
          count: 1,
          ...span,
        });
    }
  }
  for (const event of log.events) {
    if (!marked.has(event.kind)) continue;
    const lane = index.get(laneSlot(event));
    if (lane === undefined) continue;
    const at = place(lane, event.timeNs, event.timeNs);
    if (isVisible(at)) put(`mark ${pixels(at)} ${lane} ${event.kind}`, { kind: 'mark', event, count: 1, ...at });
  }
  return { width, shapes: [...shapes.values()] };
}

/** Shapes narrower than a pixel share it; wider ones stand alone. */
function pixels({ x0, x1 }: Place): string {
  return x1 - x0 < 1 ? `${Math.round(x0)}` : `${x0}-${x1}`;
}

export type AckTone = 'ok' | 'reached' | 'waiting' | 'late' | 'failed';

export function ackTone(ack: Ack, round: Round): AckTone {
  if (ack.error !== 0) return 'failed';
  if (ack.late) return 'late';
  if (ack.to !== undefined) return isReached(ack.method) ? 'reached' : 'ok';
  return round.result === 'running' ? 'waiting' : 'late';
}

function gapsOf({ events, gaps }: EventLog, window: Window, width: number): { x0: number; x1: number; count: number }[] {
  const found = [];
  for (const { before, count } of gaps) {
    const at = indexOfSeq(events, before);
    const after = at >= 0 ? events[at] : undefined;
    const previous = at >= 0 ? events[at - 1] : events.at(-1);
    const x1 = after ? toX(after.timeNs, window, width) : width;
    const x0 = previous ? toX(previous.timeNs, window, width) : Math.min(0, x1);
    if (x1 >= 0 && x0 <= width) found.push({ x0, x1: Math.max(x1, x0 + 2), count });
  }
  return found;
}

export function gapText(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'event was' : 'events were'} overwritten before they could be read`;
}

/** The shape nearest to a point, among those of this lane that are close enough to be meant; a gap if there is nothing else. */
export function shapeAt({ shapes }: Scene, lane: number, x: number): Shape | undefined {
  const order = { mark: 0, ack: 1, round: 1, gap: 3 };
  let best: { shape: Shape; distance: number } | undefined;
  for (const shape of shapes) {
    if (shape.kind !== 'gap' && shape.lane !== lane) continue;
    const away = Math.max(shape.x0 - x, x - shape.x1, 0);
    if (away > (shape.kind === 'gap' ? 0 : 5)) continue;
    const distance = away + order[shape.kind] * 10 + Math.min(9, (shape.x1 - shape.x0) / 1e3);
    if (!best || distance < best.distance) best = { shape, distance };
  }
  return best?.shape;
}

/** Round steps of time for an axis with about `count` ticks, and the ticks' times; `origin` is a time that shall fall on a tick. */
export function timeTicks({ start, end }: Window, count: number, origin: number): { step: number; times: number[] } {
  const rough = (end - start) / Math.max(1, count);
  const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800].map(
    (s) => s * 1e9,
  );
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    rough >= 1e9
      ? (seconds.find((s) => s >= rough) ?? rough)
      : ([1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough) ?? rough);
  const times = [];
  for (let at = origin + Math.ceil((start - origin) / step) * step; at <= end; at += step) times.push(at);
  return { step, times };
}
