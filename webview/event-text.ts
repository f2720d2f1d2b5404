// SPDX-License-Identifier: MIT
//
// Events in words.  Pure.  What each field means by kind is at enum pm_event_kind in native/base/layout.h.

import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import { methodWords, opWords, reachText } from '../extension/protocol/mapping';
import type { ErrorCode, EventKind, Peer, PeermapEvent } from '../extension/protocol/model';
import { isReached, type Round } from './timeline-model';

/** PEERMAP_ERRORS of peermap.h: code 1 is the first. */
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
  'PEERMAP_ELATE',
  'PEERMAP_EBUSY',
  'PEERMAP_EDETACHED',
  'PEERMAP_EOS',
  'PEERMAP_ELOST',
  'PEERMAP_ETYPE',
];

export function errorName(code: number): string {
  return errorCodes[Math.abs(code) - 1] ?? `error ${code}`;
}

export type Names = Readonly<Record<string, string>>;

/** The descriptive name of whoever had this slot and pid; failing that, of whoever has the slot now and may have had it then. */
export function nameOf(names: Names, peers: readonly Peer[], slot: number, pid: number): string {
  const known = names[`${slot}:${pid}`];
  if (known !== undefined) return known;
  if (pid === 0) return peers.find((peer) => peer.slot === slot)?.name ?? (slot < 0 ? '' : `slot ${slot}`);
  return `pid ${pid}`;
}

export const eventWords: Record<EventKind, string> = {
  create: 'created',
  attach: 'attached',
  restart: 'restarted',
  detach: 'detached',
  'peer-died': 'died',
  reap: 'reaped',
  'round-begin': 'round begins',
  'map-request': 'asked to map',
  'map-ack': 'mapped',
  'map-late': 'late',
  'round-end': 'round done',
  rollback: 'rolled back',
  cut: 'memory cut',
  refuse: 'refused',
  root: 'root set',
  takeover: 'lock taken over',
  unstop: 'agent let run',
  inject: 'mapped from outside',
  lost: 'memory lost',
  'heap-fault': 'heap fault',
  'heap-reclaim': 'heap reclaimed',
  unknown: 'unknown event',
};

/** What a row of the event list calls it: a growth below the horizon is a round of one event. */
export function wordOf({ kind, op, error }: PeermapEvent): string {
  if (kind === 'round-end' && op === 'inside') return 'grew';
  if (error !== 0 && (kind === 'unstop' || kind === 'inject')) return 'not reached';
  return eventWords[kind];
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
  'inject',
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
  const culprit = event.slot >= 0 ? nameOf(names, peers, event.slot, event.pid) : '';
  switch (event.kind) {
    case 'round-begin':
      return `${opWords[event.op]} from ${formatBytes(event.ns)}, epoch ${event.epoch}`;
    case 'map-request':
      return `by ${by}, epoch ${event.epoch}`;
    case 'map-ack':
      return event.error === 0
        ? `${ackWords[event.method] ?? methodWords[event.method]}, epoch ${event.epoch}`
        : `failed with errno ${event.error}`;
    case 'map-late':
      return `no answer by the deadline${unreached(event)}, epoch ${event.epoch}`;
    case 'round-end':
      return event.op === 'inside'
        ? `every peer had it mapped ahead: nobody was asked, epoch ${event.epoch}`
        : `${opWords[event.op]}, epoch ${event.epoch}`;
    case 'unstop':
      return event.error === 0 ? `by ${by}, though its process is stopped` : `by ${by}: ${reachText(event.error)}`;
    case 'inject':
      return event.error === 0 ? `by ${by}, in the thread of its agent` : `by ${by}: errno ${event.error}`;
    case 'lost':
      return 'the object was cut short from outside';
    case 'heap-fault':
      return `${faultWords[event.error] ?? 'a bad pointer was freed'}, at offset ${event.size}`;
    case 'heap-reclaim':
      return `${formatBytes(event.size)} that ended processes held, by ${by}`;
    case 'rollback':
      return `${errorName(event.error)}${culprit === '' ? '' : ` because of ${culprit}`}, epoch ${event.epoch}`;
    case 'refuse':
      return `${opWords[event.op]}: ${errorName(event.error)}`;
    case 'takeover':
      return event.op === 'none' ? 'its holder died' : `its holder died in the middle of a ${opWords[event.op]}`;
    case 'peer-died':
      return by === '' ? '' : `found by ${by}`;
    case 'reap':
      return by === '' ? '' : `by ${by}`;
    case 'root':
      return event.ns === 0 ? `at offset ${event.size}` : `${formatBytes(event.ns)} at offset ${event.size}`;
    default:
      return '';
  }
}
const faultWords: Partial<Record<number, string>> = {
  1: 'an object was freed twice',
  2: 'what is no object was freed',
  3: 'an object was written past its end',
};
/** Shorter where the row says "mapped" already. */
const ackWords: Partial<Record<PeermapEvent['method'], string>> = {
  attach: 'at attach',
  agent: 'by its agent',
  self: 'by itself',
  unstop: 'by its agent, let run while the process is stopped',
  inject: 'from outside, while the process is stopped',
};

function unreached({ error }: PeermapEvent): string {
  return error === 0 ? '' : `: ${reachText(error)}`;
}

export function roundText(round: Round, names: Names, peers: readonly Peer[]): string[] {
  const { op, before, target, by, byPid, result, ns, acks, epoch } = round;
  const sizes = before >= 0 && target >= 0 ? ` ${formatBytes(before)} → ${formatBytes(target)}` : '';
  const who = by >= 0 || byPid > 0 ? ` by ${nameOf(names, peers, by, byPid)}` : '';
  const answered = acks.filter(({ to, late }) => to !== undefined && !late);
  const slowest = Math.max(0, ...answered.map(({ latencyNs }) => latencyNs ?? 0));
  if (op === 'inside') {
    const to = target >= 0 ? ` to ${formatBytes(target)}` : '';
    const took = ns === undefined ? '' : ` in ${formatNanoseconds(ns)}`;
    return [`Growth ${epoch}:${to}${who}${took}`, 'every peer had it mapped ahead: nobody was asked'];
  }
  const lines = [
    `Round ${epoch}: ${opWords[op]}${sizes}${who}`,
    `${result}${ns === undefined ? '' : ` after ${formatNanoseconds(ns)}`}`,
  ];
  const slowestText = slowest > 0 ? `, the slowest after ${formatNanoseconds(slowest)}` : '';
  if (acks.length > 0) lines.push(`${answered.length} of ${acks.length} peers answered${slowestText}`);
  const reached = answered.filter(({ method }) => isReached(method)).length;
  if (reached > 0) lines.push(`${reached} ${reached === 1 ? 'was' : 'were'} reached while stopped`);
  return lines;
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
