// SPDX-License-Identifier: MIT
//
// The address map: a lane per process, to one scale, aligned by offset.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import type { Header, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { MapLanes } from './map-lanes';
import { lanesOf, mapScale, type Lane } from './map-model';
import { mapText } from './map-point';
import { zoomedBy, zoomedScale, zoomedTo } from './map-zoom';
import { Button, Section } from './parts';
import { useShared } from './hooks';
import type { State } from './state';
import './map.css';

interface Props {
  state: State;
  snapshot: Snapshot;
  header: Header;
}

export function AddressMap({ state, snapshot, header }: Props): JSX.Element {
  // The objects of the drawing before, where nothing changed: a lane is drawn again only for a reason.
  const lanes = useShared(() => lanesOf(snapshot, header), [snapshot, header]);
  const short = lanes.filter(({ missing }) => missing.length > 0).length;
  const aside =
    short === 0
      ? undefined
      : lanes.length === 1
        ? l10n.t('the only process lacks memory')
        : l10n.t('{0} of {1} processes lack memory', short, lanes.length.toLocaleString('en-US'));
  return (
    <Section
      name="map"
      title={l10n.t('Address map')}
      aside={aside}
      tools={lanes.length > 0 ? <Tools state={state} snapshot={snapshot} header={header} lanes={lanes} /> : undefined}
      closed={state.view.closed}
    >
      {lanes.length === 0 ? (
        <p class="empty">{l10n.t('No process maps this segment.')}</p>
      ) : (
        <MapLanes state={state} snapshot={snapshot} header={header} lanes={lanes} />
      )}
    </Section>
  );
}

function Tools({ state, snapshot, header, lanes }: Props & { lanes: readonly Lane[] }): JSX.Element {
  const { view, openText } = useActions();
  const { range, zoom } = state.view;
  const whole = mapScale(snapshot, header);
  const bounds = { start: -header.headerLength, end: header.reserved };
  const by = (factor: number): void =>
    view((last) => {
      const scale = zoomedScale(whole, last.view.zoom);
      return { zoom: zoomedBy(scale, whole, bounds, factor, (scale.start + scale.end) / 2) };
    });
  return (
    <div class="tool-row" role="toolbar" aria-label={l10n.t('Address map')}>
      <Button label={l10n.t('Zoom out of the map')} icon="minus" bare title={l10n.t('Zoom out (−)')} onPress={() => by(2)} />
      <Button label={l10n.t('Zoom into the map')} icon="plus" bare title={l10n.t('Zoom in (+)')} onPress={() => by(0.5)} />
      {zoom ? (
        <Button
          label={l10n.t('Whole map')}
          icon="fit"
          bare
          title={l10n.t('Show everything (Home)')}
          onPress={() => view({ zoom: undefined })}
        />
      ) : null}
      {range ? (
        <Button
          label={l10n.t('Zoom to the selection')}
          onPress={() => view({ zoom: zoomedTo(range.offset, range.length, bounds) })}
        />
      ) : null}
      <Button
        label={l10n.t('Open map as text')}
        onPress={() => {
          const title = l10n.t('{0} address map', state.segment);
          openText(title, mapText(lanes, snapshot.roots, title));
        }}
      />
    </div>
  );
}
