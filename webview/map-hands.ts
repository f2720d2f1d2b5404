// SPDX-License-Identifier: MIT
//
// What the pointer and the wheel do on the address map: pointing explains, a click selects, dragging moves what is zoomed.

import type { RefObject } from 'preact';
import type { Root } from '../extension/protocol/model';
import type { Actions } from './context';
import type { LaneScale } from './map-draw';
import type { Lane, Scale } from './map-model';
import { pointedAt } from './map-point';
import { offsetAt, pannedBy, zoomedBy, zoomedScale, type Bounds, type Zoom } from './map-zoom';
import { toggled } from './state';

interface Grip {
  lanes: readonly Lane[];
  roots: readonly Root[];
  scale: LaneScale;
  whole: Scale;
  bounds: Bounds;
  axis: RefObject<HTMLElement | null>;
  view: Actions['view'];
  tip: Actions['tip'];
}

export interface MapHands {
  onWheel: (turned: WheelEvent) => void;
  onPointerDown: (pointer: PointerEvent) => void;
  onPointerMove: (pointer: PointerEvent) => void;
  onPointerUp: (pointer: PointerEvent) => void;
}

/** One pointer drags at a time, in one page. */
let drag: { x: number; zoom: Zoom; moved: boolean } | undefined;

export function mapHands({ lanes, roots, scale, whole, bounds, axis, view, tip }: Grip): MapHands {
  const xOf = ({ clientX }: MouseEvent): number => clientX - (axis.current?.getBoundingClientRect().left ?? 0);
  const laneOf = ({ target }: Event): Lane | undefined => {
    const key = target instanceof Element ? target.closest<HTMLElement>('[data-row]')?.dataset['row'] : undefined;
    return lanes.find((lane) => lane.key === key);
  };
  const isOnAxis = ({ target }: Event): boolean => target instanceof Node && axis.current?.contains(target) === true;
  return {
    onWheel: (turned) => {
      const sideways = Math.abs(turned.deltaX) > Math.abs(turned.deltaY) ? turned.deltaX : turned.shiftKey ? turned.deltaY : 0;
      const zooms = turned.ctrlKey || turned.metaKey || isOnAxis(turned);
      if (sideways === 0 && !zooms) return;
      turned.preventDefault();
      const factor = turned.deltaY > 0 ? 1.25 : 0.8;
      view((last) => {
        const now = zoomedScale(whole, last.view.zoom);
        if (sideways !== 0) return { zoom: pannedBy(now, last.view.zoom, bounds, sideways / Math.max(1, scale.scaled)) };
        const at = offsetAt({ ...scale, ...now }, scale.scaled, Math.max(0, xOf(turned))) ?? now.end;
        return { zoom: zoomedBy(now, whole, bounds, factor, Math.min(at, now.end)) };
      });
    },
    onPointerDown: (pointer) => {
      if (pointer.button !== 0 || (xOf(pointer) < 0 && !laneOf(pointer))) return;
      drag = { x: pointer.clientX, zoom: zoomOf(scale), moved: false };
    },
    onPointerMove: (pointer) => {
      if (drag && pointer.buttons !== 0) {
        const away = pointer.clientX - drag.x;
        if (drag.moved || Math.abs(away) > 3) {
          drag.moved = true;
          tip(undefined);
          const { zoom } = drag;
          view((last) =>
            last.view.zoom && zoom
              ? { zoom: pannedBy({ ...zoom, broken: false }, zoom, bounds, -away / Math.max(1, scale.scaled)) }
              : undefined,
          );
        }
        return;
      }
      drag = undefined;
      const lane = laneOf(pointer);
      const x = xOf(pointer);
      if (isOnAxis(pointer)) return;
      tip(lane && x >= 0 ? { x: pointer.clientX, y: pointer.clientY, lines: pointedAt(lane, scale, roots, x).lines } : undefined);
    },
    onPointerUp: (pointer) => {
      const done = drag;
      drag = undefined;
      const lane = laneOf(pointer);
      if (!done || done.moved || !lane) return;
      const x = xOf(pointer);
      const range = x < 0 ? undefined : pointedAt(lane, scale, roots, x).range;
      if (range) view({ peer: lane.key, range });
      else view(toggled(lane.key));
    },
  };
}

function zoomOf({ start, end }: Scale): Zoom {
  return { start, end };
}
