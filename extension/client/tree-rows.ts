// SPDX-License-Identifier: MIT
//
// What the Segments view says: rows made of summaries and snapshots, and which of them another snapshot changes.  Text and ids only; how
// they come onto the screen is tree.ts.
//
//     segment  demo          2 MiB of 16 GiB · 3 peers, and whose it is, if it is another user's
//       peer   indexer       pid 4711 · 2 MiB, or: pid 4711 · ahead to 66 MiB
//         mapping 0x7e80…    2 MiB · rw-s · offset 0x21000

import * as l10n from '@vscode/l10n';
import { formatBytes } from '../protocol/address';
import { methodWords, stateWords } from '../protocol/mapping';
import { heldText, pidText, thawText } from '../protocol/process';
import { peerCount } from './counts';
import { sparkline } from './sparkline';
import { otherUser } from './users';
import type { Header, Mapping, Peer, Problem, SegmentSummary, Snapshot } from '../protocol/model';

export type Icon = 'segment' | 'alive' | 'late' | 'dead' | 'attaching' | 'mapping' | 'missing' | 'problem';

export interface Row {
  /** The same for as long as the thing is the same, so that selection and expansion stay. */
  id: string;
  label: string;
  description: string;
  tooltip: string;
  icon: Icon;
  /** Words for `viewItem` in the manifest. */
  context: string;
  pid?: number;
  children: Row[];
}

/** What the view hands to a command. */
export interface Node {
  readonly nodeOf: 'peermap';
  readonly id: string;
  readonly segment: string;
  readonly pid?: number | undefined;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'nodeOf' in value && value.nodeOf === 'peermap';
}

/** `sizes`: those that it had, oldest first. */
export function segmentRow(
  summary: SegmentSummary,
  snapshot: Snapshot | undefined,
  attached: boolean,
  sizes: readonly number[] = [],
): Row {
  const header = snapshot?.header;
  const active = header?.active ?? summary.active;
  const reserved = header?.reserved ?? summary.reserved;
  const alive = aliveIn(summary, snapshot);
  const dead = snapshot ? snapshot.peers.length - alive : (summary.dead ?? 0);
  const problems = snapshot?.problems ?? (summary.problem ? [summary.problem] : []);
  const readable = active !== undefined && reserved !== undefined;
  const words = readable
    ? [
        l10n.t('{0} of {1}', formatBytes(active), formatBytes(reserved)),
        peerCount(alive),
        ...(dead > 0 ? [l10n.t('{0} dead', dead)] : []),
      ]
    : [l10n.t('not readable')];
  const other = otherUser(snapshot?.object.uid ?? summary.uid);
  if (other !== undefined) words.push(l10n.t('belongs to {0}', other));
  if (attached) words.push(l10n.t('attached'));
  const line = sparkline(sizes);
  const id = `segment:${summary.name}`;
  return {
    id,
    label: summary.name,
    description: [...words, ...(line === '' ? [] : [line])].join(' · '),
    tooltip: [`/dev/shm/peermap.${summary.name}`, ...words, ...problems.map((problem) => problem.text)].join('\n'),
    icon: readable ? 'segment' : 'problem',
    context: ['segment', attached ? 'attached' : 'detached', ...(dead > 0 ? ['dead'] : [])].join(' '),
    children: [
      ...(snapshot?.peers ?? []).map((peer) => peerRow(summary.name, peer, header)),
      ...problems.map((problem) => problemRow(id, problem)),
    ],
  };
}

export function aliveIn(summary: SegmentSummary, snapshot: Snapshot | undefined): number {
  return snapshot ? snapshot.peers.filter((peer) => peer.state !== 'dead').length : (summary.alive ?? 0);
}

function peerRow(segment: string, peer: Peer, header: Header | undefined): Row {
  const id = `peer:${segment}/${peer.slot}/${peer.generation}`;
  const stopped = heldText(peer);
  // While a round is under way every peer is late until it has answered, for microseconds: that is no news, and would flicker.
  const passing = header?.lock !== undefined && !stopped;
  const state = peer.state === 'late' && passing ? 'alive' : peer.state;
  const missing = peer.state === 'dead' || passing ? [] : (peer.missing ?? []);
  // How far ahead, not how much: the same before and after a growth that needs nothing of the peer.
  const ahead = header !== undefined && peer.mapped > header.active && peer.state !== 'dead';
  const mapped = ahead ? l10n.t('ahead to {0}', formatBytes(peer.mapped)) : formatBytes(peer.mapped);
  const words = [`pid ${pidText(peer)}`, mapped, ...(state === 'alive' ? [] : [stateWords[state]])];
  if (peer.readOnly) words.push(l10n.t('only reads'));
  if (stopped) words.push(stopped);
  if (missing.length > 0) words.push(l10n.t('mapping incomplete'));
  return {
    id,
    label: peer.name,
    description: words.join(' · '),
    tooltip: [peer.name, ...words, ...(peer.frozen ? [thawText(peer)] : []), ...placeLines(peer)].join('\n'),
    icon: state,
    context: `peer ${state}`,
    pid: peer.pid,
    children: [
      ...(peer.mappings ?? []).map((mapping) => mappingRow(id, mapping)),
      ...missing.map((run) => ({
        id: `missing:${id}/${run.address}`,
        label: run.address,
        description: l10n.t('{0} not mapped', formatBytes(run.length)),
        tooltip: l10n.t('The header says that this is active memory; the kernel does not map it here.'),
        icon: 'missing' as const,
        context: 'missing',
        children: [],
      })),
    ],
  };
}

/** Who maps by itself comes and goes with every round, and is no news. */
function placeLines({ base, relocated, method, noPtrace, readOnly }: Peer): string[] {
  return [
    relocated ? l10n.t('base {0} (relocated: raw pointers do not hold)', base) : l10n.t('base {0}', base),
    ...(method === 'unstop' ? [l10n.t('in the last round it {0}', methodWords[method])] : []),
    ...(readOnly ? [l10n.t('only reads: it has the whole reservation mapped so, and nobody waits for it')] : []),
    ...(noPtrace ? [l10n.t('lets nobody reach into it (no-ptrace)')] : []),
  ];
}

function mappingRow(peer: string, mapping: Mapping): Row {
  const words = [formatBytes(mapping.length), mapping.permissions, l10n.t('offset {0}', `0x${mapping.offset.toString(16)}`)];
  return {
    id: `mapping:${peer}/${mapping.address}`,
    label: mapping.address,
    description: words.join(' · '),
    tooltip: [mapping.address, ...words].join('\n'),
    icon: 'mapping',
    context: 'mapping',
    children: [],
  };
}

/** Of one place there may be several. */
function problemRow(parent: string, { code, where, text }: Problem): Row {
  return {
    id: `problem:${parent}/${code}/${where}/${text}`,
    label: where,
    description: text,
    tooltip: text,
    icon: 'problem',
    context: 'problem',
    children: [],
  };
}

/**
 * The ids of the rows that must be drawn again so that `before` becomes `after`.  A row whose children come, go or move is drawn with
 * everything below it; otherwise only what reads differently is.
 */
export function changedRows(before: Row, after: Row): string[] {
  const sameChildren = ids(before) === ids(after);
  const reads = (row: Row) => JSON.stringify({ ...row, children: row.children.length > 0 });
  if (!sameChildren) return [after.id];
  const below = after.children.flatMap((child, index) => changedRows(before.children[index] ?? child, child));
  return reads(before) === reads(after) ? below : [after.id, ...below];
}

function ids(row: Row): string {
  return row.children.map((child) => child.id).join('\n');
}
