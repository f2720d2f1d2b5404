// SPDX-License-Identifier: MIT
//
// The address map: a lane per process, to one scale, aligned by offset.  A list of selectable lanes: Up and Down go from lane to lane,
// Left and Right from piece to piece in one, with the same tooltip that pointing gives.

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { formatBytes } from '../extension/protocol/address';
import type { Header, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { rowKey, tabRow, useScroll, useWidth } from './hooks';
import { lanesOf, mapScale, pieceLines, roomBehind, ticksOf, toX, type Lane } from './map-model';
import { MapLane, reservedRoom, type LaneScale } from './map-lane';
import { Hatch, Legend, MapTable } from './map-legend';
import { Section } from './parts';
import { plural } from './peer';
import { share } from './share';
import type { State } from './state';
import './map.css';

export function AddressMap({ state, snapshot, header }: { state: State; snapshot: Snapshot; header: Header }): JSX.Element {
  const lanes = lanesOf(snapshot, header);
  const short = lanes.filter(({ missing }) => missing.length > 0).length;
  const aside = short > 0 ? `${short} of ${plural(lanes.length, 'process', 'processes')} lack memory` : undefined;
  return (
    <Section name="map" title="Address map" aside={aside} closed={state.view.closed}>
      {lanes.length === 0 ? (
        <p class="empty">No process maps this segment.</p>
      ) : (
        <Lanes state={state} snapshot={snapshot} header={header} lanes={lanes} />
      )}
    </Section>
  );
}

interface LanesProps {
  state: State;
  snapshot: Snapshot;
  header: Header;
  lanes: readonly Lane[];
}

function Lanes({ state, snapshot, header, lanes: all }: LanesProps): JSX.Element {
  const { view, tip } = useActions();
  const [ref, width] = useWidth<HTMLDivElement>();
  const scroller = useScroll<HTMLDivElement>('map');
  const piece = useRef(-1);
  const scale = mapScale(snapshot, header);
  const scaled = Math.max(1, width - roomBehind(scale, reservedRoom));
  // The objects of the drawing before, where nothing changed: a lane is drawn again only for a reason.
  const last = useRef<{ lanes: readonly Lane[]; drawn: LaneScale }>(undefined);
  last.current = share(last.current, { lanes: all, drawn: { ...scale, width, scaled, ...sizes(header) } });
  const { lanes, drawn } = last.current;
  const selected = state.view.peer;
  const reachable = tabRow(
    lanes.map(({ key }) => key),
    selected,
  );

  const walk = (step: number): void => {
    const element = document.activeElement?.closest<HTMLElement>('[data-row]');
    const lane = lanes.find(({ key }) => key === element?.dataset['row']);
    const pieces = [...(lane?.pieces ?? []), ...(lane?.missing ?? [])].sort((a, b) => a.offset - b.offset);
    if (!lane || !element || pieces.length === 0) return;
    const next = Math.min(Math.max(piece.current + step, 0), pieces.length - 1);
    const chosen = pieces[next];
    if (!chosen) return;
    piece.current = next;
    const { left, bottom } = (element.querySelector('svg') ?? element).getBoundingClientRect();
    const x = left + toX(scale, drawn.scaled, chosen.offset);
    tip({ x, y: bottom - 12, lines: pieceLines(chosen, lane.missing.includes(chosen)), spoken: true });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      event.preventDefault();
      walk(event.key === 'ArrowRight' ? 1 : -1);
      return;
    }
    const key = scroller.current ? rowKey(event, scroller.current) : undefined;
    if (key === undefined && event.key !== 'Escape') return;
    piece.current = -1;
    tip(undefined);
    view({ peer: key });
  };

  return (
    <div class="map">
      <div class="map-axis">
        <span class="lane-label quiet" title={`base address ${header.base}`}>
          from <span class="number">{header.base}</span>
        </span>
        <div ref={ref} class="lane-picture">
          {width > 0 ? <Axis scale={drawn} header={header} /> : null}
        </div>
      </div>
      <div
        ref={scroller}
        class="scroller lanes"
        role="listbox"
        aria-label="Address map: one lane per process"
        onKeyDown={onKeyDown}
        onFocusOut={() => tip(undefined)}
      >
        {lanes.map((lane) => (
          <MapLane key={lane.key} lane={lane} scale={drawn} selected={lane.key === selected} reachable={lane.key === reachable} />
        ))}
      </div>
      <Legend pins={lanes.some(({ pinned }) => pinned > 0)} ahead={isAhead(header, lanes)} />
      <Hatch />
      <MapTable lanes={lanes} />
    </div>
  );
}

function sizes({ active, target, horizon, reserved }: Header): Pick<LaneScale, 'active' | 'target' | 'horizon' | 'reserved'> {
  return { active, target, horizon, reserved };
}

function isAhead({ active, target, horizon }: Header, lanes: readonly Lane[]): boolean {
  return Math.max(target, horizon) > active || lanes.some(({ pieces }) => pieces?.some(({ ahead }) => ahead));
}

function Axis({ scale, header }: { scale: LaneScale; header: Header }): JSX.Element {
  const x = (bytes: number): number => toX(scale, scale.scaled, bytes);
  return (
    <svg width={scale.width} height={24} aria-hidden="true">
      {ticksOf(scale, scale.scaled).map((at) => (
        <g key={at} class="tick">
          <path d={`M${Math.round(x(at)) + 0.5} 18v6`} />
          <text x={x(at)} y={13} text-anchor={x(at) < 24 ? 'start' : x(at) > scale.width - 30 ? 'end' : 'middle'}>
            {at === 0 ? '0' : formatBytes(at)}
          </text>
        </g>
      ))}
      {x(0) > 52 ? (
        <text class="tick" x={0} y={13}>
          header
        </text>
      ) : null}
      {scale.far === undefined ? null : (
        <g class="tick">
          <path d={`M${Math.round(x(scale.far)) - 0.5} 18v6`} />
          <text x={x(scale.far)} y={13} text-anchor="end">
            {formatBytes(scale.far)}
          </text>
        </g>
      )}
      {scale.broken ? (
        <text class="tick" x={scale.width} y={13} text-anchor="end">
          {formatBytes(header.reserved)}
        </text>
      ) : null}
    </svg>
  );
}
