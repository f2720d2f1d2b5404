// SPDX-License-Identifier: MIT
//
// How long rounds and answers took: of the selected stretch of the timeline, else of what is in sight there.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { formatNanoseconds } from '../extension/protocol/address';
import type { Snapshot } from '../extension/protocol/model';
import { brushFor } from './canvas';
import { DataGrid, useGrid } from './grid';
import type { Column as GridColumn } from './grid-model';
import { GridTools } from './grid-tools';
import { pure, useShared, useWidth } from './hooks';
import { columnsOf, type Histogram, type Study } from './latency-model';
import { latencyRows, latencyText, type LatencyRow } from './latency-rows';
import { useActions } from './context';
import { peerKey } from './peer';
import type { State } from './state';
import type { View } from './view-state';
import { useLook, type Look } from './theme';

interface Props {
  segment: string;
  names: State['names'];
  snapshot: Snapshot;
  view: View;
  study: Study;
  /** A stretch was selected; otherwise it is of what is in sight. */
  stretched: boolean;
}

export const Latency = pure<Props>(({ segment, names, snapshot, view: shown, study, stretched }) => {
  const { view } = useActions();
  const rows = useShared(() => latencyRows(study, names, snapshot), [study, names, snapshot.peers]);
  const columns = useMemo(columnsOfGrid, []);
  const grid = useGrid({
    name: 'latency',
    label: l10n.t('Latency: one row per peer'),
    columns,
    rows,
    rowKey: ({ key }) => key,
    view: shown,
  });
  if (study.answers.total + study.rounds.total + study.inside.total === 0) return null;
  const isPeer = (key: string): boolean => snapshot.peers.some((peer) => peerKey(peer) === key);
  return (
    <div class="latency">
      <div class="latency-head">
        <h3>{stretched ? l10n.t('Latency of the selected stretch') : l10n.t('Latency of what is in sight')}</h3>
        <p class="legend" aria-hidden="true">
          <span>
            <i class="swatch ack" />
            {l10n.t('answers')}
          </span>
          <span>
            <i class="swatch outlined" />
            {l10n.t('rounds')}
          </span>
        </p>
        <GridTools of={grid} title={l10n.t('{0} latency', segment)} />
      </div>
      <Picture study={study} />
      <DataGrid
        of={grid}
        selected={shown.peer}
        onSelect={(key) => view({ peer: key !== undefined && isPeer(key) ? key : undefined })}
      />
    </div>
  );
});

function columnsOfGrid(): readonly GridColumn<LatencyRow>[] {
  const time = (key: 'p50' | 'p90' | 'p99' | 'max', hint: string): GridColumn<LatencyRow> => ({
    key: `${key}Ns`,
    title: key === 'max' ? l10n.t('Longest') : key,
    hint,
    align: 'end',
    width: 10,
    value: (row) => row[key],
    render: (row) => (row[key] === undefined ? '' : formatNanoseconds(Math.round(row[key]))),
  });
  return [
    { key: 'name', title: l10n.t('Of'), width: 22, grow: true, names: true, value: ({ name }) => name },
    { key: 'count', title: l10n.t('Count'), align: 'end', width: 9, value: ({ count }) => count },
    {
      key: 'late',
      title: l10n.t('Late'),
      hint: l10n.t('answers that did not come by the deadline'),
      align: 'end',
      width: 6,
      value: ({ late }) => late,
    },
    time('p50', l10n.t('half of them took no longer')),
    time('p90', l10n.t('90 of a hundred took no longer')),
    time('p99', l10n.t('99 of a hundred took no longer')),
    time('max', l10n.t('the longest of all')),
  ];
}

const height = 96;

function Picture({ study }: { study: Study }): JSX.Element {
  const [ref, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme, look } = useLook(canvas);
  useLayoutEffect(() => {
    const style = look();
    if (canvas.current && style && width > 0) paint(canvas.current, study, width, style);
  }, [study, width, theme]);
  return (
    <div ref={ref} class="latency-picture" role="img" aria-label={latencyText(study)}>
      <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} aria-hidden="true" />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, study: Study, width: number, { palette, font }: Look): void {
  const brush = brushFor(canvas, width, height);
  if (!brush) return;
  const columns = columnsOf(study);
  const [first, last] = [columns[0], columns.at(-1)];
  if (!first || !last) return;
  // Each octave is as wide as the next, with some room beside a single one.
  const [low, high] = [Math.log2(first.from) - 0.5, Math.log2(last.to) + 0.5];
  const x = (ns: number): number => ((Math.log2(Math.max(ns, 1)) - low) / (high - low)) * width;
  const most = Math.max(...columns.map(({ answers, rounds }) => Math.max(answers, rounds)));
  const floor = height - 16;
  // A single slow one beside a million fast ones is what one looks for: it is at least two pixels high.
  const y = (count: number): number => (count === 0 ? 0 : 2 + (Math.log1p(count) / Math.log1p(most)) * (floor - 16));
  for (const { from, to, answers, rounds } of columns) {
    const [left, right] = [x(from), x(to)];
    brush.fillStyle = palette.accent;
    brush.fillRect(left, floor - y(answers), Math.max(1, right - left - 1), y(answers));
    if (rounds === 0) continue;
    brush.strokeStyle = palette.ok;
    brush.lineWidth = 1.5;
    brush.strokeRect(left + 0.5, floor - y(rounds) + 0.5, Math.max(1, right - left - 2), y(rounds) - 0.5);
  }
  brush.font = font;
  brush.fillStyle = palette.line;
  brush.fillRect(0, floor, width, 1);
  brush.textBaseline = 'top';
  brush.textAlign = 'center';
  const decades = ((high - low) * Math.LN2) / Math.LN10;
  // Where there are few decades, their halves and fifths as well.
  const steps = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const first10 = Math.floor((low * Math.LN2) / Math.LN10);
  const ticks = Array.from({ length: Math.ceil(decades) + 2 }, (_, power) => steps.map((step) => step * 10 ** (first10 + power)));
  for (const tick of ticks.flat()) {
    const at = x(tick);
    if (at < 0 || at > width) continue;
    brush.fillStyle = palette.line;
    brush.fillRect(Math.round(at), floor, 1, 4);
    brush.fillStyle = palette.quiet;
    if (at > 20 && at < width - 20) brush.fillText(formatNanoseconds(tick), at, floor + 4);
  }
  paintPercentiles(
    brush,
    study.answers.total > 0 ? study.answers : study.rounds.total > 0 ? study.rounds : study.inside,
    x,
    floor,
    palette,
  );
}

function paintPercentiles(
  brush: CanvasRenderingContext2D,
  times: Histogram,
  x: (ns: number) => number,
  floor: number,
  palette: { text: string },
): void {
  brush.textAlign = 'left';
  let free = -Infinity;
  for (const percent of [50, 90, 99]) {
    const at = Math.round(x(times.percentile(percent) ?? 0));
    brush.strokeStyle = brush.fillStyle = palette.text;
    brush.lineWidth = 1;
    brush.setLineDash([2, 2]);
    brush.beginPath();
    brush.moveTo(at + 0.5, 2);
    brush.lineTo(at + 0.5, floor);
    brush.stroke();
    brush.setLineDash([]);
    const text = `p${percent}`;
    if (at + 3 < free) continue;
    brush.fillText(text, at + 3, 1);
    free = at + 6 + brush.measureText(text).width;
  }
}
