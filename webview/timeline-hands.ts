// SPDX-License-Identifier: MIT
//
// What the pointer and the wheel do on the timeline: dragging selects a stretch, with Shift or on the axis it moves; a click selects.

import type { RefObject } from 'preact';
import type { Snapshot } from '../extension/protocol/model';
import type { Actions } from './context';
import { toggled, type State } from './state';
import { laneHeight } from './timeline-draw';
import { pickedFrom, timeAt } from './timeline-pick';
import { shapeAt, type Scene, type Shape, type TimeLane, type Window } from './timeline-scene';
import { tipLines } from './timeline-tip';
import { around, panned, zoomed } from './timeline-view';

interface Grip {
  state: State;
  snapshot: Snapshot;
  now: number;
  range: Window;
  scene: Scene;
  width: number;
  /** Those in the canvas. */
  lanes: readonly TimeLane[];
  canvas: RefObject<HTMLCanvasElement | null>;
  axis: RefObject<HTMLElement | null>;
  /** Whether the bare wheel is the timeline's, and not the page's. */
  zooms: (turned: WheelEvent) => boolean;
  view: Actions['view'];
  tip: Actions['tip'];
}

export interface Hands {
  onWheel: (turned: WheelEvent) => void;
  onGrab: (pointer: PointerEvent) => void;
  onPointerDown: (pointer: PointerEvent) => void;
  onPointerMove: (pointer: PointerEvent) => void;
  onPointerUp: (pointer: PointerEvent) => void;
  onDoubleClick: (pointer: MouseEvent) => void;
}

/** One pointer drags at a time, in one page. */
let drag: { x: number; range: Window; moves: boolean; moved: boolean } | undefined;

export function handsOn({ state, snapshot, now, range, scene, width, lanes, canvas, axis, zooms, view, tip }: Grip): Hands {
  const left = (): number => (axis.current ?? canvas.current)?.getBoundingClientRect().left ?? 0;
  const at = (pointer: MouseEvent): { lane: number; shape: Shape | undefined } => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return { lane: -1, shape: undefined };
    const lane = Math.floor((pointer.clientY - box.top) / laneHeight);
    return { lane, shape: shapeAt(scene, lane, pointer.clientX - box.left) };
  };
  const grab = (pointer: PointerEvent, moves: boolean): void => {
    if (pointer.button > 1) return;
    if (pointer.currentTarget instanceof Element) pointer.currentTarget.setPointerCapture(pointer.pointerId);
    drag = { x: pointer.clientX, range, moves, moved: false };
  };
  const click = (pointer: PointerEvent): void => {
    const { lane, shape } = at(pointer);
    const there = lanes[lane];
    const seq = shape && there && pickedFrom(shape, state.log, there.slot, range, width);
    if (seq === undefined) view((last) => ({ event: undefined, stretch: undefined, ...toggled(there?.peer)(last) }));
    else view((last) => ({ event: seq, peer: there?.peer ?? last.view.peer }));
  };
  return {
    onWheel: (turned) => {
      const sideways = Math.abs(turned.deltaX) > Math.abs(turned.deltaY) ? turned.deltaX : turned.shiftKey ? turned.deltaY : 0;
      // Over a page that scrolls, the bare wheel belongs to the page until somebody has gone into the timeline.
      if (sideways === 0 && !zooms(turned)) return;
      turned.preventDefault();
      const part = Math.max(0, turned.clientX - left()) / Math.max(1, width);
      const factor = turned.deltaY > 0 ? 1.25 : 0.8;
      view((last) =>
        sideways === 0 ? zoomed(last.view, now, factor, part) : panned(last.view, now, sideways / Math.max(1, width)),
      );
    },
    onGrab: (pointer) => grab(pointer, true),
    onPointerDown: (pointer) => grab(pointer, pointer.shiftKey || pointer.button === 1),
    onPointerMove: (pointer) => {
      if (!drag) {
        const { shape } = at(pointer);
        tip(shape && { x: pointer.clientX, y: pointer.clientY, lines: tipLines(shape, state.names, snapshot.peers) });
        return;
      }
      if (!drag.moved && Math.abs(pointer.clientX - drag.x) <= 3) return;
      drag.moved = true;
      tip(undefined);
      const { x, range: was, moves } = drag;
      if (moves) {
        view({ follow: false, end: was.end - ((pointer.clientX - x) / Math.max(1, width)) * (was.end - was.start) });
        return;
      }
      const times = [x, pointer.clientX].map((place) => timeAt(place - left(), was, width)).sort((a, b) => a - b);
      // What is selected stands still under the pointer.
      view({ follow: false, end: was.end, stretch: { from: times[0] ?? 0, to: times[1] ?? 0 } });
    },
    onPointerUp: (pointer) => {
      const done = drag;
      drag = undefined;
      if (done && !done.moved && !done.moves && pointer.type === 'pointerup') click(pointer);
    },
    onDoubleClick: (pointer) => {
      const { shape } = at(pointer);
      if (shape?.kind === 'round' || shape?.kind === 'ack') view(around(shape.round.from, shape.round.to ?? now));
      else if (shape?.kind === 'column' || shape?.kind === 'bar') {
        const [from, to] = [shape.x0 - 2, shape.x1 + 2].map((x) => timeAt(x, range, width));
        view(around(from ?? 0, to ?? 0));
      }
    },
  };
}
