// SPDX-License-Identifier: MIT
//
// A segment as text: for a person, for a comparison line by line, for a bug report, for a language model.  The same state gives the same
// text: the order is that of slots, names and offsets, and nothing in it ticks - no clock, no latency of a round that came to the same.

import * as l10n from '@vscode/l10n';
import { formatBytes, formatMode, plus } from './address';
import { describeHeap, describeRound } from './describe-parts';
import { methodWords, opWords } from './mapping';
import { heldText, pidHere, pidText, thawText, unseenText, userText } from './process';
import type { Header, HeapCount, Mapping, Peer, PeermapEvent, Problem, ProblemCode, ProcessFacts, Snapshot } from './model';

export interface Described {
  snapshot: Snapshot;
  events?: readonly PeermapEvent[];
  heap?: HeapCount | null;
  facts?: readonly ProcessFacts[];
  problems?: readonly Problem[];
}

/** Lines, each ending in a line end; two spaces for each level. */
export function describe({ snapshot, events = [], heap, facts = [], problems = [] }: Described): string {
  const { header, peers, roots, strangers } = snapshot;
  const told = [...snapshot.problems, ...problems];
  const wrong = told.filter(({ code }) => !isUnseen(code));
  const unseen = told.filter(({ code }) => isUnseen(code));
  const parts = [
    section(l10n.t('Segment {0}', snapshot.name), segmentLines(snapshot)),
    section(
      l10n.t('Peers: {0}', peers.length),
      by(peers, ({ slot }) => slot).flatMap((peer) => peerLines(peer, header, facts)),
    ),
    section(
      l10n.t('Not registered, and maps it: {0}', strangers.length),
      by(strangers, ({ pid }) => pid).flatMap(({ pid, command, mappings }) => [
        `${command} (${pid})`,
        ...mappings.map(mappingLine),
      ]),
    ),
    section(
      l10n.t('Roots: {0}', roots.length),
      by(roots, ({ offset }) => offset).map(({ name, type, offset, size, version }) =>
        l10n.t('{0}: {1}, version {2}, {3} at offset {4}', name, type || '?', version, formatBytes(size), hex(offset)),
      ),
    ),
    section(l10n.t('Last round'), describeRound(events, peers)),
    section(l10n.t('Heap'), heap ? describeHeap(heap) : []),
    section(l10n.t('Problems: {0}', wrong.length), wrong.map(problemLine).sort()),
    section(l10n.t('Not seen: {0}', unseen.length), unseen.map(problemLine).sort()),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n') + '\n')
    .join('\n');
}

/** Something could not be looked at: nothing is wrong with the segment for that. */
function isUnseen(code: ProblemCode): boolean {
  return code === 'no-access' || code === 'no-process' || code === 'left-out';
}

function problemLine({ where, text }: Problem): string {
  return `${where}: ${text}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

function segmentLines({ header, object }: Snapshot): string[] {
  const { inode, length, allocated, uid, mode } = object;
  const file = [
    l10n.t('object: inode {0}, {1}, {2} in memory', inode, formatBytes(length), formatBytes(allocated)),
    l10n.t('owner: uid {0}, mode {1}', uid, formatMode(mode)),
  ];
  return header ? [...headerLines(header), ...file] : [l10n.t('cannot be read as a segment'), ...file];
}

function headerLines(header: Header): string[] {
  const { active, reserved, horizon, target, flags, creator, lock, intent } = header;
  return [
    l10n.t('size: {0} ({1} bytes) of {2} reserved', formatBytes(active), active, formatBytes(reserved)),
    l10n.t('every live peer maps up to {0}, and shall map up to {1}', formatBytes(horizon), formatBytes(target)),
    l10n.t('flags: {0}', flags.length === 0 ? l10n.t('none') : flags.join(', ')),
    l10n.t(
      'layout: version {0}, pages of {1}, data after {2}',
      header.version,
      formatBytes(header.pageSize),
      formatBytes(header.headerLength),
    ),
    l10n.t('base: {0}', header.base),
    l10n.t('epoch: {0}', header.epoch),
    l10n.t('registry: {0} slots', header.slots),
    l10n.t(
      'created: {0}, by {1} (pid {2}, uid {3}, as it says)',
      iso(header.createdAtMs),
      creator.name,
      creator.pid,
      creator.uid,
    ),
    ...(lock
      ? [
          lock.died
            ? l10n.t('lock: held by {0} ({1}), which died', lock.name, lock.pid)
            : l10n.t('lock: held by {0} ({1})', lock.name, lock.pid),
        ]
      : []),
    ...(intent
      ? [l10n.t('under way: {0} from {1} to {2}', opWords[intent.op], formatBytes(intent.from), formatBytes(intent.to))]
      : []),
  ];
}

function peerLines(peer: Peer, header: Header | undefined, facts: readonly ProcessFacts[]): string[] {
  const known = facts.find(({ pid }) => pid === pidHere(peer));
  const state = [peer.state, heldText(peer), unseenText(peer)].filter((word) => word !== undefined);
  return [
    `${peer.name} (${pidText(peer)}): ${state.join(', ')}`,
    ...[
      ...(peer.frozen ? [thawText(peer)] : []),
      l10n.t('slot {0}, attachment {1}', peer.slot, peer.generation),
      l10n.t('user: {0}', userText(peer, known)),
      peer.relocated ? l10n.t('base {0} (relocated: raw pointers do not hold)', peer.base) : l10n.t('base {0}', peer.base),
      l10n.t('maps {0} ({1} bytes); it {2}', formatBytes(peer.mapped), peer.mapped, methodWords[peer.method]),
      l10n.t('acknowledged epoch {0} of {1}', peer.acked, peer.requested),
      ...(peer.error === 0 ? [] : [l10n.t('its last mapping failed with errno {0}', peer.error)]),
      ...(peer.pins === 0 ? [] : [l10n.t('pins: {0}, up to {1}', peer.pins, formatBytes(peer.pinnedBytes))]),
      ...(peer.readOnly ? [l10n.t('only reads: it has the whole reservation mapped so, and nobody waits for it')] : []),
      ...(peer.noPtrace ? [l10n.t('lets nobody reach into it (no-ptrace)')] : []),
      ...(known ? factLines(known) : []),
      ...(peer.mappings ?? []).map(mappingLine),
      ...(peer.missing ?? []).map(({ address, length }) =>
        l10n.t('MISSING {0} at {1}, offset {2}', formatBytes(length), address, hex(offsetIn(peer, header, address))),
      ),
    ].map((line) => `  ${line}`),
  ];
}

function factLines({ executable, containerPid, container, tracer }: ProcessFacts): string[] {
  return [
    l10n.t('executable: {0}', executable || '?'),
    ...(containerPid === undefined ? [] : [l10n.t('pid {0} in its container', containerPid)]),
    ...(container === undefined ? [] : [container]),
    ...(tracer ? [l10n.t('traced by {0} ({1})', tracer.command, tracer.pid)] : []),
  ];
}

function mappingLine({ address, length, permissions, offset }: Mapping): string {
  return l10n.t(
    'maps {0} to {1}: {2} {3}, object offset {4}',
    address,
    plus(address, length),
    formatBytes(length),
    permissions,
    hex(offset),
  );
}

/** From the beginning of the data. */
function offsetIn(peer: Peer, header: Header | undefined, address: string): number {
  const base = header && !peer.relocated ? header.base : peer.base;
  return Number(BigInt(address) - BigInt(base));
}

const hex = (value: number): string => (value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);

/** A time that may be damage. */
function iso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString();
}

function by<T>(list: readonly T[], key: (item: T) => number): T[] {
  return [...list].sort((a, b) => key(a) - key(b));
}
