// SPDX-License-Identifier: MIT
//
// The registry: a row per peer, what it claims beside what the kernel and /proc say.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { Header, Peer, Snapshot } from '../extension/protocol/model';
import { useActions, type Actions } from './context';
import { useFacts } from './facts';
import { DataGrid, useGrid } from './grid';
import type { Column } from './grid-model';
import { GridTools } from './grid-tools';
import { isRunning, refusal } from './header';
import { Button, Section } from './parts';
import { registryColumns } from './registry-columns';
import { factLines, registryRows, type RegistryRow } from './registry-model';
import type { State } from './state';
import './registry.css';

export function Registry({ state, snapshot, header }: { state: State; snapshot: Snapshot; header: Header }): JSX.Element {
  const actions = useActions();
  const { peers } = snapshot;
  const open = !state.view.closed.includes('registry');
  const facts = useFacts(peers, open);
  const last = useRef<ReadonlyMap<string, RegistryRow>>(new Map());
  const rows = useMemo(
    () => (open ? registryRows(peers, header, facts, last.current) : none),
    [peers, header.active, header.headerLength, facts, open],
  );
  last.current = new Map(rows.map((row) => [row.key, row]));
  const contained = rows.some(({ facts: known }) => known?.containerPid !== undefined);
  const reason = refusal(state);
  const running = peers
    .filter(({ pid }) => isRunning(state, 'peermap.remap', pid))
    .map(({ pid }) => pid)
    .join();
  const columns = useMemo(
    () => [...registryColumns(contained), rowActions(actions, reason, (pid) => isRunning(state, 'peermap.remap', pid))],
    [reason, running, contained],
  );
  const label = l10n.t('Registry: one row per peer');
  const grid = useGrid({ name: 'registry', label, columns, rows, rowKey, view: state.view });
  return (
    <Section
      name="registry"
      title={l10n.t('Registry')}
      aside={countText(peers, header)}
      tools={peers.length === 0 ? undefined : <GridTools of={grid} title={l10n.t('{0} registry', state.segment)} />}
      closed={state.view.closed}
    >
      {peers.length === 0 ? (
        <p class="empty">{l10n.t('No peers: no process is attached to this segment.')}</p>
      ) : (
        <DataGrid
          of={grid}
          selected={state.view.peer}
          onSelect={(peer) => actions.view({ peer })}
          onActivate={(row) => openFacts(actions, row)}
          rowClass={({ peer }) => peer.state}
        />
      )}
    </Section>
  );
}

const none: readonly RegistryRow[] = [];

function rowKey({ key }: RegistryRow): string {
  return key;
}

function openFacts({ openText }: Actions, row: RegistryRow): void {
  openText(`${row.peer.name} ${row.peer.pid}`, `${factLines(row).join('\n')}\n`);
}

function rowActions(actions: Actions, reason: string | undefined, remapping: (pid: number) => boolean): Column<RegistryRow> {
  const died = (peer: Peer): string | undefined => (peer.state === 'dead' ? l10n.t('the process died') : undefined);
  return {
    key: 'actions',
    title: l10n.t('Actions'),
    width: 11,
    controls: true,
    value: () => undefined,
    render: (row, tabIndex) => {
      const { peer } = row;
      return (
        <>
          <Button
            label={l10n.t('Remap {0}', peer.name)}
            title={l10n.t('Have this peer map the segment anew')}
            icon="remap"
            bare
            tabIndex={tabIndex}
            reason={reason ?? died(peer)}
            busy={remapping(peer.pid)}
            onPress={() => actions.run('peermap.remap', peer.pid)}
          />
          <Button
            label={l10n.t('Copy pid {0}', peer.pid)}
            icon="copy"
            bare
            tabIndex={tabIndex}
            onPress={() => actions.copy(String(peer.pid))}
          />
          <Button
            label={l10n.t('Show the terminal of {0}', peer.name)}
            icon="terminal"
            bare
            tabIndex={tabIndex}
            reason={died(peer)}
            onPress={() => actions.reveal(peer.pid)}
          />
          <Button
            label={l10n.t('All that is known of {0}, as text', peer.name)}
            icon="text"
            bare
            tabIndex={tabIndex}
            onPress={() => openFacts(actions, row)}
          />
        </>
      );
    },
  };
}

function countText(peers: readonly Peer[], header: Header): string {
  const count = (state: Peer['state']): number => peers.filter((peer) => peer.state === state).length;
  const [late, dead, attaching] = [count('late'), count('dead'), count('attaching')];
  const parts = [
    header.slots === 1
      ? l10n.t('{0} of 1 slot', peers.length)
      : l10n.t('{0} of {1} slots', peers.length, header.slots.toLocaleString('en-US')),
  ];
  if (late > 0) parts.push(l10n.t('{0} late', late));
  if (dead > 0) parts.push(l10n.t('{0} dead', dead));
  if (attaching > 0) parts.push(l10n.t('{0} attaching', attaching));
  return parts.join(' · ');
}
