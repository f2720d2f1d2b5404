// SPDX-License-Identifier: MIT
//
// Who and what takes the heap: a row per size class, a row per peer.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { formatBytes } from '../extension/protocol/address';
import type { HeapCount } from '../extension/protocol/model';
import { DataGrid, useGrid } from './grid';
import type { Column } from './grid-model';
import { GridTools } from './grid-tools';
import { usedClasses, type SizeClass } from './heap-model';
import { useShared } from './hooks';
import type { State } from './state';

interface Props {
  heap: HeapCount;
  state: State;
}

function Heading({ text, children }: { text: string; children: JSX.Element }): JSX.Element {
  return (
    <div class="heap-heading">
      <h3>{text}</h3>
      {children}
    </div>
  );
}

export function HeapClasses({ heap, state }: Props): JSX.Element {
  const rows = useShared(() => usedClasses(heap), [heap]);
  const largest = Math.max(1, ...rows.map(({ bytes }) => bytes));
  const columns = useMemo<readonly Column<SizeClass>[]>(
    () => [
      {
        key: 'stride',
        title: l10n.t('Size class'),
        hint: l10n.t('bytes from one object to the next'),
        align: 'end',
        width: 10,
        names: true,
        value: ({ stride }) => stride,
        render: ({ stride }) => formatBytes(stride),
      },
      {
        key: 'objects',
        title: l10n.t('Objects'),
        hint: l10n.t('live ones'),
        align: 'end',
        width: 10,
        value: ({ objects }) => objects,
        render: ({ objects }) => objects.toLocaleString('en-US'),
      },
      {
        key: 'capacity',
        title: l10n.t('Room'),
        hint: l10n.t('for objects, live and free, in the spans there are'),
        align: 'end',
        width: 10,
        value: ({ capacity }) => capacity,
        render: ({ capacity }) => capacity.toLocaleString('en-US'),
      },
      {
        key: 'spans',
        title: l10n.t('Spans'),
        hint: l10n.t('runs of memory that are divided into such objects'),
        align: 'end',
        width: 7,
        value: ({ spans }) => spans,
      },
      {
        key: 'bytes',
        title: l10n.t('Bytes'),
        hint: l10n.t('of the spans'),
        align: 'end',
        width: 10,
        value: ({ bytes }) => bytes,
        render: ({ bytes }) => formatBytes(bytes),
      },
      {
        key: 'full',
        title: l10n.t('Occupied'),
        hint: l10n.t('the length of the bar: bytes of the spans; filled: what live objects take of it'),
        width: 24,
        grow: true,
        value: ({ objects, capacity }) => (capacity === 0 ? undefined : Math.round((objects / capacity) * 100)),
        render: (row) => <Occupied row={row} largest={largest} />,
      },
    ],
    [largest],
  );
  const grid = useGrid({
    name: 'heap-classes',
    label: l10n.t('Heap: one row per size class'),
    columns,
    rows,
    rowKey: ({ stride }) => String(stride),
    view: state.view,
  });
  return (
    <>
      <Heading text={l10n.t('By size class')}>
        <GridTools of={grid} title={`${state.segment} heap classes`} />
      </Heading>
      {rows.length === 0 ? <p class="empty">{l10n.t('No small object was ever allocated.')}</p> : <DataGrid of={grid} />}
    </>
  );
}

function Occupied({ row, largest }: { row: SizeClass; largest: number }): JSX.Element {
  const bar = useRef<HTMLSpanElement>(null);
  const full = row.capacity === 0 ? 0 : row.objects / row.capacity;
  useLayoutEffect(() => {
    bar.current?.style.setProperty('--length', `${(row.bytes / largest) * 100}%`);
    bar.current?.style.setProperty('--full', `${full * 100}%`);
  });
  return (
    <span class="occupied">
      <span class="occupied-percent">{l10n.t('{0} %', Math.round(full * 100))}</span>
      <span ref={bar} class="occupied-bar" aria-hidden="true">
        <i />
      </span>
    </span>
  );
}

type HeapPeer = HeapCount['peers'][number];

export function HeapPeers({ heap, state }: Props): JSX.Element {
  const rows = useShared(() => heap.peers, [heap]);
  const columns = useMemo<readonly Column<HeapPeer>[]>(() => {
    const number = (key: keyof HeapPeer, title: string, hint: string, bytes = false): Column<HeapPeer> => ({
      key,
      title,
      hint,
      align: 'end',
      width: 11,
      value: (row) => row[key],
      render: (row) => (bytes ? formatBytes(Number(row[key])) : Number(row[key]).toLocaleString('en-US')),
    });
    return [
      {
        key: 'name',
        title: l10n.t('Peer'),
        width: 20,
        grow: true,
        names: true,
        value: ({ pid, name }) => (pid === 0 ? l10n.t('those that ended') : name),
      },
      { key: 'pid', title: l10n.t('PID'), align: 'end', width: 8, value: ({ pid }) => (pid === 0 ? undefined : pid) },
      number('allocations', l10n.t('Allocated'), l10n.t('objects, since it attached')),
      number('allocatedBytes', l10n.t('Bytes'), l10n.t('allocated, as asked for'), true),
      number('frees', l10n.t('Freed'), l10n.t('objects, its own and those of others')),
      number('freedBytes', l10n.t('Bytes freed'), '', true),
      number('spanBytes', l10n.t('Held'), l10n.t('in spans that it allocates from'), true),
      number('threads', l10n.t('Threads'), l10n.t('that have allocated')),
    ];
  }, []);
  const grid = useGrid({
    name: 'heap-peers',
    label: l10n.t('Heap: one row per peer'),
    columns,
    rows,
    rowKey: ({ pid, name }) => `${pid}/${name}`,
    view: state.view,
  });
  return (
    <>
      <Heading text={l10n.t('By peer')}>
        <GridTools of={grid} title={`${state.segment} heap peers`} />
      </Heading>
      {rows.length === 0 ? <p class="empty">{l10n.t('No peer has allocated anything.')}</p> : <DataGrid of={grid} />}
    </>
  );
}
