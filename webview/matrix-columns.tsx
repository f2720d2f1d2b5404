// SPDX-License-Identifier: MIT
//
// The matrix as columns of a grid, either way round: ranges down and processes across while those are few, otherwise processes down, so
// that a thousand of them are rows to scroll through.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatBytes } from '../extension/protocol/address';
import type { Column } from './grid-model';
import { cellOf, type Cell, type Holder, type Range } from './matrix-model';
import { Button, Icon } from './parts';
import { amountIn, totalText, type Measured } from './residency';

export interface Ground {
  headerLength: number;
  measured: Measured;
  /** As of a moment that has passed. */
  past: boolean;
  reason: string | undefined;
  remapping: (pid: number) => boolean;
  remap: (pid: number) => void;
}

export function rangeTitle({ kind, growths, newest, offset }: Range): string {
  if (kind === 'header') return l10n.t('header');
  if (kind === 'ahead') return l10n.t('mapped ahead');
  if (kind === 'reserved') return l10n.t('reserved');
  if (growths > 1) return l10n.t('{0} earlier growths', growths);
  if (growths === 0 && offset === 0) return l10n.t('first size');
  if (growths === 0 && !newest) return l10n.t('earlier growths');
  return newest ? l10n.t('newest growth') : l10n.t('growth');
}

export function rangesDown(holders: readonly Holder[], ground: Ground, selected: string | undefined): Column<Range>[] {
  return [
    {
      key: 'range',
      title: l10n.t('Range'),
      width: 18,
      names: true,
      value: rangeTitle,
      cellHint: ({ seq }) => (seq === undefined ? undefined : l10n.t('made by event {0}', seq)),
    },
    offsetColumn(),
    {
      key: 'length',
      title: l10n.t('Size'),
      align: 'end',
      width: 9,
      value: ({ length }) => length,
      render: ({ length }) => formatBytes(length),
    },
    ...holders.map((holder): Column<Range> => {
      const total = ground.measured.byPid.get(holder.pid);
      return {
        ...cellColumn<Range>(ground, (range) => [holder, range]),
        key: holder.key,
        title: l10n.t('{0} {1}', holder.name, holder.pid),
        hint: total ? totalText(total) : holderHint(holder),
        selected: holder.key === selected,
      };
    }),
  ];
}

export function processesDown(ranges: readonly Range[], ground: Ground, selected: string | undefined): Column<Holder>[] {
  return [
    { key: 'name', title: l10n.t('Process'), width: 16, names: true, value: ({ name }) => name, cellHint: holderHint },
    { key: 'pid', title: l10n.t('PID'), align: 'end', width: 6, value: ({ pid }) => pid },
    ...[...ranges].reverse().map((range): Column<Holder> => ({
      ...cellColumn<Holder>(ground, (holder) => [holder, range]),
      key: range.key,
      title: l10n.t('{0}, {1}', rangeTitle(range), formatBytes(range.length)),
      hint: l10n.t('{0} from offset {1}', formatBytes(range.length), offsetText(range.offset)),
      selected: range.key === selected,
    })),
  ];
}

function offsetColumn(): Column<Range> {
  return {
    key: 'offset',
    title: l10n.t('Offset'),
    align: 'end',
    width: 10,
    value: ({ offset }) => offset,
    render: ({ offset }) => offsetText(offset),
    cellClass: () => 'number',
  };
}

function offsetText(offset: number): string {
  return offset < 0 ? `-0x${(-offset).toString(16)}` : `0x${offset.toString(16)}`;
}

function holderHint({ peer, acknowledged }: Holder): string {
  if (acknowledged !== undefined) return l10n.t('had acknowledged {0}', formatBytes(acknowledged));
  if (!peer) return l10n.t('not in the registry');
  return peer.readOnly
    ? l10n.t('slot {0} of the registry; only reads', peer.slot)
    : l10n.t('slot {0} of the registry', peer.slot);
}

type CellColumn<R> = Pick<Column<R>, 'width' | 'value' | 'render' | 'cellClass' | 'cellHint'>;

function cellColumn<R>(ground: Ground, pick: (row: R) => [Holder, Range]): CellColumn<R> {
  const cell = (row: R): Cell => cellOf(...pick(row), ground.headerLength);
  return {
    // Address, permissions, and how much is in memory once that was measured.
    width: ground.measured.byPid.size > 0 ? 42 : 23,
    value: (row) => cellText(cell(row), pick(row)[1]),
    render: (row, tabIndex) => (
      <CellView cell={cell(row)} holder={pick(row)[0]} range={pick(row)[1]} ground={ground} tabIndex={tabIndex} />
    ),
    cellClass: (row) => (cell(row).lacks ? 'lacking' : ''),
    cellHint: (row) => residentHint(ground, ...pick(row)),
  };
}

/** What a cell says without its picture. */
export function cellText({ state, bytes, address, permissions }: Cell, range: Range): string {
  switch (state) {
    case 'mapped':
      return address === undefined ? l10n.t('mapped') : `${address} ${permissions}`;
    case 'partly':
      return l10n.t('{0} of {1}', formatBytes(bytes), formatBytes(range.length));
    case 'not':
      return l10n.t('not mapped');
    case 'unknown':
      return l10n.t('unknown');
  }
}

function residentHint({ measured, headerLength }: Ground, { pid }: Holder, range: Range): string | undefined {
  const from = range.offset + headerLength;
  const residency = measured.byPid.get(pid);
  const resident = amountIn(residency, from, from + range.length, 'resident');
  const proportional = amountIn(residency, from, from + range.length, 'proportional');
  if (!resident || !proportional) return undefined;
  const [whole, share] = [formatBytes(resident.bytes), formatBytes(proportional.bytes)];
  return resident.beyond
    ? l10n.t('{0} resident, {1} proportional, of a mapping that reaches beyond this range', whole, share)
    : l10n.t('{0} resident, {1} proportional', whole, share);
}

interface CellProps {
  cell: Cell;
  holder: Holder;
  range: Range;
  ground: Ground;
  tabIndex: number;
}

function CellView({ cell, holder, range, ground, tabIndex }: CellProps): JSX.Element {
  const text = cellText(cell, range);
  if (cell.lacks && !ground.past) {
    return (
      <Button
        label={cell.state === 'partly' ? l10n.t('{0}: remap', text) : l10n.t('Not mapped: remap')}
        title={l10n.t('Have {0} map the segment anew', holder.name)}
        icon="error"
        tabIndex={tabIndex}
        reason={ground.reason}
        busy={ground.remapping(holder.pid)}
        onPress={() => ground.remap(holder.pid)}
      />
    );
  }
  if (cell.state === 'not' || cell.state === 'unknown') {
    return (
      <>
        {cell.lacks ? <Icon name="error" tone="bad" /> : null}
        <span class="quiet">{text}</span>
      </>
    );
  }
  const from = range.offset + ground.headerLength;
  const measured = ground.measured.byPid.get(holder.pid);
  const resident = amountIn(measured, from, from + range.length, 'resident');
  const share = amountIn(measured, from, from + range.length, 'proportional');
  return (
    <>
      <Icon name={cell.state === 'mapped' ? 'check' : 'warning'} tone={cell.state === 'mapped' ? 'ok' : 'warn'} />
      <span class={cell.address === undefined ? '' : 'number'}>{text}</span>{' '}
      {resident && share && !resident.beyond ? (
        <span class="detail">{l10n.t('{0}, share {1}', formatBytes(resident.bytes), formatBytes(share.bytes))}</span>
      ) : null}
    </>
  );
}
