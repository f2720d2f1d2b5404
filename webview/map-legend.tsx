// SPDX-License-Identifier: MIT
//
// What the address map's shapes mean, and the map as a table for those who do not see it.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatBytes } from '../extension/protocol/address';
import { pure } from './hooks';
import type { Lane } from './map-model';

export function Legend({ pins, ahead, roots }: { pins: boolean; ahead: boolean; roots: boolean }): JSX.Element {
  const swatches: readonly (readonly [string, string])[] = [
    ['mapped', l10n.t('mapped, says the kernel')],
    ['active', l10n.t('active, says the header')],
    ...(ahead ? [['early', l10n.t('mapped ahead, up to the horizon')] as const] : []),
    ['lacks', l10n.t('lacking')],
    ['head', l10n.t('header')],
    ['reserved', l10n.t('reserved')],
    ['claim', l10n.t('claimed only')],
  ];
  return (
    <p class="legend" aria-hidden="true">
      {swatches.map(([name, text]) => (
        <span key={name}>
          <i class={`swatch ${name}`} />
          {text}
        </span>
      ))}
      {pins ? (
        <span>
          <svg class="pin-mark" viewBox="0 0 10 6">
            <path d="M5 6L0 0h10z" />
          </svg>
          {l10n.t('pinned up to here')}
        </span>
      ) : null}
      {roots ? (
        <span>
          <svg class="pin-mark" viewBox="0 0 8 10">
            <path d="M4 0l4 5-4 5-4-5z" />
          </svg>
          {l10n.t('root')}
        </span>
      ) : null}
    </p>
  );
}

/** The same in a table, for those who do not see the picture. */
export const MapTable = pure<{ lanes: readonly Lane[] }>(({ lanes }) => (
  <div class="hidden-text">
    <table>
      <caption>{l10n.t('Address map as a table')}</caption>
      <thead>
        <tr>
          <th scope="col">{l10n.t('Process')}</th>
          <th scope="col">{l10n.t('Pieces mapped')}</th>
          <th scope="col">{l10n.t('Lacking')}</th>
        </tr>
      </thead>
      <tbody>
        {lanes.map((lane) => (
          <TableRow key={lane.key} lane={lane} />
        ))}
      </tbody>
    </table>
  </div>
));

const TableRow = pure<{ lane: Lane }>(({ lane: { name, pid, facts, note, pieces, missing } }) => (
  <tr>
    <th scope="row">{[l10n.t('{0}, pid {1}', name, pid), facts, note].filter((part) => part !== '').join(', ')}</th>
    <td>
      {pieces
        ? pieces
            .map(({ address, length, permissions, ahead }) =>
              ahead
                ? l10n.t('{0} at {1} {2} ahead', formatBytes(length), address, permissions)
                : l10n.t('{0} at {1} {2}', formatBytes(length), address, permissions),
            )
            .join('; ')
        : l10n.t('unknown')}
    </td>
    <td>
      {missing.map(({ address, length }) => l10n.t('{0} at {1}', formatBytes(length), address)).join('; ') || l10n.t('nothing')}
    </td>
  </tr>
));
