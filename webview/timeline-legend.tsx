// SPDX-License-Identifier: MIT
//
// What the timeline's shapes mean.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { glyphs, toolGlyph } from './timeline-look';
import { eventWord } from './event-text';
import type { EventKind } from '../extension/protocol/model';

const shown: readonly EventKind[] = [
  'attach',
  'detach',
  'restart',
  'peer-died',
  'reap',
  'map-late',
  'unstop',
  'refuse',
  'takeover',
  'cut',
  'root',
  'lost',
  'heap-fault',
  'heap-reclaim',
];

/** The marker of a kind of event, as in the picture; nothing for a kind that has none. */
export function Glyph({ kind }: { kind: string }): JSX.Element | null {
  const path = glyphs[kind];
  return path === undefined ? null : (
    <svg class={`glyph glyph-${kind}`} viewBox="-6 -6 12 12" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export function TimelineLegend(): JSX.Element {
  const bars: readonly (readonly [string, string])[] = [
    ['done', l10n.t('round')],
    ['inside', l10n.t('growth that asks nobody')],
    ['rolled', l10n.t('rolled back')],
    ['ack', l10n.t('answer, as long as it took')],
    ['reached', l10n.t('reached while stopped')],
    ['late', l10n.t('late answer')],
    ['far', l10n.t('many at once: as high as the longest took')],
  ];
  return (
    <p class="legend" aria-hidden="true">
      {bars.map(([name, text]) => (
        <span key={name}>
          <i class={`swatch ${name}`} />
          {text}
        </span>
      ))}
      <span>
        <Glyph kind={toolGlyph} />
        {l10n.t('done by a person, from VS Code or the command line')}
      </span>
      {shown.map((kind) => (
        <span key={kind}>
          <Glyph kind={kind} />
          {eventWord(kind)}
        </span>
      ))}
    </p>
  );
}
