// SPDX-License-Identifier: MIT
//
// What the address map's shapes mean, and the map as a table for those who do not see it.

import type { JSX } from 'preact';
import { formatBytes } from '../extension/protocol/address';
import type { Lane } from './map-model';

export function Legend({ pins, ahead }: { pins: boolean; ahead: boolean }): JSX.Element {
  return (
    <p class="legend" aria-hidden="true">
      <span>
        <i class="swatch mapped" />
        mapped, says the kernel
      </span>
      <span>
        <i class="swatch active" />
        active, says the header
      </span>
      {ahead ? (
        <span>
          <i class="swatch early" />
          mapped ahead, up to the horizon
        </span>
      ) : null}
      <span>
        <i class="swatch lacks" />
        lacking
      </span>
      <span>
        <i class="swatch head" />
        header
      </span>
      <span>
        <i class="swatch reserved" />
        reserved
      </span>
      <span>
        <i class="swatch claim" />
        claimed only
      </span>
      {pins ? (
        <span>
          <svg class="pin-mark" viewBox="0 0 10 6">
            <path d="M5 6L0 0h10z" />
          </svg>
          pinned up to here
        </span>
      ) : null}
    </p>
  );
}

/** The red hatch that every lane refers to. */
export function Hatch(): JSX.Element {
  return (
    <svg class="hidden-text" aria-hidden="true">
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="hatch-line" width="2.5" height="6" />
        </pattern>
      </defs>
    </svg>
  );
}

/** The same in a table, for those who do not see the picture. */
export function MapTable({ lanes }: { lanes: readonly Lane[] }): JSX.Element {
  return (
    <div class="hidden-text">
      <table>
        <caption>Address map as a table</caption>
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col">Pieces mapped</th>
            <th scope="col">Lacking</th>
          </tr>
        </thead>
        <tbody>
          {lanes.map(({ key, name, pid, facts, note, pieces, missing }) => (
            <tr key={key}>
              <th scope="row">{[name, `pid ${pid}`, facts, note].filter((part) => part !== '').join(', ')}</th>
              <td>
                {pieces
                  ? pieces
                      .map(
                        ({ address, length, permissions, ahead }) =>
                          `${formatBytes(length)} at ${address} ${permissions}${ahead ? ' ahead' : ''}`,
                      )
                      .join('; ')
                  : 'unknown'}
              </td>
              <td>{missing.map(({ address, length }) => `${formatBytes(length)} at ${address}`).join('; ') || 'nothing'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
