// SPDX-License-Identifier: MIT
//
// How much of what is mapped is in memory, measured when a person asks: looking holds each process up a little, so it is never repeated.

import * as l10n from '@vscode/l10n';
import { useState } from 'preact/hooks';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import type { Residency } from '../extension/protocol/model';
import { useActions } from './context';

export interface Measured {
  state: 'never' | 'running' | 'done' | 'failed';
  text: string;
  byPid: ReadonlyMap<number, Residency>;
}

const never: Measured = { state: 'never', text: '', byPid: new Map() };

/** What is measured is told in pieces at these offsets in the object. */
export function useResidency(): [Measured, (bounds: readonly number[]) => void] {
  const { ask } = useActions();
  const [measured, setMeasured] = useState<Measured>(never);
  const measure = (bounds: readonly number[]): void => {
    setMeasured((before) => ({ ...before, state: 'running' }));
    ask('peermap/residency', { bounds: [...bounds] }).then(
      ({ value, problems }) => setMeasured(taken(value, problems.length)),
      (error: unknown) =>
        setMeasured({ ...never, state: 'failed', text: error instanceof Error ? error.message : String(error) }),
    );
  };
  return [measured, measure];
}

function taken(all: readonly Residency[], failed: number): Measured {
  const sum = formatNanoseconds(all.reduce((total, { tookNs }) => total + tookNs, 0));
  const longest = formatNanoseconds(all.reduce((most, { tookNs }) => Math.max(most, tookNs), 0));
  const measured =
    all.length === 1
      ? l10n.t('Measured 1 process, which was held up for {0}.', sum)
      : l10n.t('Measured {0} processes in {1}, none of them held up for more than {2}.', all.length, sum, longest);
  const rest =
    failed === 0
      ? ''
      : failed === 1
        ? l10n.t('1 process could not be measured.')
        : l10n.t('{0} processes could not be measured.', failed);
  return { state: 'done', text: `${measured} ${rest}`.trim(), byPid: new Map(all.map((one) => [one.pid, one])) };
}

type Amount = 'resident' | 'proportional';

/** Of all mappings of a process that touch a range; whether they reach beyond it, so that the number is not the range's alone. */
export function amountIn(
  residency: Residency | undefined,
  from: number,
  to: number,
  what: Amount,
): { bytes: number; beyond: boolean } | undefined {
  const touching = residency?.ranges.filter(({ offset, length }) => offset < to && offset + length > from) ?? [];
  if (touching.length === 0) return undefined;
  return {
    bytes: touching.reduce((sum, one) => sum + one[what], 0),
    beyond: touching.some(({ offset, length }) => offset < from || offset + length > to),
  };
}

/** "64 KiB resident, 21.3 KiB proportional" of everything that a process maps. */
export function totalText(residency: Residency): string {
  const total = (what: Amount): string => formatBytes(residency.ranges.reduce((sum, one) => sum + one[what], 0));
  return l10n.t('{0} resident, {1} proportional', total('resident'), total('proportional'));
}
