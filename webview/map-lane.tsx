// SPDX-License-Identifier: MIT
//
// One lane of the address map.

import type { JSX } from 'preact';
import { useActions } from './context';
import { pure } from './hooks';
import { breaksOf, pieceLines, toX, type Lane, type Piece, type Scale } from './map-model';
import { Icon } from './parts';
import { BreakMark } from './size-bar';
import { toggled } from './state';
import { formatBytes } from '../extension/protocol/address';

export interface LaneScale extends Scale {
  /** CSS pixels of the picture, and of the part of it that is to scale. */
  width: number;
  scaled: number;
  active: number;
  target: number;
  horizon: number;
  reserved: number;
}

/** CSS pixels behind the last break mark. */
export const reservedRoom = 36;
const height = 20;

interface Props {
  lane: Lane;
  scale: LaneScale;
  selected: boolean;
  reachable: boolean;
}

export const MapLane = pure<Props>(({ lane, scale, selected, reachable }) => {
  const { view } = useActions();
  return (
    <div
      data-row={lane.key}
      class={`lane ${lane.condition?.state ?? 'stranger'}`}
      role="option"
      aria-selected={selected}
      tabIndex={reachable ? 0 : -1}
      onClick={() => view(toggled(lane.key))}
    >
      <div class="lane-label">
        <Icon name={lane.condition?.state ?? 'stranger'} tone={lane.condition?.tone ?? 'quiet'} />
        <span class="lane-name" title={lane.name}>
          {lane.name}
        </span>
        <span class="hidden-text">, pid </span>
        <span class="number quiet">{lane.pid}</span>
        <span class="hidden-text">, {lane.facts}. </span>
      </div>
      <div class="lane-picture">{scale.width > 0 ? <Picture lane={lane} scale={scale} /> : null}</div>
      {lane.note === '' ? null : (
        <div class={`lane-note ${lane.noteTone}`}>
          {lane.noteTone === 'bad' ? <Icon name="error" tone="bad" /> : null}
          <span>{lane.note}</span>
        </div>
      )}
    </div>
  );
});

/** Thinner than this nobody would see it. */
const thinnest = 2;

function Picture({ lane, scale }: { lane: Lane; scale: LaneScale }): JSX.Element {
  const { tip } = useActions();
  const { width, scaled, active, target, horizon } = scale;
  const x = (offset: number): number => toX(scale, scaled, offset);
  const run = (from: number, to: number, least = 0): { x: number; width: number } => ({
    x: x(from),
    width: Math.max(x(to) - x(from), least),
  });
  const point = (lines: readonly string[]) => (event: PointerEvent) => tip({ x: event.clientX, y: event.clientY, lines });
  const leave = (): void => tip(undefined);
  const piece = (one: Piece, kind: string, lines: readonly string[], inset: number, least = thinnest): JSX.Element => (
    <rect
      key={`${kind} ${one.offset} ${one.address}`}
      class={kind}
      {...run(one.offset, one.offset + one.length, least)}
      y={inset}
      height={height - 2 * inset}
      onPointerMove={point(lines)}
      onPointerLeave={leave}
    />
  );
  const known = lane.condition !== undefined;
  const claimed = lane.condition?.state === 'dead' || lane.pieces === undefined;
  const reservedLines = [`${formatBytes(scale.reserved)} of addresses reserved`, lane.base ? `data from ${lane.base}` : ''];
  return (
    <svg class="lane-svg" width={width} height={height} aria-hidden="true">
      {known ? (
        <rect
          class="reserved"
          x={0.5}
          y={0.5}
          width={width - 1}
          height={height - 1}
          onPointerMove={point(reservedLines)}
          onPointerLeave={leave}
        />
      ) : null}
      {known ? <rect class="active" {...run(0, active)} y={0.5} height={height - 1} /> : null}
      {known && target > Math.max(active, horizon) ? (
        <rect class="wanted" {...run(Math.max(active, horizon), target, thinnest)} y={0.5} height={height - 1} />
      ) : null}
      {known && horizon > active ? <rect class="ahead" {...run(active, horizon, thinnest)} y={0.5} height={height - 1} /> : null}
      {claimed && lane.claim > 0 ? <rect class="claim" {...run(0, lane.claim)} y={4.5} height={height - 9} /> : null}
      {lane.pieces?.flatMap((one) =>
        split(one).map((part) => piece(part, part.offset < 0 ? 'head' : kindOf(one), pieceLines(one, false), one.ahead ? 6 : 4)),
      )}
      {lane.missing.map((one) => piece(one, 'lacks', pieceLines(one, true), 0.5, 4))}
      {lane.pinned > 0 ? (
        <path
          class="pin"
          d={`M${x(lane.pinned)} 5l-4 -5h8z`}
          onPointerMove={point([`pinned up to ${formatBytes(lane.pinned)}`])}
          onPointerLeave={leave}
        />
      ) : null}
      {known && horizon > active ? <path class="horizon" d={`M${Math.round(x(horizon)) - 0.5} 0v${height}`} /> : null}
      {known ? breaksOf(scale, scaled).map((at) => <BreakMark key={at} x={at} top={0} bottom={height} />) : null}
    </svg>
  );
}

/** The part of a piece in the header, and the part in the data. */
function split(piece: Piece): Piece[] {
  const { offset, length } = piece;
  if (offset >= 0 || offset + length <= 0) return [piece];
  return [
    { ...piece, length: -offset },
    { ...piece, offset: 0, length: length + offset },
  ];
}

function kindOf({ permissions, ahead }: Piece): string {
  return `mapped${ahead ? ' early' : ''}${permissions.startsWith('rw') ? '' : ' partly'}`;
}
