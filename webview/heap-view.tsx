// SPDX-License-Identifier: MIT
//
// The heap of the segment, counted from outside while somebody looks: after a count it rests nine times as long as the count took, so
// that counting never takes more than a tenth of a core.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import type { Header, HeapCount, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { fragmentationOf, heapProblems, sampled, type Sample } from './heap-model';
import { HeapClasses, HeapPeers } from './heap-tables';
import { HeapTrend } from './heap-trend';
import { usePolling } from './polling';
import { useOnScreen } from './on-screen';
import { Bytes, Icon, Section } from './parts';
import type { State } from './state';
import './heap.css';

interface Props {
  state: State;
  snapshot: Snapshot;
  header: Header;
}

export function HeapView(props: Props): JSX.Element {
  const has = props.header.flags.includes('heap');
  return (
    <Section
      name="heap"
      title={l10n.t('Heap')}
      aside={has ? undefined : l10n.t('none in this segment')}
      closed={props.state.view.closed}
    >
      {has ? <Counted key={props.header.generation} {...props} /> : <NoHeap />}
    </Section>
  );
}

function NoHeap(): JSX.Element {
  return (
    <p class="empty">
      {l10n.t(
        'No objects are allocated in this segment. One that is created with PEERMAP_HEAP has a heap: every peer then allocates with peermap_alloc(), and any peer frees.',
      )}
    </p>
  );
}

function Counted({ state, snapshot, header }: Props): JSX.Element {
  const { ask } = useActions();
  const [seen, onScreen] = useOnScreen<HTMLDivElement>();
  const [heap, setHeap] = useState<HeapCount>();
  const [error, setError] = useState<string>();
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const took = useRef(0);
  const question = async (): Promise<void> => {
    try {
      const { value, problems } = await ask('peermap/heap', {});
      setError(value ? undefined : (problems[0]?.text ?? l10n.t('The segment has no heap.')));
      if (!value) return;
      took.current = value.tookNs / 1e6;
      setHeap({ ...value, problems: value.problems.length > 0 ? value.problems : problems });
      setSamples((before) => sampled(before, { atMs: Date.now(), used: value.used, size: value.size }));
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
  };
  const enabled = onScreen && !state.gone && state.file === undefined && state.server.state === 'running';
  // Allocating changes nothing that the server would tell of, so the clock asks, too.
  usePolling({ enabled, trigger: snapshot, everyMs: 1000, restMs: () => Math.max(1000, 9 * took.current), question });
  return (
    <div ref={seen} class="heap">
      {error === undefined ? null : (
        <p class="empty" role="alert">
          <Icon name="warning" tone="warn" />
          {l10n.t('The heap could not be counted: {0}', error)}
        </p>
      )}
      {heap ? (
        <Heap heap={heap} state={state} header={header} samples={samples} />
      ) : error === undefined ? (
        <p class="empty">{l10n.t('Counting …')}</p>
      ) : null}
    </div>
  );
}

interface HeapProps {
  heap: HeapCount;
  state: State;
  header: Header;
  samples: readonly Sample[];
}

function Heap({ heap, state, header, samples }: HeapProps): JSX.Element {
  const broken = useMemo(() => fragmentationOf(heap), [heap]);
  const percent = (share: number): string => l10n.t('{0} %', Math.round(share * 100));
  const facts: [string, JSX.Element, string][] = [
    [l10n.t('In use'), <Bytes of={heap.used} />, l10n.t('live objects, with what rounding costs them')],
    [
      l10n.t('Objects'),
      <>{(heap.smallObjects + heap.largeObjects).toLocaleString('en-US')}</>,
      l10n.t(
        '{0} of the size classes, and {1} larger ones of {2}',
        heap.smallObjects,
        heap.largeObjects,
        formatBytes(heap.largeBytes),
      ),
    ],
    [l10n.t('Large objects'), <Bytes of={heap.largeBytes} />, l10n.t('larger than the size classes, in whole units of 16 KiB')],
    [l10n.t('Free inside spans'), <Bytes of={broken.insideBytes} />, l10n.t('room for small objects of the same class only')],
    [l10n.t('Free'), <Bytes of={heap.freeBytes} />, l10n.t('in no span and no object: memory that is there')],
    [l10n.t('Holes'), <Bytes of={heap.holeBytes} />, l10n.t('free as well, and given back to the system')],
    [l10n.t('Largest free run'), <Bytes of={heap.largestFree} />, l10n.t('the largest object that fits without a growth')],
    [l10n.t('Describes it'), <Bytes of={heap.metadata} />, l10n.t('beside the data')],
  ];
  return (
    <>
      {heapProblems(heap).map(({ key, severity, text }) => (
        <p key={key} class="heap-problem">
          <Icon name={severity === 'error' ? 'error' : 'warning'} tone={severity === 'error' ? 'bad' : 'warn'} />
          {text}
        </p>
      ))}
      <dl class="facts">
        {facts.map(([name, value, hint]) => (
          <div key={name} class="fact" title={hint}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="heap-fragmentation">
        {l10n.t(
          'Fragmentation: {0} outside of spans (the longest free run is {1} of {2} that are free or holes), {3} inside ({4} of {5} in spans are in no object).',
          percent(broken.outside),
          formatBytes(broken.largestFree),
          formatBytes(broken.outsideBytes),
          percent(broken.inside),
          formatBytes(broken.insideBytes),
          formatBytes(heap.spanBytes),
        )}
      </p>
      <HeapTrend heap={heap} log={state.log} samples={samples} reserved={header.reserved} />
      <HeapClasses heap={heap} state={state} />
      <HeapPeers heap={heap} state={state} />
      <p class="quiet cost">
        {l10n.t(
          'Counting took {0}; the next count waits at least nine times as long. It is done from outside: no peer is asked.',
          formatNanoseconds(heap.tookNs),
        )}
      </p>
    </>
  );
}
