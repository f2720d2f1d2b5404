// SPDX-License-Identifier: MIT
//
// How the heap filled while somebody looked, when it grew, and when it will at this rate.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatBytes } from '../extension/protocol/address';
import type { HeapCount } from '../extension/protocol/model';
import type { EventLog } from './event-log';
import { durationText, forecastOf, growthsOf, type Forecast, type Sample } from './heap-model';
import { useWidth } from './hooks';

interface Props {
  heap: HeapCount;
  log: EventLog;
  samples: readonly Sample[];
  reserved: number;
}

/** Events that are looked through for the last growth. */
const growthsAmong = 2_000;

export function HeapTrend({ heap, log, samples, reserved }: Props): JSX.Element {
  const growths = growthsOf(log.events(log.length - growthsAmong));
  const grown =
    heap.grown === 1
      ? l10n.t('An allocation grew the segment once.')
      : l10n.t('Allocations grew the segment {0} times.', heap.grown);
  const last = growths.at(-1);
  return (
    <>
      <p class="heap-forecast">
        <strong>{forecastText(forecastOf(samples, reserved))}</strong>{' '}
        <span class="quiet">
          {grown}
          {last ? ` ${l10n.t('The last growth was from {0} to {1}.', formatBytes(last.from), formatBytes(last.to))}` : null}
        </span>
      </p>
      {samples.length > 1 ? <Picture samples={samples} /> : null}
    </>
  );
}

function forecastText(forecast: Forecast): string {
  const observed = durationText(forecast.observedMs / 1000);
  switch (forecast.kind) {
    case 'early':
      return l10n.t('No forecast yet: the heap is being watched for a trend.');
    case 'no-trend':
      return l10n.t('No trend in the last {0}: no forecast.', observed);
    case 'trend':
      return l10n.t(
        'At the rate of the last {0}, {1} a second, the segment grows again in {2} and reaches its reservation in {3}.',
        observed,
        formatBytes(Math.round(forecast.bytesPerSecond)),
        durationText(forecast.growsInS),
        durationText(forecast.fullInS),
      );
  }
}

const height = 64;

function Picture({ samples }: { samples: readonly Sample[] }): JSX.Element {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [first, last] = [samples[0] as Sample, samples.at(-1) as Sample];
  const most = Math.max(...samples.map(({ size }) => size), 1);
  const x = (atMs: number): number => ((atMs - first.atMs) / Math.max(1, last.atMs - first.atMs)) * (width - 2) + 1;
  const y = (bytes: number): number => height - 1 - (bytes / most) * (height - 4);
  const line = (of: (sample: Sample) => number): string =>
    samples.map((one) => `${x(one.atMs).toFixed(1)},${y(of(one)).toFixed(1)}`).join(' ');
  const label = l10n.t(
    'In use from {0} to {1}, of a segment of {2}, in the last {3}',
    formatBytes(first.used),
    formatBytes(last.used),
    formatBytes(last.size),
    durationText((last.atMs - first.atMs) / 1000),
  );
  return (
    <div ref={ref} class="heap-trend">
      {width > 0 ? (
        <svg width={width} height={height} role="img" aria-label={label}>
          <title>{label}</title>
          <polyline class="trend-size" points={line(({ size }) => size)} />
          <polyline class="trend-used" points={line(({ used }) => used)} />
        </svg>
      ) : null}
      <p class="legend">
        <span>
          <i class="swatch trend-swatch" />
          {l10n.t('in use')}
        </span>
        <span>
          <i class="swatch trend-swatch dashed" />
          {l10n.t('size of the segment')}
        </span>
      </p>
    </div>
  );
}
