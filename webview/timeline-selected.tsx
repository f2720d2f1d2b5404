// SPDX-License-Identifier: MIT
//
// The event that is selected, in a line, and where one can go from it.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import type { PeermapEvent, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { detailOf, subjectOf, wordOf } from './event-text';
import { Button } from './parts';
import { peerKey } from './peer';
import type { State } from './state';
import { roundAround } from './timeline-rounds';
import { around } from './timeline-view';

export function SelectedEvent({
  state,
  snapshot,
  event,
  now,
}: {
  state: State;
  snapshot: Snapshot;
  event: PeermapEvent;
  now: number;
}): JSX.Element {
  const { view } = useActions();
  const { names, log } = state;
  const { peers } = snapshot;
  const peer = peerOf(event, snapshot);
  const text = [`${subjectOf(event, names, peers)} ${wordOf(event)}`.trim(), detailOf(event, names, peers)];
  const zoom = (): void => {
    const round = roundAround(log, event);
    view(round ? around(round.from, round.to ?? now) : around(event.timeNs - 1e6, event.timeNs + 1e6));
  };
  return (
    <div class="chosen-event">
      <span class="number quiet">{l10n.t('event {0}', event.seq.toLocaleString('en-US'))}</span>
      <span class="chosen-text">{text.filter((part) => part !== '').join(': ')}</span>
      <Button
        label={l10n.t('Matrix as of this')}
        title={l10n.t('Show who had mapped what after this event')}
        pressed={state.view.moment === event.seq}
        onPress={() => view({ moment: event.seq, ...(peer === undefined ? {} : { peer }) })}
      />
      {state.view.moment === undefined ? null : (
        <Button label={l10n.t('Matrix as of now')} onPress={() => view({ moment: undefined })} />
      )}
      <Button label={l10n.t('Zoom to it')} onPress={zoom} />
    </div>
  );
}

/** Key of the peer that an event is about, if it is still there. */
export function peerOf(event: PeermapEvent, { peers }: Snapshot): string | undefined {
  const peer =
    event.slot >= 0
      ? peers.find(({ slot, pid }) => slot === event.slot && pid === event.pid)
      : peers.find(({ slot, pid }) => slot === event.bySlot && pid === event.byPid);
  return peer && peerKey(peer);
}
