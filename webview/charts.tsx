// SPDX-License-Identifier: MIT
//
// Charts over the timeline's window: sizes, resident memory, how long rounds took, how fast it grew.
//
// Drawn here and not by a chart library, since they share the timeline's axis, selected stretch, colours and text, which none does.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import type { Header, Snapshot } from '../extension/protocol/model';
import { chartHeight, mostOf, paintChart, type ChartName } from './charts-draw';
import { binCount, chartsOf, type Charts as Numbers } from './charts-model';
import { ChartTable, chartText, nowText, rateText, summaryOf } from './charts-text';
import { useActions } from './context';
import { useWidth } from './hooks';
import { useNow } from './now';
import { usePaced } from './pace';
import { Button, Section } from './parts';
import type { State } from './state';
import { useLook } from './theme';
import { TimeAxis } from './time-axis';
import { windowOf } from './timeline-view';
import './charts.css';

const paceMs = 150;

interface Props {
  state: State;
  snapshot: Snapshot;
  header: Header;
}

export function Charts({ state, snapshot }: Props): JSX.Element {
  const open = !state.view.closed.includes('charts');
  const [asTable, setAsTable] = useState(false);
  const { openText } = useActions();
  const tools = (
    <div class="tool-row">
      <Button label={l10n.t('Show charts as a table')} pressed={asTable} onPress={() => setAsTable(!asTable)} />
      <Button
        label={l10n.t('Open charts as text')}
        onPress={() => {
          const window = windowOf(state.view, snapshot.monotonicNs);
          const charts = chartsOf(state.log, state.samples.all, window, binCount);
          openText(l10n.t('{0} charts', state.segment), chartText(charts, state));
        }}
      />
    </div>
  );
  return (
    <Section name="charts" title={l10n.t('Charts')} tools={open ? tools : undefined} closed={state.view.closed}>
      <Body state={state} asTable={asTable} />
    </Section>
  );
}

/** Drawn only while the section is open. */
function Body({ state, asTable }: { state: State; asTable: boolean }): JSX.Element {
  const [axis, width] = useWidth<HTMLDivElement>();
  const now = useNow(state, true);
  const { view, log, samples, wallMs } = state;
  const { start, end } = windowOf(view, now);
  const wanted = useMemo(() => ({ log, samples, window: { start, end }, width }), [log, samples, start, end, width]);
  const paced = usePaced(wanted, paceMs, width);
  const charts = useMemo(() => chartsOf(paced.log, paced.samples.all, paced.window, paced.width), [paced]);
  return (
    <div class="charts">
      {chartNames().map(({ name, title }) => (
        <Chart key={name} name={name} title={title} charts={charts} state={state} width={width} />
      ))}
      <span class="lane-label quiet">{view.follow ? l10n.t('following') : l10n.t('paused')}</span>
      <div ref={axis} class="lane-picture">
        {width > 0 ? <TimeAxis range={charts.window} width={width} wallMs={wallMs} /> : null}
      </div>
      {asTable ? <ChartTable charts={charts} state={state} /> : null}
    </div>
  );
}

function chartNames(): readonly { name: ChartName; title: string }[] {
  return [
    { name: 'size', title: l10n.t('Size') },
    { name: 'resident', title: l10n.t('Resident') },
    { name: 'latency', title: l10n.t('Round latency') },
    { name: 'rate', title: l10n.t('Growth') },
  ];
}

interface ChartProps {
  name: ChartName;
  title: string;
  charts: Numbers;
  state: State;
  width: number;
}

function Chart({ name, title, charts, state, width }: ChartProps): JSX.Element {
  const { tip } = useActions();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme, look } = useLook(canvas);
  const { stretch } = state.view;
  useLayoutEffect(() => {
    const style = look();
    if (!canvas.current || !style || width === 0) return;
    const most = mostOf(charts, name);
    const top = name === 'latency' ? formatNanoseconds(1e9) : name === 'rate' ? rateText(most) : formatBytes(most);
    paintChart(canvas.current, width, { name, charts, stretch, top }, style);
  }, [charts, name, width, stretch, theme]);
  const onPointerMove = (pointer: PointerEvent): void => {
    const left = canvas.current?.getBoundingClientRect().left ?? 0;
    const bin = charts.bins[Math.floor(((pointer.clientX - left) / Math.max(1, width)) * binCount)];
    tip(bin && { x: pointer.clientX, y: pointer.clientY, lines: nowText(bin, state.wallMs) });
  };
  return (
    <>
      <div class="chart-title">
        <span>{title}</span>
        <span class="quiet">{summaryOf(name, charts).short}</span>
      </div>
      <div
        class="chart-picture"
        role="img"
        aria-label={summaryOf(name, charts).sentence}
        onPointerMove={onPointerMove}
        onPointerLeave={() => tip(undefined)}
      >
        <canvas ref={canvas} style={{ width: `${width}px`, height: `${chartHeight}px` }} aria-hidden="true" />
      </div>
    </>
  );
}
