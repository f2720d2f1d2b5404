// SPDX-License-Identifier: MIT
//
// Drift: what the registry claims against what the kernel maps, a row per disagreement, with what mends it.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Header, Snapshot } from '../extension/protocol/model';
import { useActions, type Actions } from './context';
import { driftOf, driftWord, type Drift as Disagreement } from './drift-model';
import { DataGrid, useGrid } from './grid';
import type { Column } from './grid-model';
import { GridTools } from './grid-tools';
import { isRunning, refusal } from './header';
import { Button, Icon, Section } from './parts';
import type { State } from './state';

export function Drift({ state, snapshot, header }: { state: State; snapshot: Snapshot; header: Header }): JSX.Element {
  const actions = useActions();
  const { peers, strangers, problems } = snapshot;
  const rows = useMemo(() => driftOf(snapshot, header, state.gone), [peers, strangers, problems, header, state.gone]);
  const reason = refusal(state);
  const running = state.running.length;
  const columns = useMemo(
    () => [...driftColumns(), repairColumn(actions, reason, (of) => isRunning(state, of.command, of.pid))],
    [reason, running],
  );
  const label = l10n.t('Drift: one row per disagreement of registry and kernel');
  const grid = useGrid({ name: 'drift', label, columns, rows, rowKey, view: state.view });
  // A row is a disagreement, the selection a process: of several rows of one process, the first is it.
  const selected = rows.find(({ peer }) => peer === state.view.peer)?.id;
  const select = (id: string | undefined): void => actions.view({ peer: rows.find((row) => row.id === id)?.peer });
  return (
    <Section
      name="drift"
      title={l10n.t('Drift')}
      aside={countText(rows.length)}
      tools={rows.length === 0 ? undefined : <GridTools of={grid} title={l10n.t('{0} drift', state.segment)} />}
      closed={state.view.closed}
    >
      {rows.length === 0 ? (
        <p class="empty">
          <Icon name="check" tone="ok" />
          {agreement(snapshot)}
        </p>
      ) : (
        <DataGrid of={grid} selected={selected} onSelect={select} tall />
      )}
    </Section>
  );
}

function rowKey({ id }: Disagreement): string {
  return id;
}

function countText(count: number): string | undefined {
  if (count === 0) return undefined;
  return count === 1 ? l10n.t('1 disagreement') : l10n.t('{0} disagreements', count);
}

/** What was compared: an empty list alone could mean that nobody looked. */
function agreement({ peers }: Snapshot): string {
  if (peers.length === 0) return l10n.t('No process is attached and none maps the object: there is nothing to compare.');
  const unread = peers.filter(({ state, mappings }) => state !== 'dead' && !mappings).length;
  const read = peers.length - unread;
  if (unread > 0) {
    return l10n.t(
      'Sizes, permissions, epochs and pids of {0} peers agree with the kernel; the mappings of {1} could not be read.',
      read,
      unread,
    );
  }
  return read === 1
    ? l10n.t('The registry and the kernel agree on the size, the permissions, the epoch and the pid of 1 peer.')
    : l10n.t('The registry and the kernel agree on the sizes, the permissions, the epochs and the pids of {0} peers.', read);
}

const icons = {
  error: { name: 'error', tone: 'bad' },
  warning: { name: 'warning', tone: 'warn' },
  info: { name: 'info', tone: 'quiet' },
} as const;

function driftColumns(): Column<Disagreement>[] {
  return [
    {
      key: 'kind',
      title: l10n.t('Disagreement'),
      width: 17,
      value: ({ kind }) => driftWord(kind),
      render: ({ kind, severity }) => (
        <>
          <Icon {...icons[severity]} /> {driftWord(kind)}
        </>
      ),
    },
    { key: 'name', title: l10n.t('Process'), width: 10, names: true, value: ({ name }) => name, cellHint: ({ name }) => name },
    { key: 'pid', title: l10n.t('PID'), align: 'end', width: 6, value: ({ pid }) => pid },
    {
      key: 'registry',
      title: l10n.t('The registry says'),
      width: 15,
      value: ({ registry }) => registry,
      cellHint: ({ registry }) => registry,
    },
    {
      key: 'kernel',
      title: l10n.t('The kernel says'),
      width: 24,
      value: ({ kernel }) => kernel,
      cellHint: ({ kernel }) => kernel,
    },
    {
      key: 'meaning',
      title: l10n.t('Which means'),
      width: 30,
      grow: true,
      value: ({ meaning }) => meaning,
      cellHint: ({ meaning }) => meaning,
    },
  ];
}

type Repair = Exclude<Disagreement['repair'], { none: string }>;

function repairColumn(actions: Actions, reason: string | undefined, running: (repair: Repair) => boolean): Column<Disagreement> {
  return {
    key: 'repair',
    title: l10n.t('Repair'),
    width: 10,
    controls: true,
    value: () => undefined,
    render: ({ repair, name }, tabIndex) =>
      'none' in repair ? (
        <Button label={l10n.t('No repair')} tabIndex={tabIndex} reason={repair.none} onPress={() => undefined} />
      ) : (
        <Button
          label={repair.label}
          title={l10n.t('{0}: {1}', repair.label, name)}
          tabIndex={tabIndex}
          reason={reason}
          busy={running(repair)}
          onPress={() => actions.run(repair.command, repair.pid)}
        />
      ),
  };
}
