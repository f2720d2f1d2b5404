// SPDX-License-Identifier: MIT
//
// The axis of offsets over the address map, and the roots on it.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatBytes } from '../extension/protocol/address';
import type { Root } from '../extension/protocol/model';
import { useActions } from './context';
import type { LaneScale } from './map-draw';
import { ticksOf, toX } from './map-model';

export function MapAxis({ scale, roots }: { scale: LaneScale; roots: readonly Root[] }): JSX.Element {
  const { view, tip } = useActions();
  const x = (bytes: number): number => toX(scale, scale.scaled, bytes);
  const shown = new Map<number, Root>();
  for (const root of roots)
    if (root.offset >= scale.start && root.offset <= (scale.far ?? scale.end)) shown.set(Math.round(x(root.offset) / 4), root);
  return (
    <svg width={scale.width} height={30} aria-hidden="true">
      {ticksOf(scale, scale.scaled).map((at) => (
        <g key={at} class="tick">
          <path d={`M${Math.round(x(at)) + 0.5} 24v6`} />
          <text x={x(at)} y={13} text-anchor={x(at) < 24 ? 'start' : x(at) > scale.width - 30 ? 'end' : 'middle'}>
            {labelOf(at, scale)}
          </text>
        </g>
      ))}
      {scale.start < 0 && x(0) > 52 ? (
        <text class="tick" x={0} y={13}>
          {l10n.t('header')}
        </text>
      ) : null}
      {scale.far === undefined ? null : (
        <g class="tick">
          <path d={`M${Math.round(x(scale.far)) - 0.5} 24v6`} />
          <text x={x(scale.far)} y={13} text-anchor="end">
            {formatBytes(scale.far)}
          </text>
        </g>
      )}
      {scale.broken ? (
        <text class="tick" x={scale.width} y={13} text-anchor="end">
          {formatBytes(scale.reserved)}
        </text>
      ) : null}
      {[...shown.values()].map((root) => (
        <path
          key={root.name}
          class="root-mark"
          d={`M${x(root.offset)} 18l4 5-4 5-4-5z`}
          onPointerMove={({ clientX, clientY }) =>
            tip({
              x: clientX,
              y: clientY,
              lines: [
                root.type === '' ? l10n.t('root {0}', root.name) : l10n.t('root {0}, {1}', root.name, root.type),
                l10n.t('{0} at offset 0x{1}', formatBytes(root.size), root.offset.toString(16)),
              ],
            })
          }
          onPointerLeave={() => tip(undefined)}
          onClick={() => view({ range: { offset: root.offset, length: Math.max(1, root.size) } })}
        />
      ))}
    </svg>
  );
}

/** Where a label in round units would say the same for two ticks, the offset itself. */
function labelOf(at: number, { start, end }: LaneScale): string {
  if (at === 0) return '0';
  return end - start < 1024 * 64 && at > 1024 * 1024 ? `0x${at.toString(16)}` : formatBytes(at);
}
