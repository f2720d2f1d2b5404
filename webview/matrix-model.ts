// SPDX-License-Identifier: MIT
//
// Ranges of the object against processes: what each of them has mapped of each.  Pure.
//
// Now, a cell is the kernel's word.  Of a moment that has passed there is only what the events say: sizes, and who acknowledged which.

import { plus } from '../extension/protocol/address';
import type { Header, Mapping, PeermapEvent, Peer, Snapshot } from '../extension/protocol/model';
import type { EventLog } from './event-log';
import { lacking, peerKey, strangerKey } from './peer';

export interface Range {
  key: string;
  kind: 'header' | 'extent' | 'ahead' | 'reserved';
  /** From the beginning of the data: negative in the header. */
  offset: number;
  length: number;
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

/** The end of an extent, and the growths that made it: 0 if it was there when the events begin. */
interface Bound {
  size: number;
  growths: number;
  seq?: number | undefined;
}

/** What the events up to one tell of the sizes that there were. */
export interface Sizes {
  last: number;
  bounds: readonly Bound[];
}

export const noSizes: Sizes = { last: 0, bounds: [] };

/** What a shrinking cut off is gone; growths beyond what is shown are counted together. */
export function sizesAfter(before: Sizes, events: readonly PeermapEvent[]): Sizes {
  const [newest] = events.slice(-1);
  if (!newest) return before;
  const bounds = before.bounds.slice();
  for (const { kind, op, size, ns, seq } of events) {
    if (kind === 'create') reach(bounds, { size, growths: 0 });
    else if (kind === 'round-begin' && op === 'grow') reach(bounds, { size: ns, growths: 0 });
    else if (kind === 'round-end' && op === 'shrink') reach(bounds, { size, growths: 0 });
    else if (kind === 'round-end' && (op === 'grow' || op === 'inside')) reach(bounds, { size, growths: 1, seq });
    if (bounds.length > 4 * rangeLimit) bounds.splice(0, 2 * rangeLimit, merged(bounds.slice(0, 2 * rangeLimit)));
  }
  return { last: newest.seq, bounds };
}

function reach(bounds: Bound[], bound: Bound): void {
  while ((bounds.at(-1)?.size ?? 0) > bound.size) bounds.pop();
  if (bound.size > 0 && bounds.at(-1)?.size !== bound.size) bounds.push(bound);
}

function merged(bounds: readonly Bound[]): Bound {
  return { size: bounds.at(-1)?.size ?? 0, growths: bounds.reduce((sum, { growths }) => sum + growths, 0) };
}

/** Of so many events at most the sizes are looked for: what is older is one range. */
const eventsRead = 50_000;

/** The sizes that a log tells of, given what was known of an earlier one. */
export function sizesOf(before: Sizes, log: EventLog): Sizes {
  const known = log.last < before.last ? noSizes : before;
  let from = log.length;
  const first = Math.max(0, log.length - eventsRead);
  // A frame brings few: from the end is near.
  while (from > first && log.seqAt(from - 1) > known.last) from -= 1;
  return sizesAfter(known, log.events(from));
}

/** The events up to the one with this number, as far back as they are read; none if it is not kept. */
export function eventsUntil(log: EventLog, seq: number): readonly PeermapEvent[] {
  const at = log.indexOf(seq);
  return at < 0 ? [] : log.events(Math.max(0, at + 1 - eventsRead), at + 1);
}

export function extentsOf(sizes: Sizes, active: number | undefined): Range[] {
  const bounds = sizes.bounds.slice();
  if (active !== undefined) reach(bounds, { size: active, growths: 0 });
  const excess = bounds.length - rangeLimit;
  if (excess > 0) bounds.splice(0, excess + 1, merged(bounds.slice(0, excess + 1)));
  return bounds.map(({ size, growths, seq }, at) => {
    const offset = bounds[at - 1]?.size ?? 0;
    const newest = at === bounds.length - 1;
    return { key: `extent ${offset}`, kind: 'extent', offset, length: size - offset, growths, seq, newest };
  });
}

export function rangesNow(sizes: Sizes, header: Header): Range[] {
  const { active, horizon, reserved, headerLength } = header;
  const ends = Math.max(active, horizon);
  const part = (kind: Range['kind'], from: number, to: number): Range[] =>
    to > from ? [{ key: kind, kind, offset: from, length: to - from, growths: 0, newest: false }] : [];
  return [
    ...part('header', -headerLength, 0),
    ...extentsOf(sizes, active),
    ...part('ahead', active, ends),
    ...part('reserved', ends, reserved),
  ];
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

/** Who was attached after these events, the last of them at `atMs`, and how much each had acknowledged, as far as they tell. */
export function holdersThen(
  events: readonly PeermapEvent[],
  atMs: number,
  snapshot: Snapshot,
  names: Readonly<Record<string, string>>,
): Holder[] {
  const found = new Map<string, Holder>();
  for (const { slot, pid, name, attachedAtMs } of snapshot.peers)
    if (attachedAtMs <= atMs) found.set(`${slot}:${pid}`, { key: peerKey({ slot, name }), name, pid });
  for (const { kind, slot, pid, size } of events) {
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
