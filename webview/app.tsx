// SPDX-License-Identifier: MIT
//
// The page: what state it is in, and its sections.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useActions, type Tip } from './context';
import { AddressMap } from './address-map';
import { Charts } from './charts';
import { Drift } from './drift';
import { SegmentHeader } from './header';
import { HeapView } from './heap-view';
import { useScroll } from './hooks';
import { Matrix } from './matrix';
import { Memory } from './memory';
import { SectionLinks } from './nav';
import { Button, Icon, TipBox, type IconName } from './parts';
import { dataBytes } from './peer';
import { Problems } from './problems';
import { Registry } from './registry';
import { Roots } from './roots';
import type { State } from './state';
import { Timeline } from './timeline';
import './page.css';

export function App({ state, tip }: { state: State; tip: Tip | undefined }): JSX.Element {
  const page = useScroll<Element>('page');
  page.current = document.scrollingElement;
  const { snapshot } = state;
  return (
    <main class={state.gone ? 'gone' : undefined}>
      <div class="banners">
        <Banners state={state} />
      </div>
      {snapshot ? (
        <>
          <SegmentHeader state={state} snapshot={snapshot} />
          <SectionLinks state={state} snapshot={snapshot} />
          {snapshot.header ? (
            <>
              <Registry state={state} snapshot={snapshot} header={snapshot.header} />
              <Matrix state={state} snapshot={snapshot} header={snapshot.header} />
              <AddressMap state={state} snapshot={snapshot} header={snapshot.header} />
              <Timeline state={state} snapshot={snapshot} />
              <Charts state={state} snapshot={snapshot} header={snapshot.header} />
              <Drift state={state} snapshot={snapshot} header={snapshot.header} />
              <Memory state={state} snapshot={snapshot} header={snapshot.header} />
              <HeapView state={state} snapshot={snapshot} header={snapshot.header} />
              <Roots state={state} snapshot={snapshot} header={snapshot.header} />
            </>
          ) : (
            <p class="empty">
              {l10n.t(
                '{0} is not a segment that can be read, so there is no registry, map or timeline to show. What is wrong with it is below.',
                snapshot.name,
              )}
            </p>
          )}
          <Problems state={state} snapshot={snapshot} />
        </>
      ) : (
        <Waiting state={state} />
      )}
      <TipBox tip={tip} />
    </main>
  );
}

function Waiting({ state: { segment, gone } }: { state: State }): JSX.Element {
  if (gone) return <h1 class="empty">{l10n.t('{0} does not exist.', segment)}</h1>;
  return (
    <div class="waiting" role="status">
      <div class="progress" aria-hidden="true" />
      <h1>{segment === '' ? l10n.t('Connecting …') : l10n.t('Connecting to {0} …', segment)}</h1>
    </div>
  );
}

/** Present even while empty, since a screen reader announces only what is put into a live region that it knows. */
function Banners({ state }: { state: State }): JSX.Element {
  const { dismiss, run } = useActions();
  const { server, gone, readOnly, failure, file } = state;
  return (
    <>
      <div role="status">
        {gone ? <Banner icon="warning" tone="warn" text={goneText(state)} /> : null}
        {server.state === 'restarting' ? (
          <Banner
            icon="remap"
            tone="warn"
            text={server.text || l10n.t('The server ended and is being restarted. What is shown is the last that was seen.')}
          />
        ) : null}
        {file ? (
          <Banner
            icon="lock"
            tone="quiet"
            text={l10n.t('Snapshot of {0} on host {1}, taken {2}.', state.segment, file.host, file.exportedAt)}
          />
        ) : null}
        {readOnly !== undefined && !gone && !file ? (
          <Banner
            icon="lock"
            tone="quiet"
            text={l10n.t('Read-only: {0}, so segments can be looked at and not changed.', readOnly)}
          />
        ) : null}
      </div>
      <div role="alert">
        {server.state === 'failed' ? (
          <Banner
            icon="error"
            tone="bad"
            text={server.text || l10n.t('The server does not run. What is shown is the last that was seen.')}
          />
        ) : null}
        {server.leftOut?.map((text) => (
          <Banner key={text} icon="warning" tone="warn" text={text}>
            <Button label={l10n.t('Try Again')} bare onPress={() => run('peermap.tryAgain')} />
          </Banner>
        ))}
        {failure !== undefined ? (
          <Banner icon="error" tone="bad" text={failure}>
            <Button label={l10n.t('Dismiss')} icon="close" bare onPress={dismiss} />
          </Banner>
        ) : null}
      </div>
    </>
  );
}

function Banner({
  icon,
  tone,
  text,
  children,
}: {
  icon: IconName;
  tone: string;
  text: string;
  children?: JSX.Element;
}): JSX.Element {
  return (
    <div class={`banner banner-${tone}`}>
      <Icon name={icon} tone={tone} />
      <span>{text}</span>
      {children}
    </div>
  );
}

function goneText({ segment, snapshot }: State): string {
  if (!snapshot) return l10n.t('{0} was removed.', segment);
  const headerLength = snapshot.header?.headerLength ?? 0;
  const holders = [...snapshot.peers, ...snapshot.strangers].filter(
    ({ mappings }) => dataBytes(mappings ?? [], headerLength) > 0,
  ).length;
  if (holders === 0) return l10n.t('{0} was removed. What is shown is the last that was seen.', segment);
  return holders === 1
    ? l10n.t('{0} was removed; 1 process still had it mapped when last seen. What is shown is from then.', segment)
    : l10n.t('{0} was removed; {1} processes still had it mapped when last seen. What is shown is from then.', segment, holders);
}
