// SPDX-License-Identifier: MIT
//
// From one snapshot of a segment to the next: what changed, and the snapshot after it.  Pure; for plain data.
//
//     apply(before, diff(before, after)) equals after, and shares with `before` every object that did not change
//
// Peers are told apart by their slots, field by field; a slot that changed hands is one with many changed fields.

import type { Header, Peer, Snapshot } from './model';

/** Fields that are other ones than before, and those that are not there any more. */
export interface Fields<T> {
  set?: Partial<T>;
  unset?: (keyof T)[];
}

export interface SnapshotDelta {
  /** All but the header and the peers: each of these whole. */
  fields?: Partial<Omit<Snapshot, 'header' | 'peers'>>;
  /** Null: it cannot be read any more. */
  header?: Fields<Header> | null;
  /** By slot, peers that are new or changed. */
  peers?: Record<number, Fields<Peer>>;
  /** Slots of peers that are not there any more. */
  gone?: number[];
  /** Instead of the two before: all of them, because they are not in the order of their slots. */
  allPeers?: Peer[];
}

export function isEmpty(delta: SnapshotDelta): boolean {
  return Object.keys(delta).length === 0;
}

export function diff(before: Snapshot, after: Snapshot): SnapshotDelta {
  if (before === after) return {};
  const { header: oldHeader, peers: oldPeers, ...old } = before;
  const { header, peers, ...rest } = after;
  const delta: SnapshotDelta = peersBetween(oldPeers, peers);
  const { set } = fieldsBetween(old, rest) ?? {};
  if (set) delta.fields = set;
  const headerFields = header && fieldsBetween(oldHeader ?? {}, header);
  if (headerFields) delta.header = headerFields;
  else if (oldHeader && !header) delta.header = null;
  return delta;
}

export function apply(before: Snapshot, delta: SnapshotDelta): Snapshot {
  if (isEmpty(delta)) return before;
  const { header: oldHeader, ...old } = before;
  const after: Snapshot = { ...old, ...delta.fields, peers: peersAfter(before.peers, delta) };
  const header = delta.header === null ? undefined : delta.header ? withFields(oldHeader, delta.header) : oldHeader;
  if (header) after.header = header;
  return after;
}

function peersBetween(before: readonly Peer[], after: Peer[]): SnapshotDelta {
  if (before === after) return {};
  if (!inOrder(before) || !inOrder(after)) return same(before, after) ? {} : { allPeers: after };
  const old = new Map(before.map((peer) => [peer.slot, peer]));
  const changed: Record<number, Fields<Peer>> = {};
  for (const peer of after) {
    const fields = fieldsBetween(old.get(peer.slot) ?? {}, peer);
    if (fields) changed[peer.slot] = fields;
    old.delete(peer.slot);
  }
  const delta: SnapshotDelta = {};
  if (Object.keys(changed).length > 0) delta.peers = changed;
  if (old.size > 0) delta.gone = [...old.keys()];
  return delta;
}

function peersAfter(before: Peer[], { peers, gone = [], allPeers }: SnapshotDelta): Peer[] {
  if (allPeers) return allPeers;
  if (!peers && gone.length === 0) return before;
  const bySlot = new Map(before.map((peer) => [peer.slot, peer]));
  for (const slot of gone) bySlot.delete(slot);
  let more = false;
  for (const [key, fields] of Object.entries(peers ?? {})) {
    const slot = Number(key);
    more ||= !bySlot.has(slot);
    bySlot.set(slot, withFields(bySlot.get(slot), fields));
  }
  const after = [...bySlot.values()];
  return more ? after.sort((a, b) => a.slot - b.slot) : after;
}

/** By rising slots, each once: as a server lists them, but what travels is not to depend on that. */
function inOrder(peers: readonly Peer[]): boolean {
  return peers.every(({ slot }, at) => at === 0 || slot > (peers[at - 1]?.slot ?? slot));
}

function fieldsBetween<T extends object>(before: Partial<T>, after: T): Fields<T> | undefined {
  if (before === after) return undefined;
  const keys = Object.keys(after) as (keyof T)[];
  const changed = keys.filter((key) => !same(before[key], after[key]));
  const unset = (Object.keys(before) as (keyof T)[]).filter((key) => !Object.hasOwn(after, key));
  if (changed.length === 0 && unset.length === 0) return undefined;
  const fields: Fields<T> = {};
  if (changed.length > 0) fields.set = Object.fromEntries(changed.map((key) => [key, after[key]])) as Partial<T>;
  if (unset.length > 0) fields.unset = unset;
  return fields;
}

function withFields<T extends object>(before: T | undefined, { set, unset = [] }: Fields<T>): T {
  const after = { ...before, ...set } as T;
  for (const key of unset) Reflect.deleteProperty(after, key);
  return after;
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const before = a as Record<string, unknown>;
  const after = b as Record<string, unknown>;
  const keys = Object.keys(after);
  return (
    keys.length === Object.keys(before).length && keys.every((key) => Object.hasOwn(before, key) && same(before[key], after[key]))
  );
}
