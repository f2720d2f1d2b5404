// SPDX-License-Identifier: MIT
//
// The lanes of the address map: a list of selectable lanes, of which those in sight are there, under one canvas that shows what they map.
//
// Up and Down go from lane to lane, Left and Right from piece to piece in one, with the same tooltip that pointing gives; plus, minus and
// Home zoom, Shift with Left and Right moves.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Header, Snapshot } from '../extension/protocol/model';
import { roomy } from './canvas';
import { useActions } from './context';
import { tabRow, useScroll, useWidth } from './hooks';
import { MapAxis } from './map-axis';
import { paintMap, type LaneScale } from './map-draw';
import { MapLane } from './map-lane';
import { Legend, MapTable } from './map-legend';
import { mapScale, pieceLines, roomBehind, toX, type Lane } from './map-model';
import { mapHands } from './map-hands';
import { zoomedScale } from './map-zoom';
import { mapKey } from './map-keys';
import { reveal, useSight } from './sight';
import type { State } from './state';
import { useLook } from './theme';

/** CSS pixels behind the last break mark. */
const reservedRoom = 36;

interface Props {
  state: State;
  snapshot: Snapshot;
  header: Header;
  lanes: readonly Lane[];
}

export function MapLanes({ state, snapshot, header, lanes }: Props): JSX.Element {
  const { view, tip } = useActions();
  const map = useRef<HTMLDivElement>(null);
  const [axis, width] = useWidth<HTMLDivElement>();
  const scroller = useScroll<HTMLDivElement>('map');
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme, look } = useLook(canvas);
  const [line, setLine] = useState(19);
  const piece = useRef(-1);
  /** The lane that gets the focus once it is there. */
  const wanted = useRef<string | undefined>(undefined);
  const { peer: selected, zoom, range } = state.view;
  const { active, target, horizon, reserved, headerLength } = header;
  const whole = useMemo(() => mapScale(snapshot, header), [snapshot, header]);
  const scale = useMemo<LaneScale>(() => {
    const used = zoomedScale(whole, zoom);
    const scaled = Math.max(1, width - roomBehind(used, reservedRoom));
    return { ...used, width, scaled, active, target, horizon, reserved };
  }, [whole, zoom, width, active, target, horizon, reserved]);
  const tops = useMemo(() => topsOf(lanes, line), [lanes, line]);
  const { first, end } = useSight(scroller, tops);
  const top = tops[first] ?? 0;
  const shown = useMemo(() => lanes.slice(first, end), [lanes, first, end]);
  const reachable = useMemo(
    () =>
      tabRow(
        lanes.map(({ key }) => key),
        selected,
      ),
    [lanes, selected],
  );

  useLayoutEffect(() => {
    const style = look();
    if (!canvas.current || !style || width === 0) return;
    const places = tops.slice(first, end + 1).map((at) => at - top);
    paintMap(canvas.current, { lanes: shown, tops: places, scale, range }, style.palette);
  }, [shown, tops, scale, range, theme]);
  useLayoutEffect(() => {
    if (scroller.current) setLine(Math.max(19, Math.ceil(Number.parseFloat(getComputedStyle(scroller.current).fontSize) * 1.45)));
  }, [theme]);
  useLayoutEffect(() => {
    const row = wanted.current && scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(wanted.current)}"]`);
    if (!row) return;
    wanted.current = undefined;
    row.focus({ preventScroll: true });
  });
  useEffect(() => {
    const at = lanes.findIndex(({ key }) => key === selected);
    if (at >= 0) reveal(scroller.current, tops[at] ?? 0, tops[at + 1] ?? 0);
  }, [selected]);

  const bounds = { start: -headerLength, end: reserved };
  const hands = mapHands({ lanes, roots: snapshot.roots, scale, whole, bounds, axis, view, tip });
  const held = useRef(hands);
  held.current = hands;
  useEffect(() => {
    const element = map.current;
    // Not through a property: a wheel listener must be active to keep the page from scrolling.
    const listen = (turned: WheelEvent): void => held.current.onWheel(turned);
    element?.addEventListener('wheel', listen, { passive: false });
    return () => element?.removeEventListener('wheel', listen);
  }, []);

  /** Index of the lane that a key is for: a key may come before the drawing that gives the lane of the last one the focus. */
  const lanePressed = (): number => {
    const pending = lanes.findIndex(({ key }) => key === wanted.current);
    if (pending >= 0) return pending;
    const focused = document.activeElement?.closest<HTMLElement>('[data-row]')?.dataset['row'];
    return lanes.findIndex(({ key }) => key === focused);
  };
  const walk = (at: number, by: number): void => {
    const lane = lanes[at];
    const element = lane && scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(lane.key)}"]`);
    const pieces = [...(lane?.pieces ?? []), ...(lane?.missing ?? [])].sort((a, b) => a.offset - b.offset);
    piece.current = Math.min(Math.max(piece.current + by, 0), pieces.length - 1);
    const chosen = pieces[piece.current];
    if (!lane || !element || !chosen) return;
    const x = (axis.current?.getBoundingClientRect().left ?? 0) + toX(scale, scale.scaled, chosen.offset);
    const { bottom } = element.getBoundingClientRect();
    tip({ x, y: bottom - 12, lines: pieceLines(chosen, lane.missing.includes(chosen)), spoken: true });
    view({ range: { offset: chosen.offset, length: chosen.length } });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = lanePressed();
    const act = mapKey(event, { at, count: lanes.length, scale, whole, bounds, zoom, range });
    if (!act) return;
    event.preventDefault();
    if (act.kind === 'piece') walk(at, act.by);
    else if (act.kind === 'zoom') view({ zoom: act.zoom });
    else {
      piece.current = -1;
      tip(undefined);
      const lane = act.kind === 'lane' ? lanes[act.at] : undefined;
      if (lane && act.kind === 'lane') {
        wanted.current = lane.key;
        reveal(scroller.current, tops[act.at] ?? 0, tops[act.at + 1] ?? 0);
      }
      view(lane ? { peer: lane.key } : { peer: undefined, range: undefined });
    }
  };

  return (
    <div ref={map} class="map">
      <div class="map-axis">
        <span class="lane-label quiet" title={l10n.t('base address {0}', header.base)}>
          {l10n.t('from')} <span class="number">{header.base}</span>
        </span>
        <div
          ref={axis}
          class={`lane-picture ${zoom ? 'zoomed' : ''}`}
          onPointerDown={hands.onPointerDown}
          onPointerMove={hands.onPointerMove}
          onPointerUp={hands.onPointerUp}
        >
          {width > 0 ? <MapAxis scale={scale} roots={snapshot.roots} /> : null}
        </div>
      </div>
      <div
        ref={scroller}
        class="scroller lanes"
        role="listbox"
        aria-label={l10n.t('Address map: one lane per process')}
        onKeyDown={onKeyDown}
        onFocusOut={() => tip(undefined)}
        onPointerDown={hands.onPointerDown}
        onPointerMove={hands.onPointerMove}
        onPointerUp={hands.onPointerUp}
        onPointerLeave={() => tip(undefined)}
      >
        <div class="lanes-body" role="presentation" style={{ height: `${tops.at(-1) ?? 0}px` }}>
          {drawnLanes(lanes, first, end, reachable).map((at) => {
            const lane = lanes[at];
            return lane ? (
              <MapLane
                key={lane.key}
                lane={lane}
                top={tops[at] ?? 0}
                height={(tops[at + 1] ?? 0) - (tops[at] ?? 0)}
                position={at + 1}
                count={lanes.length}
                selected={lane.key === selected}
                reachable={lane.key === reachable}
              />
            ) : null;
          })}
          <canvas
            ref={canvas}
            class="lanes-picture"
            aria-hidden="true"
            style={{
              width: `${width}px`,
              height: `${roomy((tops[end] ?? 0) - top)}px`,
              transform: `translateY(${top}px)`,
            }}
          />
        </div>
      </div>
      <Legend
        pins={lanes.some(({ pinned }) => pinned > 0)}
        ahead={Math.max(target, horizon) > active || lanes.some(({ pieces }) => pieces?.some(({ ahead }) => ahead))}
        roots={snapshot.roots.length > 0}
      />
      <MapTable lanes={lanes} />
    </div>
  );
}

/** Those in sight, and the one that Tab reaches. */
function drawnLanes(lanes: readonly Lane[], first: number, end: number, reachable: string | undefined): number[] {
  const drawn = Array.from({ length: end - first }, (_, at) => first + at);
  const far = lanes.findIndex(({ key }) => key === reachable);
  if (far >= 0 && (far < first || far >= end)) drawn.push(far);
  return drawn;
}

function topsOf(lanes: readonly Lane[], line: number): number[] {
  const tops = [0];
  for (const { note } of lanes) tops.push((tops.at(-1) ?? 0) + 26 + (note === '' ? 0 : line));
  return tops;
}
