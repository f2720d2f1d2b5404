// SPDX-License-Identifier: MIT
//
// The charts in words and in a table.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import type { Bin, Charts } from './charts-model';
import type { ChartName } from './charts-draw';
import { DataGrid, useGrid } from './grid';
import type { Column } from './grid-model';
import { GridTools } from './grid-tools';
import type { State } from './state';

const bytes = (value: number): string => (Number.isNaN(value) ? l10n.t('unknown') : formatBytes(Math.round(value)));

export function rateText(rate: number): string {
  return Number.isNaN(rate) ? l10n.t('unknown') : l10n.t('{0}/s', formatBytes(Math.round(rate)));
}

/** For the title of a chart, and for those who do not see it. */
export function summaryOf(name: ChartName, { active, target, resident, bins }: Charts): { short: string; sentence: string } {
  const last = (values: Float64Array): number => values.at(-1) ?? NaN;
  const first = (values: Float64Array): number => values.find((value) => !Number.isNaN(value)) ?? NaN;
  switch (name) {
    case 'size':
      return {
        short: bytes(last(active)),
        sentence: l10n.t(
          'Active size: from {0} to {1}; target {2}.',
          bytes(first(active)),
          bytes(last(active)),
          bytes(last(target)),
        ),
      };
    case 'resident':
      return {
        short: bytes(last(resident)),
        sentence: l10n.t('Resident memory of the object: from {0} to {1}.', bytes(first(resident)), bytes(last(resident))),
      };
    case 'latency': {
      const rounds = bins.reduce((sum, bin) => sum + bin.rounds, 0);
      const longest = formatNanoseconds(Math.max(0, ...bins.map((bin) => bin.longest)));
      if (rounds === 0) return { short: l10n.t('no rounds'), sentence: l10n.t('Round latency: no rounds.') };
      return {
        short: l10n.t('up to {0}', longest),
        sentence:
          rounds === 1
            ? l10n.t('Round latency: 1 round, which took {0}.', longest)
            : l10n.t('Round latency: {0} rounds, the longest took {1}.', rounds.toLocaleString('en-US'), longest),
      };
    }
    case 'rate': {
      const rates = bins.map(({ rate }) => rate).filter((rate) => !Number.isNaN(rate));
      const most = rateText(rates.length === 0 ? NaN : Math.max(...rates));
      return {
        short: l10n.t('up to {0}', most),
        sentence: l10n.t('Growth: at most {0}, last {1}.', most, rateText(rates.at(-1) ?? NaN)),
      };
    }
  }
}

function timeText(ns: number, wallMs: number): string {
  const date = new Date(wallMs + ns / 1e6);
  return Number.isNaN(date.getTime())
    ? ''
    : `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** What was so at a time, to point at. */
export function nowText(bin: Bin, wallMs: number): string[] {
  return [
    l10n.t('{0}, {1} long', timeText(bin.from, wallMs), formatNanoseconds(Math.round(bin.to - bin.from))),
    l10n.t('active {0}, target {1}', bytes(bin.active), bytes(bin.target)),
    l10n.t('resident {0}', bytes(bin.resident)),
    l10n.t('growth {0}', rateText(bin.rate)),
    bin.rounds === 1
      ? l10n.t('1 round, which took {0}', formatNanoseconds(bin.longest))
      : l10n.t('{0} rounds, the longest took {1}', bin.rounds.toLocaleString('en-US'), formatNanoseconds(bin.longest)),
  ];
}

export function chartText(charts: Charts, { segment, wallMs }: State): string {
  const names: readonly ChartName[] = ['size', 'resident', 'latency', 'rate'];
  return [
    l10n.t('Charts of {0}', segment),
    '',
    ...names.map((name) => summaryOf(name, charts).sentence),
    '',
    ...charts.bins.map((bin) => nowText(bin, wallMs).join('; ')),
    '',
  ].join('\n');
}

const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : Math.round(value));

export function ChartTable({ charts, state }: { charts: Charts; state: State }): JSX.Element {
  const { wallMs } = state;
  const columns = useMemo<readonly Column<Bin>[]>(() => {
    const size = (key: 'active' | 'target' | 'resident', title: string): Column<Bin> => ({
      key: `${key}Bytes`,
      title,
      align: 'end',
      width: 11,
      value: (bin) => known(bin[key]),
      render: (bin) => bytes(bin[key]),
    });
    return [
      { key: 'from', title: l10n.t('From'), width: 14, names: true, value: ({ from }) => timeText(from, wallMs) },
      size('active', l10n.t('Active')),
      size('target', l10n.t('Target')),
      size('resident', l10n.t('Resident')),
      {
        key: 'bytesPerSecond',
        title: l10n.t('Growth'),
        align: 'end',
        width: 13,
        value: ({ rate }) => known(rate),
        render: ({ rate }) => rateText(rate),
      },
      { key: 'rounds', title: l10n.t('Rounds'), align: 'end', width: 8, value: ({ rounds }) => rounds },
      {
        key: 'longestNs',
        title: l10n.t('Longest'),
        align: 'end',
        width: 10,
        grow: true,
        value: ({ longest }) => longest,
        render: ({ longest }) => formatNanoseconds(longest),
      },
    ];
  }, [wallMs]);
  const grid = useGrid({
    name: 'charts',
    label: l10n.t('Charts as a table'),
    columns,
    rows: charts.bins,
    rowKey: ({ from }) => String(from),
    view: state.view,
  });
  return (
    <div class="chart-table">
      <GridTools of={grid} title={l10n.t('{0} charts', state.segment)} />
      <DataGrid of={grid} />
    </div>
  );
}
