// SPDX-License-Identifier: MIT
//
// Events in words.  Pure.  What each field means by kind is at enum pm_event_kind in native/base/layout.h.

import * as l10n from '@vscode/l10n';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import { methodWords, opWords, reachText } from '../extension/protocol/mapping';
import type { ErrorCode, EventKind, Peer, PeermapEvent } from '../extension/protocol/model';
import { isReached, type Round, type RoundResult } from './timeline-model';

/** PEERMAP_ERRORS of peermap.h: the first code, and what it and those below it are called. */
export const firstErrorCode = -27_001;
export const errorCodes: readonly ErrorCode[] = [
  'PEERMAP_EINVAL',
  'PEERMAP_ENAME',
  'PEERMAP_EEXIST',
  'PEERMAP_ENOENT',
  'PEERMAP_EFORMAT',
  'PEERMAP_EVERSION',
  'PEERMAP_EACCES',
  'PEERMAP_ENOSPC',
  'PEERMAP_ELIMIT',
  'PEERMAP_EADDR',
  'PEERMAP_EPEERNAME',
  'PEERMAP_ESLOTS',
  'PEERMAP_EROOTS',
  'PEERMAP_ESRCH',
  'PEERMAP_ETIMEDOUT',
  'PEERMAP_EBUSY',
  'PEERMAP_EDETACHED',
  'PEERMAP_EOS',
  'PEERMAP_ELOST',
  'PEERMAP_ETYPE',
  'PEERMAP_EREADONLY',
];

export function errorName(code: number): string {
  return errorCodes[firstErrorCode - code] ?? l10n.t('error {0}', code);
}

export type Names = Readonly<Record<string, string>>;

/** The descriptive name of whoever had this slot and pid; failing that, of whoever has the slot now and may have had it then. */
export function nameOf(names: Names, peers: readonly Peer[], slot: number, pid: number): string {
  const known = names[`${slot}:${pid}`];
  if (known !== undefined) return known;
  if (pid === 0) return peers.find((peer) => peer.slot === slot)?.name ?? (slot < 0 ? '' : l10n.t('slot {0}', slot));
  return l10n.t('pid {0}', pid);
}

export function eventWord(kind: EventKind): string {
  switch (kind) {
    case 'create':
      return l10n.t('created');
    case 'attach':
      return l10n.t('attached');
    case 'restart':
      return l10n.t('restarted');
    case 'detach':
      return l10n.t('detached');
    case 'peer-died':
      return l10n.t('died');
    case 'reap':
      return l10n.t('reaped');
    case 'round-begin':
      return l10n.t('round begins');
    case 'map-request':
      return l10n.t('asked to map');
    case 'map-ack':
      return l10n.t('mapped');
    case 'map-late':
      return l10n.t('late');
    case 'round-end':
      return l10n.t('round done');
    case 'rollback':
      return l10n.t('rolled back');
    case 'cut':
      return l10n.t('memory cut');
    case 'refuse':
      return l10n.t('refused');
    case 'root':
      return l10n.t('root set');
    case 'takeover':
      return l10n.t('lock taken over');
    case 'unstop':
      return l10n.t('agent let run');
    case 'lost':
      return l10n.t('memory lost');
    case 'heap-fault':
      return l10n.t('heap fault');
    case 'heap-reclaim':
      return l10n.t('heap reclaimed');
    case 'unknown':
      return l10n.t('unknown event');
  }
}

/** What a row of the event list calls it: a growth below the horizon is a round of one event. */
export function wordOf({ kind, op, error }: PeermapEvent): string {
  if (kind === 'round-end' && op === 'inside') return l10n.t('grew');
  if (error !== 0 && kind === 'unstop') return l10n.t('not reached');
  return eventWord(kind);
}

/** Whom a row of the event list names: the peer it is about, else the one who did it. */
export function subjectOf(event: PeermapEvent, names: Names, peers: readonly Peer[]): string {
  return event.slot >= 0 ? nameOf(names, peers, event.slot, event.pid) : nameOf(names, peers, event.bySlot, event.byPid);
}

/** The bytes an event tells of, where its size is one. */
export function sizeOf(event: PeermapEvent): number | undefined {
  return sized.has(event.kind) ? event.size : undefined;
}
const sized: ReadonlySet<EventKind> = new Set<EventKind>([
  'create',
  'attach',
  'restart',
  'round-begin',
  'map-request',
  'map-ack',
  'map-late',
  'round-end',
  'rollback',
  'cut',
  'lost',
  'heap-reclaim',
]);

export function latencyOf(event: PeermapEvent): number | undefined {
  return timed.has(event.kind) ? event.ns : undefined;
}
const timed: ReadonlySet<EventKind> = new Set<EventKind>(['attach', 'restart', 'map-ack', 'map-late', 'round-end', 'rollback']);

/** What the other columns do not say. */
export function detailOf(event: PeermapEvent, names: Names, peers: readonly Peer[]): string {
  const by = nameOf(names, peers, event.bySlot, event.byPid);
  const blocker = event.slot >= 0 ? nameOf(names, peers, event.slot, event.pid) : '';
  const { epoch } = event;
  switch (event.kind) {
    case 'round-begin':
      return l10n.t('{0} from {1}, epoch {2}', opWords[event.op], formatBytes(event.ns), epoch);
    case 'map-request':
      return l10n.t('by {0}, epoch {1}', by, epoch);
    case 'map-ack':
      return event.error === 0
        ? l10n.t('{0}, epoch {1}', ackWord(event.method), epoch)
        : l10n.t('failed with errno {0}', event.error);
    case 'map-late':
      return event.error === 0
        ? l10n.t('no answer by the deadline, epoch {0}', epoch)
        : l10n.t('no answer by the deadline: {0}, epoch {1}', reachText(event.error), epoch);
    case 'round-end':
      return event.op === 'inside'
        ? l10n.t('every peer had it mapped ahead: nobody was asked, epoch {0}', epoch)
        : l10n.t('{0}, epoch {1}', opWords[event.op], epoch);
    case 'unstop':
      return event.error === 0
        ? l10n.t('by {0}, though its process is stopped', by)
        : l10n.t('by {0}: {1}', by, reachText(event.error));
    case 'lost':
      return l10n.t('the object was cut short from outside');
    case 'heap-fault':
      return faultText(event.error, event.size);
    case 'heap-reclaim':
      return l10n.t('{0} that ended processes held, by {1}', formatBytes(event.size), by);
    case 'rollback':
      return blocker === ''
        ? l10n.t('{0}, epoch {1}', errorName(event.error), epoch)
        : l10n.t('{0} because of {1}, epoch {2}', errorName(event.error), blocker, epoch);
    case 'refuse':
      return l10n.t('{0}: {1}', opWords[event.op], errorName(event.error));
    case 'takeover':
      return event.op === 'none' ? l10n.t('its holder died') : l10n.t('its holder died in the middle of: {0}', opWords[event.op]);
    case 'peer-died':
      return by === '' ? '' : l10n.t('found by {0}', by);
    case 'reap':
      return by === '' ? '' : l10n.t('by {0}', by);
    case 'root':
      return event.ns === 0
        ? l10n.t('at offset {0}', event.size)
        : l10n.t('{0} at offset {1}', formatBytes(event.ns), event.size);
    default:
      return '';
  }
}

function faultText(fault: number, offset: number): string {
  switch (fault) {
    case 1:
      return l10n.t('an object was freed twice, at offset {0}', offset);
    case 2:
      return l10n.t('what is no object was freed, at offset {0}', offset);
    case 3:
      return l10n.t('an object was written past its end, at offset {0}', offset);
    default:
      return l10n.t('a bad pointer was freed, at offset {0}', offset);
  }
}

/** Shorter where the row says "mapped" already. */
function ackWord(method: PeermapEvent['method']): string {
  switch (method) {
    case 'attach':
      return l10n.t('at attach');
    case 'agent':
      return l10n.t('by its agent');
    case 'self':
      return l10n.t('by itself');
    case 'unstop':
      return l10n.t('by its agent, let run while the process is stopped');
    default:
      return methodWords[method];
  }
}

export function resultWord(result: RoundResult): string {
  switch (result) {
    case 'running':
      return l10n.t('running');
    case 'done':
      return l10n.t('done');
    case 'rolled back':
      return l10n.t('rolled back');
    case 'abandoned':
      return l10n.t('abandoned');
  }
}

export function roundText(round: Round, names: Names, peers: readonly Peer[]): string[] {
  const { op, by, byPid, result, ns, acks } = round;
  const who = by >= 0 || byPid > 0 ? nameOf(names, peers, by, byPid) : '';
  if (op === 'inside') return [growthText(round, who), l10n.t('every peer had it mapped ahead: nobody was asked')];
  const ended = ns === undefined ? resultWord(result) : l10n.t('{0} after {1}', resultWord(result), formatNanoseconds(ns));
  const lines = [titleText(round, who), ended];
  const answered = acks.filter(({ to, late }) => to !== undefined && !late);
  const slowest = Math.max(0, ...answered.map(({ latencyNs }) => latencyNs ?? 0));
  if (acks.length > 0)
    lines.push(
      slowest > 0
        ? l10n.t('{0} of {1} peers answered, the slowest after {2}', answered.length, acks.length, formatNanoseconds(slowest))
        : l10n.t('{0} of {1} peers answered', answered.length, acks.length),
    );
  const reached = answered.filter(({ method }) => isReached(method)).length;
  if (reached > 0)
    lines.push(reached === 1 ? l10n.t('1 was reached while stopped') : l10n.t('{0} were reached while stopped', reached));
  return lines;
}

function titleText({ epoch, op, before, target }: Round, who: string): string {
  const [from, to] = [formatBytes(before), formatBytes(target)];
  if (before >= 0 && target >= 0)
    return who === ''
      ? l10n.t('Round {0}: {1} {2} → {3}', epoch, opWords[op], from, to)
      : l10n.t('Round {0}: {1} {2} → {3} by {4}', epoch, opWords[op], from, to, who);
  return who === '' ? l10n.t('Round {0}: {1}', epoch, opWords[op]) : l10n.t('Round {0}: {1} by {2}', epoch, opWords[op], who);
}

function growthText({ epoch, target, ns = 0 }: Round, who: string): string {
  const took = formatNanoseconds(ns);
  return who === ''
    ? l10n.t('Growth {0}: to {1} in {2}', epoch, formatBytes(Math.max(0, target)), took)
    : l10n.t('Growth {0}: to {1} by {2} in {3}', epoch, formatBytes(Math.max(0, target)), who, took);
}

/** Time of day, from nanoseconds since midnight, with as many decimals as the step between two neighbours needs. */
export function clock(ns: number, step: number): string {
  const seconds = Math.floor(ns / 1e9);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minute = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}`;
  if (step >= 60e9) return minute;
  if (step >= 1e9) return `${minute}:${two(seconds % 60)}`;
  const decimals = Math.min(9, Math.ceil(-Math.log10(step / 1e9) - 1e-9));
  const fraction = String(Math.floor(ns - seconds * 1e9))
    .padStart(9, '0')
    .slice(0, decimals);
  return `${two(seconds % 60)}.${fraction.replace(/(\d{3})(?=\d)/g, '$1\u2009')} s`;
}
