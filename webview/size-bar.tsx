// SPDX-License-Identifier: MIT
//
// Active, target and horizon within the reservation, to scale.  A reservation is usually thousands of times larger, so the bar breaks
// off with a mark where it stops being to scale, and says so.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatBytes } from '../extension/protocol/address';
import type { Header } from '../extension/protocol/model';
import { useWidth } from './hooks';
import { breaksOf, roomBehind, scaleFor, ticksOf, toX } from './map-model';

const height = 14;
/** Room for the reservation behind the last break mark. */
const rest = 56;

/** Two slanted lines with nothing between them: the drawing is not to scale across it. */
export function BreakMark({ x, top, bottom }: { x: number; top: number; bottom: number }): JSX.Element {
  const slant = 5;
  return (
    <g class="break">
      <path
        class="break-gap"
        d={`M${x - 3 + slant} ${top - 2}L${x + 5 + slant} ${top - 2}L${x + 5 - slant} ${bottom + 2}L${x - 3 - slant} ${bottom + 2}z`}
      />
      <path
        d={`M${x - 3 + slant} ${top - 3}L${x - 3 - slant} ${bottom + 3}M${x + 5 + slant} ${top - 3}L${x + 5 - slant} ${bottom + 3}`}
      />
    </g>
  );
}

export function SizeBar({ header }: { header: Header }): JSX.Element {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { active, target, horizon, reserved } = header;
  const ahead = Math.max(target, horizon);
  const scale = scaleFor(0, Math.min(Math.max(active, header.pageSize), reserved), reserved, ahead);
  const scaled = Math.max(0, width - roomBehind(scale, rest));
  const x = (bytes: number): number => toX(scale, scaled, bytes);
  const share = reserved > 0 ? (active / reserved) * 100 : 0;
  const percent = share >= 1 ? share.toFixed(0) : share >= 0.01 ? share.toFixed(2) : '< 0.01';
  const sizes = [formatBytes(active), formatBytes(reserved), percent] as const;
  const label =
    horizon > active
      ? l10n.t('{0} active of {1} reserved, {2} %, mapped ahead to {3}', ...sizes, formatBytes(horizon))
      : l10n.t('{0} active of {1} reserved, {2} %', ...sizes);
  const ticks = ticksOf(scale, scaled);
  return (
    <div class="size-bar">
      <div ref={ref} class="size-bar-picture">
        {width > 0 ? (
          <svg width={width} height={height + 20} role="img" aria-label={label}>
            <title>{label}</title>
            <rect class="reserved" x={0.5} y={0.5} width={width - 1} height={height} />
            <rect class="ahead" x={0.5} y={0.5} width={x(ahead)} height={height} />
            <rect class="filled" x={0.5} y={0.5} width={x(active)} height={height} />
            {ticks.map((at) => (
              <g key={at} class="tick">
                <path d={`M${Math.round(x(at)) + 0.5} ${height + 1}v4`} />
                <text x={x(at)} y={height + 16} text-anchor={at === 0 ? 'start' : x(at) > width - 40 ? 'end' : 'middle'}>
                  {at === 0 ? '0' : formatBytes(at)}
                </text>
              </g>
            ))}
            {scale.far === undefined ? null : (
              <g class="tick">
                <path d={`M${Math.round(x(scale.far)) - 0.5} ${height + 1}v4`} />
                <text x={x(scale.far)} y={height + 16} text-anchor="end">
                  {formatBytes(scale.far)}
                </text>
              </g>
            )}
            {scale.broken ? (
              <>
                {breaksOf(scale, scaled).map((at) => (
                  <BreakMark key={at} x={at} top={0} bottom={height} />
                ))}
                <text class="tick" x={width} y={height + 16} text-anchor="end">
                  {formatBytes(reserved)}
                </text>
              </>
            ) : null}
          </svg>
        ) : null}
      </div>
      <p class="legend">
        <span>
          <i class="swatch filled" />
          {l10n.t('active')}
        </span>
        {ahead > active ? (
          <span>
            <i class="swatch ahead" />
            {horizon > active ? l10n.t('mapped ahead') : l10n.t('being mapped')}
          </span>
        ) : null}
        <span>
          <i class="swatch reserved" />
          {l10n.t('reserved')}
        </span>
        <span class="quiet">
          {scale.broken
            ? l10n.t('{0} % of the reservation is active; to scale up to the break at {1}', percent, formatBytes(scale.end))
            : l10n.t('{0} % of the reservation is active', percent)}
        </span>
      </p>
    </div>
  );
}
