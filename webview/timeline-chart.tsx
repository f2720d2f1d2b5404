// SPDX-License-Identifier: MIT
//
// The picture of the timeline: a canvas, the axis over it, the names beside it, and the hands on it.
//
// A canvas, since 128 lanes of 20,000 events would be too many elements to keep live.  What it shows is in the event list as text.

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { useScroll, useWidth } from './hooks';
import { toggled, type State } from './state';
import { tipLines } from './timeline-tip';
import { laneHeight, paint } from './timeline-draw';
import { paletteOf } from './timeline-look';
import { keyChange } from './timeline-keys';
import { indexOfSeq, roundOf, type Round } from './timeline-model';
import { sceneOf, shapeAt, timeTicks, toX, type Shape, type TimeLane, type Window } from './timeline-scene';
import { clock } from './event-text';
import { around, panned, windowOf, zoomed } from './timeline-view';

interface Props {
  state: State;
  snapshot: Snapshot;
  rounds: readonly Round[];
  lanes: readonly TimeLane[];
  now: number;
}

const hint =
  'Plus and minus zoom, Left and Right move, F follows, Home shows everything, comma and full stop step through the events, ' +
  'Enter zooms to the round of the selected event, Up and Down select a peer.';

export function TimelineChart({ state, snapshot, rounds, lanes, now }: Props): JSX.Element {
  const { view, tip } = useActions();
  const chart = useRef<HTMLDivElement>(null);
  const [axis, width] = useWidth<HTMLDivElement>();
  const scroller = useScroll<HTMLDivElement>('timeline');
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const range = windowOf(state.view, now);
  const scene = useMemo(
    () => sceneOf(state.log, rounds, lanes, range, width),
    [state.log, rounds, lanes, range.start, range.end, width],
  );
  const event = state.view.event === undefined ? undefined : state.log.events[indexOfSeq(state.log.events, state.view.event)];
  const round = event && roundOf(rounds, event);
  const drag = useRef<{ x: number; end: number; moved: boolean } | undefined>(undefined);

  useLayoutEffect(() => {
    if (!canvas.current || width === 0) return;
    const { fontFamily, fontSize } = getComputedStyle(canvas.current);
    const font = `${Number.parseFloat(fontSize) * 0.85}px ${fontFamily}`;
    const selection = { selectedPeer: state.view.peer, selectedRound: round, selectedSeq: state.view.event };
    paint(canvas.current, { lanes, scene, font, ...selection }, paletteOf(canvas.current));
  }, [scene, lanes, state.view.peer, state.view.event, round?.epoch, theme, width]);

  useEffect(() => {
    const element = chart.current;
    if (!element) return;
    // Not through a property: a wheel listener must be active to keep the page from scrolling.
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  });
  const onWheel = (turned: WheelEvent): void => {
    const sideways = Math.abs(turned.deltaX) > Math.abs(turned.deltaY) ? turned.deltaX : turned.shiftKey ? turned.deltaY : 0;
    // Over a page that scrolls, the bare wheel belongs to the page until somebody has gone into the timeline.
    const inside = turned.ctrlKey || turned.metaKey || chart.current === document.activeElement;
    if (sideways === 0 && !inside) return;
    turned.preventDefault();
    const left = axis.current?.getBoundingClientRect().left ?? 0;
    const at = Math.max(0, turned.clientX - left) / Math.max(1, width);
    const factor = turned.deltaY > 0 ? 1.25 : 0.8;
    view((last) => (sideways === 0 ? zoomed(last.view, now, factor, at) : panned(last.view, now, sideways / Math.max(1, width))));
  };

  const at = (pointer: PointerEvent | MouseEvent): { lane: number; shape: Shape | undefined } => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return { lane: -1, shape: undefined };
    const lane = Math.floor((pointer.clientY - box.top) / laneHeight);
    return { lane, shape: shapeAt(scene, lane, pointer.clientX - box.left) };
  };
  const onPointerDown = (pointer: PointerEvent): void => {
    if (pointer.button !== 0) return;
    canvas.current?.setPointerCapture(pointer.pointerId);
    drag.current = { x: pointer.clientX, end: range.end, moved: false };
  };
  const onPointerMove = (pointer: PointerEvent): void => {
    const dragged = drag.current;
    if (dragged && (dragged.moved || Math.abs(pointer.clientX - dragged.x) > 3)) {
      dragged.moved = true;
      tip(undefined);
      view({
        follow: false,
        end: dragged.end - ((pointer.clientX - dragged.x) / Math.max(1, width)) * state.view.span,
      });
      return;
    }
    const { shape } = at(pointer);
    tip(
      shape && {
        x: pointer.clientX,
        y: pointer.clientY,
        lines: tipLines(shape, state.names, snapshot.peers),
      },
    );
  };
  const onPointerUp = (pointer: PointerEvent): void => {
    const moved = drag.current?.moved;
    drag.current = undefined;
    if (moved !== false) return;
    const { lane, shape } = at(pointer);
    const peer = lanes[lane]?.peer;
    if (!shape || shape.kind === 'gap') {
      view((last) => ({ event: undefined, ...toggled(peer)(last) }));
      return;
    }
    const seq = shape.kind === 'mark' ? shape.event.seq : shape.kind === 'ack' ? shape.ack.seq : shape.round.firstSeq;
    view({ event: seq, peer: peer ?? state.view.peer });
  };
  const onDoubleClick = (pointer: MouseEvent): void => {
    const { shape } = at(pointer);
    if (shape?.kind === 'round' || shape?.kind === 'ack') view(around(shape.round.from, shape.round.to ?? now));
  };
  const onKeyDown = (pressed: KeyboardEvent): void => {
    view((last) => {
      const change = keyChange(pressed, { view: last.view, now, log: state.log, rounds, lanes });
      if (change) pressed.preventDefault();
      return change;
    });
  };

  return (
    <div
      ref={chart}
      class="chart"
      tabIndex={0}
      role="group"
      aria-roledescription="timeline"
      aria-label={summary(state, rounds)}
      aria-describedby="chart-hint"
      onKeyDown={onKeyDown}
    >
      <div ref={scroller} class="scroller chart-lanes">
        <div class="chart-head">
          <span class="lane-label quiet" id="chart-hint" title={hint}>
            {state.view.follow ? 'following' : 'paused'}
            <span class="hidden-text">. {hint}</span>
          </span>
          <div ref={axis} class="lane-picture">
            {width > 0 ? <Axis range={range} width={width} wallMs={state.wallMs} /> : null}
          </div>
        </div>
        <div class="chart-names" aria-hidden="true">
          {lanes.map(({ slot, peer, name, present }) => (
            <div
              key={slot}
              class={`chart-name ${present ? '' : 'quiet'} ${peer !== undefined && peer === state.view.peer ? 'selected' : ''}`}
              title={present ? name : `${name} (left)`}
              onClick={() => view(toggled(peer))}
            >
              {name}
            </div>
          ))}
        </div>
        <canvas
          ref={canvas}
          style={{ width: `${width}px`, height: `${lanes.length * laneHeight}px` }}
          aria-hidden="true"
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => (drag.current = undefined)}
          onPointerLeave={() => tip(undefined)}
          onDblClick={onDoubleClick}
        />
      </div>
    </div>
  );
}

function summary({ log }: State, rounds: readonly Round[]): string {
  const failed = rounds.filter(({ result }) => result === 'rolled back').length;
  return `Timeline of ${log.events.length} events in ${rounds.length} rounds${failed > 0 ? `, ${failed} rolled back` : ''}`;
}

function Axis({ range, width, wallMs }: { range: Window; width: number; wallMs: number }): JSX.Element {
  // Midnight where the reader is, by the segment's clock: ticks fall on whole minutes and seconds.
  const midnight = new Date(wallMs + range.end / 1e6).setHours(0, 0, 0, 0);
  const origin = (midnight - wallMs) * 1e6;
  const { step, times } = timeTicks(range, Math.max(2, width / 110), origin);
  return (
    <svg width={width} height={24} aria-hidden="true">
      {times.map((time) => {
        const x = toX(time, range, width);
        return (
          <g key={time} class="tick">
            <path d={`M${Math.round(x) + 0.5} 18v6`} />
            {x > 4 && x < width - 4 ? (
              <text x={x} y={13} text-anchor={x < 36 ? 'start' : x > width - 36 ? 'end' : 'middle'}>
                {clock(time - origin, step)}
              </text>
            ) : null}
          </g>
        );
      })}
    </svg>
  );
}

/** Grows when VS Code changes the theme: it rewrites the variables on the root element and the class of the body. */
function useTheme(): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const observer = new MutationObserver(() => setTurn((now) => now + 1));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['class', 'data-vscode-theme-kind'],
    });
    return () => observer.disconnect();
  }, []);
  return turn;
}
