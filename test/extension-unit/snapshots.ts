// SPDX-License-Identifier: MIT
//
// Snapshots as the server sends them, of a segment "demo" with the peers that a test wants.

import type { Header, Peer, PeermapEvent, SegmentSummary, Snapshot } from '../../extension/protocol/model';

export const MiB = 1024 * 1024;

export const summary: SegmentSummary = {
  name: 'demo',
  uid: process.geteuid?.() ?? 0,
  mode: 0o600,
  length: 2 * MiB,
  active: 2 * MiB,
  reserved: 1024 * MiB,
  alive: 2,
  dead: 0,
};

export function peer(slot: number, name: string, change: Partial<Peer> = {}): Peer {
  return {
    slot,
    generation: 1,
    pid: 100 + slot,
    uid: 0,
    startTime: 0,
    name,
    state: 'alive',
    samePid: true,
    base: '0x7e8000000000',
    relocated: false,
    noPtrace: false,
    mapped: 2 * MiB,
    requested: 1,
    acked: 1,
    unstopped: 0,
    populated: 0,
    method: 'agent',
    error: 0,
    latencyNs: 0,
    pins: 0,
    pinnedBytes: 0,
    attachedAtMs: 0,
    missing: [],
    mappings: [{ address: '0x7e8000000000', length: 2 * MiB, offset: 4096, permissions: 'rw-s' }],
    ...change,
  };
}

export function snapshot(peers: Peer[], active = 2 * MiB): Snapshot {
  const header: Header = {
    version: 2,
    generation: '0x1',
    pageSize: 4096,
    headerLength: 4096,
    base: '0x7e8000000000',
    reserved: 1024 * MiB,
    flags: [],
    ahead: 0,
    active,
    closed: false,
    target: active,
    horizon: active,
    epoch: 1,
    slots: 128,
    creator: { pid: 100, uid: 0, startTime: 1, name: 'indexer' },
    createdAtMs: 0,
    eventHead: 0,
  };
  return {
    name: 'demo',
    takenAtMs: 0,
    monotonicNs: 0,
    object: { device: 1, inode: 1, length: active, allocated: active, uid: process.geteuid?.() ?? 0, mode: 0o600 },
    header,
    peers,
    roots: [],
    strangers: [],
    problems: [],
  };
}

export function event(seq: number, kind: PeermapEvent['kind'], change: Partial<PeermapEvent>): PeermapEvent {
  const nobody = { slot: -1, pid: 0, bySlot: -1, byPid: 0 };
  return {
    seq,
    timeNs: seq * 10_000,
    epoch: 1,
    kind,
    method: 'none',
    op: 'none',
    ...nobody,
    error: 0,
    size: 0,
    ns: 0,
    ...change,
  };
}
