// SPDX-License-Identifier: MIT
//
// The matrix: which process has mapped which part of the object, now or as of an event.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { Header, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { DataGrid, useGrid } from './grid';
import { GridTools } from './grid-tools';
import { isRunning, refusal } from './header';
import { processesDown, rangesDown, type Ground } from './matrix-columns';
import {
  eventsUntil,
  extentsOf,
  holdersNow,
  holdersThen,
  lackers,
  noSizes,
  rangesNow,
  sizesAfter,
  sizesOf,
  type Holder,
  type Range,
} from './matrix-model';
import { Button, Icon, Section } from './parts';
import { lacking } from './peer';
import { useResidency } from './residency';
import { useShared } from './hooks';
import type { State } from './state';
import './matrix.css';

/** Processes that fit beside each other. */
const across = 8;

export function Matrix({ state, snapshot, header }: { state: State; snapshot: Snapshot; header: Header }): JSX.Element {
  const actions = useActions();
  const [measured, measure] = useResidency();
  const { view, log } = state;
  const { moment } = view;
  const open = !view.closed.includes('matrix');
  const past = moment !== undefined;

  const sizes = useRef(noSizes);
  if (open) sizes.current = sizesOf(sizes.current, log);
  const event = past ? log.find(moment) : undefined;
  const until = useMemo(() => (past && open ? eventsUntil(log, moment) : []), [open, moment, event?.seq]);
  const ranges = useShared(
    () => (!open ? noRanges : past ? extentsOf(sizesAfter(noSizes, until), undefined) : rangesNow(sizes.current, header)),
    [open, past, until, sizes.current, header],
  );
  const last = useRef<ReadonlyMap<string, Holder>>(new Map());
  const holders = useMemo(() => {
    if (!open) return noHolders;
    if (!past) return lackingFirst(holdersNow(snapshot, last.current));
    return event ? holdersThen(until, state.wallMs + event.timeNs / 1e6, snapshot, state.names) : noHolders;
  }, [open, snapshot.peers, snapshot.strangers, until, past]);
  last.current = useMemo(() => new Map(holders.map((holder) => [holder.key, holder])), [holders]);

  const reason = refusal(state);
  const remapping = (pid: number): boolean => isRunning(state, 'peermap.remap', pid);
  const busy = holders.filter(({ pid }) => remapping(pid)).length;
  const { headerLength } = header;
  const range = ranges.find(({ offset, length }) => offset === view.range?.offset && length === view.range.length)?.key;
  const wide = holders.length <= across;
  const ground = useMemo<Ground>(
    () => ({ headerLength, measured, past, reason, remapping, remap: (pid) => actions.run('peermap.remap', pid) }),
    [headerLength, measured, past, reason, busy],
  );
  const rangeColumns = useMemo(() => (wide ? rangesDown(holders, ground, view.peer) : []), [wide, holders, ground, view.peer]);
  const processColumns = useMemo(() => (wide ? [] : processesDown(ranges, ground, range)), [wide, ranges, ground, range]);
  const label = wide
    ? l10n.t('Matrix: one row per range, one column per process')
    : l10n.t('Matrix: one row per process, one column per range');
  const name = 'matrix';
  const byRange = useGrid({ name, label, columns: rangeColumns, rows: wide ? ranges : noRanges, rowKey, view });
  const byProcess = useGrid({ name, label, columns: processColumns, rows: wide ? noHolders : holders, rowKey, view });

  const selectRange = (key: string | undefined): void => {
    const found = ranges.find((one) => one.key === key);
    if (key === undefined) actions.view({ range: undefined });
    else if (found) actions.view({ range: { offset: found.offset, length: found.length } });
  };
  const selectPeer = (key: string | undefined): void => {
    if (key === undefined || holders.some((holder) => holder.key === key)) actions.view({ peer: key });
  };
  const short = lackers(snapshot.peers);
  const title = l10n.t('{0} matrix', state.segment);
  const tools = (
    <>
      {past ? null : (
        <Button
          label={l10n.t('Measure residency')}
          title={l10n.t('Reads /proc/PID/smaps of each process once, which holds each of them up a little')}
          busy={measured.state === 'running'}
          reason={state.gone ? reason : undefined}
          onPress={() => measure(boundsOf(ranges, header.headerLength))}
        />
      )}
    </>
  );
  return (
    <Section
      name="matrix"
      title={l10n.t('Matrix')}
      aside={short === 0 ? undefined : short === 1 ? l10n.t('1 peer lacks memory') : l10n.t('{0} peers lack memory', short)}
      tools={
        wide ? (
          <GridTools of={byRange} title={title}>
            {tools}
          </GridTools>
        ) : (
          <GridTools of={byProcess} title={title}>
            {tools}
          </GridTools>
        )
      }
      closed={view.closed}
    >
      {past ? <AsOf state={state} moment={moment} /> : null}
      {measured.text === '' ? null : (
        <p class="matrix-note quiet" role="status">
          {measured.text}
        </p>
      )}
      {ranges.length === 0 ? (
        <p class="empty">{l10n.t('The events that are kept do not tell how large the segment was then.')}</p>
      ) : wide ? (
        <DataGrid
          of={byRange}
          selected={range}
          onSelect={selectRange}
          onColumn={selectPeer}
          rowClass={({ kind }) => `range-${kind}`}
        />
      ) : (
        <DataGrid of={byProcess} selected={view.peer} onSelect={selectPeer} onColumn={selectRange} />
      )}
    </Section>
  );
}

const noRanges: readonly Range[] = [];
const noHolders: readonly Holder[] = [];

/** Among a thousand nobody finds the one that it is about. */
function lackingFirst(holders: readonly Holder[]): readonly Holder[] {
  const lacks = ({ peer }: Holder): boolean => peer !== undefined && lacking(peer) > 0;
  return holders.length <= across ? holders : [...holders.filter(lacks), ...holders.filter((holder) => !lacks(holder))];
}

function rowKey({ key }: { key: string }): string {
  return key;
}

/** The object of the drawing before, if it says the same. */
function AsOf({ state, moment }: { state: State; moment: number }): JSX.Element {
  const { view } = useActions();
  const event = state.log.find(moment);
  const when = event ? wallClock(state.wallMs * 1e3 + event.timeNs / 1e3) : undefined;
  return (
    <div class="as-of" role="status">
      <Icon name="late" tone="warn" />
      <span>
        {when === undefined
          ? l10n.t('As of event {0}, which is no longer kept.', moment)
          : l10n.t('As of {0}, event {1}: what each peer had acknowledged, not what the kernel mapped.', when, moment)}
      </span>
      <Button label={l10n.t('Back to now')} onPress={() => view({ moment: undefined })} />
    </div>
  );
}

/** "12:00:01.123456", of microseconds since 1970. */
function wallClock(microseconds: number): string {
  const fraction = String(Math.floor(microseconds % 1e6)).padStart(6, '0');
  return `${new Date(microseconds / 1e3).toLocaleTimeString('en-GB')}.${fraction}`;
}

/** Where ranges begin and end in the object. */
function boundsOf(ranges: readonly Range[], headerLength: number): number[] {
  const edges = ranges.flatMap(({ offset, length }) => [offset, offset + length]);
  return [...new Set(edges.map((offset) => offset + headerLength))].filter((edge) => edge >= 0).sort((a, b) => a - b);
}
