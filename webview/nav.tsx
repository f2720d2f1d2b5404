// SPDX-License-Identifier: MIT
//
// The row that stays at the top: a link to each section, with what is in it that deserves a look.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { describe } from '../extension/protocol/describe';
import type { Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { driftOf } from './drift-model';
import { findingsOf } from './findings';
import { Button, Icon } from './parts';
import { lacking } from './peer';
import type { State } from './state';
import { sections, type SectionName } from './view-state';
import './nav.css';

export function sectionTitle(name: SectionName): string {
  switch (name) {
    case 'registry':
      return l10n.t('Registry');
    case 'matrix':
      return l10n.t('Matrix');
    case 'map':
      return l10n.t('Address map');
    case 'timeline':
      return l10n.t('Timeline');
    case 'charts':
      return l10n.t('Charts');
    case 'drift':
      return l10n.t('Drift');
    case 'memory':
      return l10n.t('Memory');
    case 'heap':
      return l10n.t('Heap');
    case 'roots':
      return l10n.t('Roots');
    case 'problems':
      return l10n.t('Problems');
  }
}

interface Mark {
  count: number;
  /** Something is wrong there. */
  bad: boolean;
  /** For those who do not see the mark. */
  text: string;
}

export function SectionLinks({ state, snapshot }: { state: State; snapshot: Snapshot }): JSX.Element {
  const { view, run, openText } = useActions();
  const row = useRef<HTMLUListElement>(null);
  const [reachable, setReachable] = useState<SectionName>('registry');
  const shown: readonly SectionName[] = snapshot.header ? sections : sections.filter((name) => name === 'problems');
  const current = shown.includes(reachable) ? reachable : shown[0];
  const go = (name: SectionName): void => {
    view(({ view: { closed } }) => ({ closed: closed.filter((one) => one !== name) }));
    // The section is there, closed or not; its body comes with the next drawing.
    document.getElementById(name)?.scrollIntoView({ block: 'start' });
    document.querySelector<HTMLElement>(`#${name} .disclosure`)?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = shown.findIndex((name) => name === current);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 };
    const to = steps[event.key];
    const name = to === undefined ? undefined : shown[(to + shown.length) % shown.length];
    if (name === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    setReachable(name);
    row.current?.querySelector<HTMLElement>(`[href="#${name}"]`)?.focus();
  };
  const asText = (): void =>
    openText(state.segment, describe({ snapshot, events: state.log.events(state.log.length - eventsAsText) }));
  return (
    <nav class="nav" aria-label={l10n.t('Sections')}>
      <ul ref={row} class="scroller" onKeyDown={onKeyDown}>
        {shown.map((name) => (
          <li key={name}>
            <a
              href={`#${name}`}
              class={state.view.closed.includes(name) ? 'closed' : undefined}
              tabIndex={name === current ? 0 : -1}
              onFocus={() => setReachable(name)}
              onClick={(event) => {
                event.preventDefault();
                go(name);
              }}
            >
              {sectionTitle(name)} <MarkOf mark={markOf(name, state, snapshot)} />
            </a>
          </li>
        ))}
      </ul>
      <div class="nav-tools">
        <Button
          label={l10n.t('Export snapshot…')}
          title={l10n.t('Save everything that is known of the segment now to a file')}
          icon="down"
          bare
          onPress={() => run('peermap.exportSnapshot')}
        />
        <Button
          label={l10n.t('Open as text')}
          title={l10n.t('Everything on this page, as text')}
          icon="text"
          bare
          onPress={asText}
        />
      </div>
    </nav>
  );
}

/** More is in the timeline. */
const eventsAsText = 500;

function MarkOf({ mark }: { mark: Mark | undefined }): JSX.Element | null {
  if (!mark) return null;
  return (
    <span class={mark.bad ? 'mark bad' : 'mark'}>
      {mark.bad ? <Icon name="warning" tone="warn" /> : null}
      <span aria-hidden="true">{mark.count.toLocaleString('en-US')}</span> <span class="hidden-text">{mark.text}</span>
    </span>
  );
}

function markOf(name: SectionName, state: State, snapshot: Snapshot): Mark | undefined {
  const mark = (count: number, bad: boolean, text: string): Mark | undefined => (count > 0 ? { count, bad, text } : undefined);
  const { peers, header, roots } = snapshot;
  switch (name) {
    case 'registry':
      return mark(peers.length, false, peers.length === 1 ? l10n.t('1 peer') : l10n.t('{0} peers', peers.length));
    case 'matrix': {
      const short = peers.filter((peer) => lacking(peer) > 0).length;
      return mark(short, true, short === 1 ? l10n.t('1 peer lacks memory') : l10n.t('{0} peers lack memory', short));
    }
    case 'drift': {
      const count = header ? driftOf(snapshot, header, state.gone).filter(({ severity }) => severity !== 'info').length : 0;
      return mark(count, true, count === 1 ? l10n.t('1 disagreement') : l10n.t('{0} disagreements', count));
    }
    case 'roots':
      return mark(roots.length, false, roots.length === 1 ? l10n.t('1 root') : l10n.t('{0} roots', roots.length));
    case 'problems': {
      const count = findingsOf(snapshot).filter(({ severity }) => severity !== 'info').length;
      return mark(count, true, count === 1 ? l10n.t('1 problem') : l10n.t('{0} problems', count));
    }
    default:
      return undefined;
  }
}
