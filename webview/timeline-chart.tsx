// SPDX-License-Identifier: MIT
//
// The picture of the timeline: a canvas of the lanes in sight, the axis over it, the names beside it, and the hands on it.
//
// A canvas, since a thousand lanes of a million events would be too many elements to keep live.  What it shows is to be had as text.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Snapshot } from '../extension/protocol/model';
import { roomy } from './canvas';
import { useActions } from './context';
import { useScroll, useWidth } from './hooks';
import { reveal, useSight } from './sight';
import { toggled, type State } from './state';
import { useLook } from './theme';
import { TimeAxis } from './time-axis';
import { laneHeight, paint } from './timeline-draw';
import { handsOn } from './timeline-hands';
import { keyChange } from './timeline-keys';
import { roundAround } from './timeline-rounds';
import { nearOf, sceneOf, type TimeLane } from './timeline-scene';
import { toolsOf } from './timeline-tools';
import { windowOf } from './timeline-view';

interface Props {
  state: State;
  snapshot: Snapshot;
  lanes: readonly TimeLane[];
  now: number;
  summary: string;
}

/** The axis, which stays at the top of the lanes. */
const headHeight = 25;

export function TimelineChart({ state, snapshot, lanes, now, summary }: Props): JSX.Element {
  const { view, tip } = useActions();
  const chart = useRef<HTMLDivElement>(null);
  const [axis, width] = useWidth<HTMLDivElement>();
  const scroller = useScroll<HTMLDivElement>('timeline');
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme, look } = useLook(canvas);
  const tops = useMemo(() => Float64Array.from({ length: lanes.length + 1 }, (_, at) => at * laneHeight), [lanes.length]);
  const { first, end } = useSight(scroller, tops);
  const shown = useMemo(() => lanes.slice(first, end), [lanes, first, end]);
  const tools = useMemo(() => toolsOf(state.names), [state.names]);
  const { log } = state;
  const range = windowOf(state.view, now);
  const near = useMemo(() => nearOf(log, range), [log, range.start, range.end]);
  const scene = useMemo(
    () => sceneOf(log, shown, range, width, tools, near),
    [log, shown, range.start, range.end, width, tools, near],
  );
  const event = useMemo(() => log.find(state.view.event), [log, state.view.event]);
  const round = useMemo(() => roundAround(log, event), [log, event?.seq]);
  const { peer, stretch } = state.view;

  useLayoutEffect(() => {
    const style = look();
    if (!canvas.current || !style || width === 0) return;
    const selection = { stretch, selectedPeer: peer, selectedRound: round, selectedSeq: event?.seq };
    paint(canvas.current, { lanes: shown, scene, window: range, font: style.font, ...selection }, style.palette);
  }, [scene, shown, peer, event?.seq, round, stretch, theme]);
  useEffect(() => {
    const at = lanes.findIndex((lane) => lane.peer !== undefined && lane.peer === peer);
    if (at >= 0) reveal(scroller.current, at * laneHeight, (at + 1) * laneHeight, headHeight);
  }, [peer]);

  const hands = handsOn({
    state,
    snapshot,
    now,
    range,
    scene,
    width,
    lanes: shown,
    canvas,
    axis,
    zooms: (turned) =>
      turned.ctrlKey ||
      turned.metaKey ||
      (chart.current === document.activeElement &&
        (axis.current?.contains(turned.target as Node) === true ||
          (scroller.current?.scrollHeight ?? 0) <= (scroller.current?.clientHeight ?? 0) + 1)),
    view,
    tip,
  });
  const held = useRef<typeof hands>(hands);
  held.current = hands;
  useEffect(() => {
    const element = chart.current;
    if (!element) return;
    // Not through a property: a wheel listener must be active to keep the page from scrolling.
    const listen = (turned: WheelEvent): void => held.current.onWheel(turned);
    element.addEventListener('wheel', listen, { passive: false });
    return () => element.removeEventListener('wheel', listen);
  }, []);
  const onKeyDown = (pressed: KeyboardEvent): void => {
    view((last) => {
      const change = keyChange(pressed, { view: last.view, now, log: last.log, lanes });
      if (change) pressed.preventDefault();
      return change;
    });
  };
  const hint = l10n.t(
    'Plus, minus, W and S zoom, Left, Right, A and D move, F shows everything or the selected stretch, P follows or pauses, comma and full stop step through the events, Enter zooms to the round of the selected event, Up and Down select a peer, dragging selects a stretch, dragging with Shift moves.',
  );

  return (
    <div
      ref={chart}
      class="chart"
      tabIndex={0}
      role="group"
      aria-roledescription={l10n.t('timeline')}
      aria-label={summary}
      aria-describedby="chart-hint"
      onKeyDown={onKeyDown}
    >
      <div ref={scroller} class="scroller chart-lanes">
        <div class="chart-head">
          <span class="lane-label quiet" id="chart-hint" title={hint}>
            {state.view.follow ? l10n.t('following') : l10n.t('paused')}
            <span class="hidden-text">. {hint}</span>
          </span>
          <div
            ref={axis}
            class="lane-picture chart-axis"
            onPointerDown={hands.onGrab}
            onPointerMove={hands.onPointerMove}
            onPointerUp={hands.onPointerUp}
          >
            {width > 0 ? <TimeAxis range={range} width={width} wallMs={state.wallMs} /> : null}
          </div>
        </div>
        <div class="chart-body" style={{ height: `${lanes.length * laneHeight}px` }}>
          <div class="chart-names" aria-hidden="true" style={{ transform: `translateY(${first * laneHeight}px)` }}>
            {shown.map(({ slot, peer: key, name, present }) => (
              <div
                key={slot}
                class={`chart-name ${present ? '' : 'quiet'} ${key !== undefined && key === peer ? 'selected' : ''}`}
                title={present ? name : l10n.t('{0} (left)', name)}
                onClick={() => view(toggled(key))}
              >
                {name}
              </div>
            ))}
          </div>
          <canvas
            ref={canvas}
            style={{
              width: `${width}px`,
              height: `${roomy(shown.length * laneHeight)}px`,
              transform: `translateY(${first * laneHeight}px)`,
            }}
            aria-hidden="true"
            onPointerDown={hands.onPointerDown}
            onPointerMove={hands.onPointerMove}
            onPointerUp={hands.onPointerUp}
            onPointerCancel={hands.onPointerUp}
            onPointerLeave={() => tip(undefined)}
            onDblClick={hands.onDoubleClick}
          />
        </div>
      </div>
    </div>
  );
}
