// SPDX-License-Identifier: MIT
//
// What of the timeline is visible, and where.  Pure; drawing and pointing both use it.
//
// From near, with few events in the window, each event and round is a shape.  From far, each pixel of a lane is a column that sums up what
// falls on it, and only what is wide enough to be seen is a bar.  Either way there is as much of it as there is room in the picture.

import * as l10n from '@vscode/l10n';
import type { PeermapEvent } from '../extension/protocol/model';
import { marksOfPeers, marksOfSegment } from './event-index';
import type { EventLog } from './event-log';
import { columnsOf, type Bar, type Columns } from './timeline-columns';
import { isReached, type Ack, type Round } from './timeline-model';
import { eventsIn, runningRound } from './timeline-rounds';
import { roundsOf } from './timeline-model';
import { toolMarks, type ToolMark } from './timeline-tools';

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
  | ({ kind: 'tool'; mark: ToolMark; count: number } & Place)
  | ({ kind: 'column'; flags: number; longest: number; count: number } & Place)
  | ({ kind: 'bar'; bar: Bar; count: number } & Place)
  | ({ kind: 'gap'; text: string; count: number } & Place);

export interface Scene {
  width: number;
  shapes: Shape[];
  /** By lane; empty where every event is a shape. */
  columns: readonly Columns[];
}

/** More events than this in the window, and they are summed up. */
const shapesLimit = 2_000;

const inSegment: ReadonlySet<string> = new Set(marksOfSegment);
/** Events that get a marker of their own; the others are in the rounds and their answers. */
export const marked: ReadonlySet<string> = new Set([...marksOfSegment, ...marksOfPeers]);

/** The slot whose lane shows an event's marker; -1 for the segment's. */
export function laneSlot(event: PeermapEvent): number {
  return inSegment.has(event.kind) ? -1 : event.slot;
}

export function toX(time: number, { start, end }: Window, width: number): number {
  return ((time - start) / (end - start)) * width;
}

/** `lanes` are those that are in sight.  `tools`: "slot:pid" of who acts for a person. */
export function sceneOf(
  log: EventLog,
  lanes: readonly TimeLane[],
  window: Window,
  width: number,
  tools: ReadonlySet<string> = new Set(),
  near = nearOf(log, window),
): Scene {
  const from = log.indexAt(window.start);
  const to = log.indexAt(window.end);
  const shapes = new Shapes(window, width, lanes);
  for (const gap of gapsOf(log, from, to, window, width)) shapes.put(`gap ${Math.round(gap.x0)}`, gap);
  const segment = shapes.laneOf(-1);
  if (segment !== undefined)
    for (const mark of toolMarks(log, from, to, tools))
      shapes.put(`tool ${Math.round(toX(mark.timeNs, window, width) / 6)}`, {
        kind: 'tool',
        mark,
        count: 1,
        ...shapes.place(segment, mark.timeNs, mark.timeNs),
      });
  if (!near) {
    const running = runningRound(log);
    if (running) shapes.round(running);
    const columns = columnsOf(
      log,
      lanes.map(({ slot }) => slot),
      window,
      width,
    );
    return { width, shapes: shapes.all(), columns: lanes.flatMap(({ slot }) => columns.get(slot) ?? []) };
  }
  for (const round of near.rounds) shapes.round(round);
  for (const event of near.events) if (marked.has(event.kind)) shapes.mark(event);
  return { width, shapes: shapes.all(), columns: [] };
}

/** What a window has in it, one by one. */
export interface Near {
  events: readonly PeermapEvent[];
  rounds: readonly Round[];
}

/** Undefined where it is too much for that. */
export function nearOf(log: EventLog, window: Window): Near | undefined {
  const from = log.indexAt(window.start);
  const to = log.indexAt(window.end);
  if (to - from > shapesLimit) return undefined;
  const events = eventsIn(log, from, to);
  return { events, rounds: roundsOf(events) };
}

/** Shapes of one kind that fall on the same pixel of the same lane become one with a count. */
class Shapes {
  private readonly byKey = new Map<string, Shape>();
  private readonly lanes: ReadonlyMap<number, number>;

  constructor(
    private readonly window: Window,
    private readonly width: number,
    lanes: readonly TimeLane[],
  ) {
    this.lanes = new Map(lanes.map(({ slot }, at) => [slot, at]));
  }

  laneOf(slot: number): number | undefined {
    return this.lanes.get(slot);
  }

  all(): Shape[] {
    return [...this.byKey.values()];
  }

  place(lane: number, from: number, to: number): Place {
    return { lane, x0: toX(from, this.window, this.width), x1: toX(to, this.window, this.width) };
  }

  put(key: string, shape: Shape): void {
    if (shape.x1 < -8 || shape.x0 > this.width + 8) return;
    const there = this.byKey.get(key);
    if (!there) this.byKey.set(key, shape);
    else {
      there.count += shape.count;
      there.x0 = Math.min(there.x0, shape.x0);
      there.x1 = Math.max(there.x1, shape.x1);
    }
  }

  round(round: Round): void {
    const { end } = this.window;
    const segment = this.laneOf(-1);
    if (segment !== undefined) {
      const at = this.place(segment, round.from, round.to ?? end);
      this.put(`round ${pixels(at)} ${round.result} ${round.op === 'inside'}`, { kind: 'round', round, count: 1, ...at });
    }
    for (const ack of round.acks) {
      const lane = this.laneOf(ack.slot);
      if (lane === undefined) continue;
      const at = this.place(lane, ack.from, ack.to ?? round.to ?? end);
      this.put(`ack ${pixels(at)} ${lane} ${ackTone(ack, round)}`, { kind: 'ack', ack, round, count: 1, ...at });
    }
  }

  mark(event: PeermapEvent): void {
    const lane = this.laneOf(laneSlot(event));
    if (lane === undefined) return;
    const at = this.place(lane, event.timeNs, event.timeNs);
    this.put(`mark ${pixels(at)} ${lane} ${event.kind}`, { kind: 'mark', event, count: 1, ...at });
  }
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

/** Where events are missing: overwritten before they could be read, or dropped here. */
function gapsOf(log: EventLog, from: number, to: number, window: Window, width: number): Extract<Shape, { kind: 'gap' }>[] {
  const found: Extract<Shape, { kind: 'gap' }>[] = [];
  const put = (start: number, end: number, text: string, count: number): void => {
    const x0 = Math.max(-10, start);
    if (end >= 0 && x0 <= width) found.push({ kind: 'gap', lane: -1, x0, x1: Math.max(end, x0 + 2), text, count });
  };
  // A gap ends with the event after it, which may be past the window.
  for (const { before, count } of log.gaps(from, to + 1)) {
    const at = log.indexOf(before);
    if (at === 0 && log.dropped > 0) continue;
    const next = at < 0 ? width : toX(log.timeAt(at), window, width);
    const previous = at < 0 ? log.length - 1 : at - 1;
    put(previous < 0 ? Math.min(0, next) : toX(log.timeAt(previous), window, width), next, gapText(count), count);
  }
  const { firstTime } = log;
  if (log.dropped > 0 && firstTime !== undefined && firstTime > window.start)
    put(-10, toX(firstTime, window, width), droppedText(log.dropped), log.dropped);
  return found;
}

export function gapText(count: number): string {
  return count === 1
    ? l10n.t('1 event was overwritten before it could be read')
    : l10n.t('{0} events were overwritten before they could be read', count.toLocaleString('en-US'));
}

export function droppedText(count: number): string {
  return count === 1
    ? l10n.t('1 older event was dropped here to save memory')
    : l10n.t('{0} older events were dropped here to save memory', count.toLocaleString('en-US'));
}

/** The shape nearest to a point, among those of this lane that are close enough to be meant; a gap if there is nothing else. */
export function shapeAt({ shapes, columns, width }: Scene, lane: number, x: number): Shape | undefined {
  const order = { tool: 0, mark: 0, ack: 1, round: 1, bar: 1, column: 2, gap: 3 };
  let best: { shape: Shape; distance: number } | undefined;
  const consider = (shape: Shape): void => {
    const away = Math.max(shape.x0 - x, x - shape.x1, 0);
    if (away > (shape.kind === 'gap' ? 0 : 5)) return;
    const distance = away + order[shape.kind] * 10 + Math.min(9, (shape.x1 - shape.x0) / 1e3);
    if (!best || distance < best.distance) best = { shape, distance };
  };
  for (const shape of shapes) if (shape.kind === 'gap' || shape.lane === lane) consider(shape);
  const column = columns[lane];
  if (!column) return best?.shape;
  for (const bar of column.bars) consider({ kind: 'bar', bar, count: 1, lane, x0: bar.x0, x1: bar.x1 });
  for (let at = Math.max(0, Math.floor(x) - 5); at <= Math.min(width - 1, Math.floor(x) + 5); at += 1) {
    const [count, flags, longest] = [column.count[at] ?? 0, column.flags[at] ?? 0, column.longest[at] ?? 0];
    if (count > 0) consider({ kind: 'column', flags, longest, count, lane, x0: at, x1: at + 1 });
  }
  return best?.shape;
}
