// SPDX-License-Identifier: MIT
//
// How long rounds and answers took: of the selected stretch of the timeline, else of what is in sight there.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { formatNanoseconds } from '../extension/protocol/address';
import type { Snapshot } from '../extension/protocol/model';
import { brushFor, fontOf } from './canvas';
import { DataGrid, useGrid } from './grid';
import type { Column as GridColumn } from './grid-model';
import { GridTools } from './grid-tools';
import { useWidth } from './hooks';
import { columnsOf, type Histogram, type Study } from './latency-model';
import { useActions } from './context';
import { nameOf } from './event-text';
import { peerKey } from './peer';
import { share } from './share';
import type { State } from './state';
import { useTheme } from './theme';
import { paletteOf } from './timeline-look';

interface LatencyRow {
  key: string;
  name: string;
  count: number;
  late: number;
  p50: number | undefined;
  p90: number | undefined;
  p99: number | undefined;
  max: number;
}

function rowOf(key: string, name: string, times: Histogram, late: number): LatencyRow {
  const { total: count, max } = times;
  return { key, name, count, late, p50: times.percentile(50), p90: times.percentile(90), p99: times.percentile(99), max };
}

/** Of everybody, and then of each peer; the slowest first. */
export function latencyRows(
  study: Study,
  names: State['names'],
  snapshot: Snapshot,
  holders: ReadonlyMap<number, number>,
): LatencyRow[] {
  const late = [...study.lateBySlot.values()].reduce((sum, count) => sum + count, 0);
  const all = [
    rowOf('rounds', l10n.t('all rounds'), study.rounds, 0),
    rowOf('inside', l10n.t('all growths that ask nobody'), study.inside, 0),
    rowOf('answers', l10n.t('all answers'), study.answers, late),
  ].filter(({ count }) => count > 0);
  const slots = new Map(snapshot.peers.map((peer) => [peer.slot, peer]));
  const peers = [...study.bySlot].map(([slot, times]) => {
    const peer = slots.get(slot);
    const name = peer?.name ?? nameOf(names, snapshot.peers, slot, holders.get(slot) ?? 0);
    return rowOf(peer ? peerKey(peer) : `slot ${slot}`, name, times, study.lateBySlot.get(slot) ?? 0);
  });
  return [...all, ...peers.sort((a, b) => (b.p99 ?? 0) - (a.p99 ?? 0))];
}

interface Props {
  state: State;
  snapshot: Snapshot;
  study: Study;
}

export function Latency({ state, snapshot, study }: Props): JSX.Element | null {
  const { view } = useActions();
  const last = useRef<readonly LatencyRow[]>([]);
  const rows = useMemo(
    () => (last.current = share(last.current, latencyRows(study, state.names, snapshot, state.log.holders))),
    [study, state.names, snapshot.peers],
  );
  const columns = useMemo(columnsOfGrid, []);
  const grid = useGrid({
    name: 'latency',
    label: l10n.t('Latency: one row per peer'),
    columns,
    rows,
    rowKey: ({ key }) => key,
    view: state.view,
  });
  if (study.answers.total + study.rounds.total + study.inside.total === 0) return null;
  const isPeer = (key: string): boolean => snapshot.peers.some((peer) => peerKey(peer) === key);
  return (
    <div class="latency">
      <div class="latency-head">
        <h3>{state.view.stretch ? l10n.t('Latency of the selected stretch') : l10n.t('Latency of what is in sight')}</h3>
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
        <GridTools of={grid} title={l10n.t('{0} latency', state.segment)} />
      </div>
      <Picture study={study} />
      <DataGrid
        of={grid}
        selected={state.view.peer}
        onSelect={(key) => view({ peer: key !== undefined && isPeer(key) ? key : undefined })}
      />
    </div>
  );
}

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

/** A sentence for those who do not see the picture. */
export function latencyText({ answers, rounds, inside }: Study): string {
  const line = (times: Histogram, what: string): string =>
    l10n.t(
      '{0}: {1}, half of them within {2}, 99 of a hundred within {3}, the longest {4}.',
      what,
      times.total.toLocaleString('en-US'),
      formatNanoseconds(Math.round(times.percentile(50) ?? 0)),
      formatNanoseconds(Math.round(times.percentile(99) ?? 0)),
      formatNanoseconds(times.max),
    );
  const lines = [];
  if (rounds.total > 0) lines.push(line(rounds, l10n.t('Rounds')));
  if (inside.total > 0) lines.push(line(inside, l10n.t('Growths that ask nobody')));
  if (answers.total > 0) lines.push(line(answers, l10n.t('Answers')));
  return lines.join(' ');
}

function Picture({ study }: { study: Study }): JSX.Element {
  const [ref, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  useLayoutEffect(() => {
    if (canvas.current && width > 0) paint(canvas.current, study, width);
  }, [study, width, theme]);
  return (
    <div ref={ref} class="latency-picture" role="img" aria-label={latencyText(study)}>
      <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} aria-hidden="true" />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, study: Study, width: number): void {
  const brush = brushFor(canvas, width, height);
  if (!brush) return;
  const palette = paletteOf(canvas);
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
  brush.font = fontOf(canvas);
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
