// SPDX-License-Identifier: MIT
//
// One lane of the address map: who it is.  What it maps is painted over it.

import * as l10n from '@vscode/l10n';
import { pure } from './hooks';
import type { Lane } from './map-model';
import { Icon } from './parts';

interface Props {
  lane: Lane;
  top: number;
  height: number;
  /** From 1, of so many. */
  position: number;
  count: number;
  selected: boolean;
  reachable: boolean;
}

export const MapLane = pure<Props>(({ lane, top, height, position, count, selected, reachable }) => (
  <div
    data-row={lane.key}
    class={`lane ${lane.condition?.state ?? 'stranger'}`}
    role="option"
    aria-selected={selected}
    aria-posinset={position}
    aria-setsize={count}
    tabIndex={reachable ? 0 : -1}
    style={{ transform: `translateY(${top}px)`, height: `${height}px` }}
  >
    <div class="lane-label">
      <Icon name={lane.condition?.state ?? 'stranger'} tone={lane.condition?.tone ?? 'quiet'} />
      <span class="lane-name" title={lane.name}>
        {lane.name}
      </span>
      <span class="hidden-text">{l10n.t(', pid ')}</span>
      <span class="number quiet">{lane.pid}</span>
      <span class="hidden-text">, {lane.facts}. </span>
    </div>
    {lane.note === '' ? null : (
      <div class={`lane-note ${lane.noteTone}`} title={lane.note}>
        {lane.noteTone === 'bad' ? <Icon name="error" tone="bad" /> : null}
        <span>{lane.note}</span>
      </div>
    )}
  </div>
));
