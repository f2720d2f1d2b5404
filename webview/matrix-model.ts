// SPDX-License-Identifier: MIT
//
// Ranges of the object against processes: what each of them has mapped of each.  Pure.
//
// Now, a cell is the kernel's word.  Of a moment that has passed there is only what the events say: sizes, and who acknowledged which.

import type { Header, Mapping, PeermapEvent, Peer, Snapshot } from '../extension/protocol/model';
import { plus } from '../extension/protocol/address';
import { lacking, peerKey, strangerKey } from './peer';

export interface Range {
  key: string;
  kind: 'header' | 'extent' | 'ahead' | 'reserved';
  /** From the beginning of the data: negative in the header. */
  offset: number;
  length: number;
  /** Of an extent: the growths that made it; 0 if it was there when the events begin. */
  growths: number;
  /** The event that made it, if it was one growth. */
  seq?: number | undefined;
  /** The last that is active. */
  newest: boolean;
}

export interface Holder {
  key: string;
  name: string;
  pid: number;
  /** Absent: not in the registry. */
  peer?: Peer | undefined;
  /** Absent: not known. */
  mappings?: readonly Mapping[] | undefined;
  /** As of a moment that has passed: data bytes that it had acknowledged. */
  acknowledged?: number | undefined;
}

export interface Cell {
  state: 'mapped' | 'partly' | 'not' | 'unknown';
  bytes: number;
  address?: string | undefined;
  permissions: string;
  /** It is active, the process takes part, and it is not there. */
  lacks: boolean;
}

/** More rows than this tell nobody anything: the oldest become one. */
export const rangeLimit = 36;

interface Bound {
  size: number;
  seq?: number | undefined;
}

/** Where the active size has been, each growth's end above the one before: what a shrinking cut off is gone. */
function boundsOf(events: readonly PeermapEvent[], active: number | undefined): Bound[] {
  const bounds: Bound[] = [];
  const reach = (size: number, seq?: number): void => {
    while ((bounds.at(-1)?.size ?? 0) > size) bounds.pop();
    if (size > 0 && bounds.at(-1)?.size !== size) bounds.push({ size, seq });
  };
  for (const { kind, op, size, ns, seq } of events) {
    if (kind === 'create') reach(size);
    else if (kind === 'round-begin' && op === 'grow') reach(ns);
    else if (kind === 'round-end' && (op === 'grow' || op === 'inside' || op === 'shrink')) reach(size, seq);
  }
  if (active !== undefined) reach(active);
  return bounds;
}

export function extentsOf(events: readonly PeermapEvent[], active: number | undefined): Range[] {
  const bounds = boundsOf(events, active);
  const extents = bounds.map(({ size, seq }, at): Range => {
    const offset = bounds[at - 1]?.size ?? 0;
    return {
      key: `extent ${offset}`,
      kind: 'extent',
      offset,
      length: size - offset,
      growths: seq === undefined ? 0 : 1,
      seq,
      newest: at === bounds.length - 1,
    };
  });
  const excess = extents.length - rangeLimit;
  if (excess <= 0) return extents;
  const merged = extents.slice(0, excess + 1);
  const length = merged.reduce((sum, one) => sum + one.length, 0);
  const growths = merged.reduce((sum, one) => sum + one.growths, 0);
  const first: Range = { key: 'extent 0', kind: 'extent', offset: 0, length, growths, newest: false };
  return [first, ...extents.slice(excess + 1)];
}

export function rangesNow(events: readonly PeermapEvent[], header: Header): Range[] {
  const { active, horizon, reserved, headerLength } = header;
  const ends = Math.max(active, horizon);
  const part = (kind: Range['kind'], from: number, to: number): Range[] =>
    to > from ? [{ key: kind, kind, offset: from, length: to - from, growths: 0, newest: false }] : [];
  return [
    ...part('header', -headerLength, 0),
    ...extentsOf(events, active),
    ...part('ahead', active, ends),
    ...part('reserved', ends, reserved),
  ];
}

export function rangesThen(events: readonly PeermapEvent[], moment: number): Range[] {
  return extentsOf(before(events, moment), undefined);
}

function before(events: readonly PeermapEvent[], moment: number): readonly PeermapEvent[] {
  const end = events.findIndex(({ seq }) => seq > moment);
  return end < 0 ? events : events.slice(0, end);
}

/** A holder that says the same as before is the same object. */
export function holdersNow(snapshot: Snapshot, last: ReadonlyMap<string, Holder>): Holder[] {
  const peers = snapshot.peers.map((peer): Holder => {
    const key = peerKey(peer);
    const known = last.get(key);
    return known?.peer === peer ? known : { key, name: peer.name, pid: peer.pid, peer, mappings: peer.mappings };
  });
  const strangers = snapshot.strangers.map(({ pid, command, mappings }): Holder => {
    const key = strangerKey(pid);
    const known = last.get(key);
    return known?.mappings === mappings ? known : { key, name: command, pid, mappings };
  });
  return [...peers, ...strangers];
}

/** Who was attached after the event `moment`, and how much each had acknowledged.  Undefined: it attached before the events begin. */
export function holdersThen(
  events: readonly PeermapEvent[],
  moment: number,
  snapshot: Snapshot,
  names: Readonly<Record<string, string>>,
): Holder[] {
  const found = new Map<string, Holder>();
  // Those that are there now and whose arrival is older than the events were there throughout.
  const arrived = new Set(
    events.filter(({ kind }) => kind === 'attach' || kind === 'restart').map(({ slot, pid }) => `${slot}:${pid}`),
  );
  for (const { slot, pid, name } of snapshot.peers) {
    const who = `${slot}:${pid}`;
    if (!arrived.has(who)) found.set(who, { key: peerKey({ slot, name }), name, pid });
  }
  for (const { kind, slot, pid, size } of before(events, moment)) {
    const who = `${slot}:${pid}`;
    const name = names[who] ?? '';
    if (kind === 'attach' || kind === 'restart' || kind === 'map-ack')
      found.set(who, { key: peerKey({ slot, name }), name, pid, acknowledged: size });
    else if (kind === 'detach' || kind === 'peer-died' || kind === 'reap') found.delete(who);
  }
  return [...found.values()];
}

export function cellOf(holder: Holder, range: Range, headerLength: number): Cell {
  const { mappings, acknowledged, peer } = holder;
  if (acknowledged !== undefined) {
    const bytes = Math.min(Math.max(acknowledged - range.offset, 0), range.length);
    const state = bytes === range.length ? 'mapped' : bytes > 0 ? 'partly' : 'not';
    return { state, bytes, permissions: '', lacks: state !== 'mapped' };
  }
  if (!mappings) {
    const dead = peer?.state === 'dead';
    return { state: dead ? 'not' : 'unknown', bytes: 0, permissions: '', lacks: false };
  }
  const from = range.offset + headerLength;
  const to = from + range.length;
  const inside = mappings.filter(({ offset, length }) => offset < to && offset + length > from);
  const [first] = inside;
  let bytes = 0;
  for (const { offset, length } of inside) bytes += Math.min(offset + length, to) - Math.max(offset, from);
  const state = bytes >= range.length ? 'mapped' : bytes > 0 ? 'partly' : 'not';
  const takesPart = peer !== undefined && peer.state !== 'dead' && peer.state !== 'attaching';
  return {
    state,
    bytes,
    address: first && plus(first.address, Math.max(0, from - first.offset)),
    permissions: [...new Set(inside.map(({ permissions }) => permissions))].join(' '),
    lacks: takesPart && range.kind === 'extent' && state !== 'mapped',
  };
}

/** Peers that have not mapped all that is active. */
export function lackers(peers: readonly Peer[]): number {
  return peers.filter((peer) => lacking(peer) > 0).length;
}
