// SPDX-License-Identifier: MIT
//
// What the timeline's shapes mean.

import type { JSX } from 'preact';
import { glyphs } from './timeline-look';
import { eventWords } from './event-text';
import type { EventKind } from '../extension/protocol/model';

const shown: readonly EventKind[] = [
  'attach',
  'detach',
  'restart',
  'peer-died',
  'reap',
  'map-late',
  'unstop',
  'inject',
  'refuse',
  'takeover',
  'cut',
  'root',
  'lost',
  'heap-fault',
  'heap-reclaim',
];

/** The marker of a kind of event, as in the picture; nothing for a kind that has none. */
export function Glyph({ kind }: { kind: EventKind }): JSX.Element | null {
  const path = glyphs[kind];
  return path === undefined ? null : (
    <svg class={`glyph glyph-${kind}`} viewBox="-6 -6 12 12" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export function TimelineLegend(): JSX.Element {
  return (
    <p class="legend" aria-hidden="true">
      <span>
        <i class="swatch done" />
        round
      </span>
      <span>
        <i class="swatch inside" />
        growth that asks nobody
      </span>
      <span>
        <i class="swatch rolled" />
        rolled back
      </span>
      <span>
        <i class="swatch ack" />
        answer
      </span>
      <span>
        <i class="swatch reached" />
        reached while stopped
      </span>
      <span>
        <i class="swatch late" />
        late answer
      </span>
      {shown.map((kind) => (
        <span key={kind}>
          <Glyph kind={kind} />
          {eventWords[kind]}
        </span>
      ))}
    </p>
  );
}
