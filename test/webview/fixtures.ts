// SPDX-License-Identifier: MIT
//
// Segments to look at: a small model of one that grows, whose snapshots and events agree with each other as a real one's do.

import type { Address, Header, Mapping, Op, Peer, PeermapEvent, ProcessFacts, Snapshot } from '../../extension/protocol/model';

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
const headerLength = 320 * KiB;
const base = 0x7e8000000000n;

export const hex = (value: bigint): Address => `0x${value.toString(16)}`;

/** What must be there. */
export function the<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('nothing there');
  return value;
}

/** The kernel's view of a peer that maps `bytes` of the data, header included. */
export function mappingsOf(bytes: number, at = base): Mapping[] {
  const header: Mapping = {
    address: hex(at - BigInt(headerLength)),
    length: headerLength,
    offset: 0,
    permissions: 'rw-s',
  };
  return bytes === 0 ? [header] : [header, { address: hex(at), length: bytes, offset: headerLength, permissions: 'rw-s' }];
}

export class Model {
  readonly header: Header;
  peers: Peer[] = [];
  strangers: Snapshot['strangers'] = [];
  problems: Snapshot['problems'] = [];
  events: PeermapEvent[] = [];
  /** Of the object. */
  mode = 0o600;
  /** CLOCK_MONOTONIC. */
  now = 5_000e9;
  private rounds = 0;

  constructor(
    readonly name = 'demo-index',
    active = 4 * MiB,
    slots = 64,
  ) {
    this.header = {
      version: 2,
      generation: '0x9f3c51d2a7e4b068',
      pageSize: 4096,
      headerLength,
      base: hex(base),
      reserved: 16 * GiB,
      flags: [],
      ahead: 0,
      active,
      closed: false,
      target: active,
      horizon: active,
      epoch: 0,
      slots,
      creator: { pid: 4711, uid: 1000, startTime: 1, name: 'indexer' },
      createdAtMs: Date.UTC(2026, 4, 4, 9, 41, 7, 250),
      eventHead: 0,
    };
    this.event('create', { slot: 0, pid: 4711, size: active });
  }

  attach(name: string, pid: number, change: Partial<Peer> = {}): Peer {
    this.now += 40e6;
    const { active, epoch } = this.header;
    const peer: Peer = {
      slot: this.peers.length,
      generation: 1,
      pid,
      uid: 1000,
      startTime: 81_220,
      name,
      state: 'alive',
      processState: 'S',
      samePid: true,
      base: hex(base),
      relocated: false,
      noPtrace: false,
      mapped: active,
      requested: epoch,
      acked: epoch,
      unstopped: 0,
      populated: 0,
      method: 'attach',
      error: 0,
      latencyNs: 118_400,
      pins: 0,
      pinnedBytes: 0,
      attachedAtMs: this.header.createdAtMs + 900,
      mappings: mappingsOf(active),
      missing: [],
      ...change,
    };
    this.peers.push(peer);
    this.event('attach', { slot: peer.slot, pid, size: active, ns: peer.latencyNs });
    return peer;
  }

  /** A growth below the horizon: one event, and no peer has anything to do. */
  growInside(by: number, who = this.peers[0]): void {
    const { header } = this;
    header.epoch += 1;
    header.active += by;
    this.now += 5_200;
    this.event('round-end', {
      op: 'inside',
      bySlot: who?.slot ?? -1,
      byPid: who?.pid ?? 0,
      size: header.active,
      ns: 4_800,
    });
  }

  /** A round that moves the horizon. */
  mapAhead(to: number): void {
    const { active } = this.header;
    this.resize(to, this.peers[0], [], 'ahead');
    this.header.active = active;
  }

  /**
   * A round to another size.  `late`: names of peers that do not answer, so that it is rolled back; those that are stopped and not late are
   * reached by letting their agents run.
   */
  resize(
    to: number,
    by = this.peers[0],
    late: readonly string[] = [],
    op: Op = to > this.header.active ? 'grow' : 'shrink',
  ): void {
    const { header } = this;
    const begin = this.now;
    const epoch = (header.epoch += 1);
    this.rounds += 1;
    this.event('round-begin', {
      op,
      bySlot: by?.slot ?? -1,
      byPid: by?.pid ?? 0,
      size: to,
      ns: header.active,
    });
    const answering = this.peers.filter(({ state }) => state === 'alive' || state === 'late');
    const asked = new Map<Peer, number>();
    for (const peer of answering) {
      this.now += 900;
      asked.set(peer, this.now);
      peer.requested = epoch;
      this.event('map-request', {
        slot: peer.slot,
        pid: peer.pid,
        bySlot: by?.slot ?? -1,
        byPid: by?.pid ?? 0,
        size: to,
      });
    }
    for (const peer of answering) {
      if (late.includes(peer.name)) continue;
      this.now += 2_500 + ((peer.slot * 7919 + this.rounds * 104_729) % 9_000);
      const method = peer === by ? 'self' : peer.processState === 'T' ? 'unstop' : 'agent';
      if (method === 'unstop') {
        this.now += 520_000;
        this.event('unstop', { slot: peer.slot, pid: peer.pid, bySlot: by?.slot ?? -1, byPid: by?.pid ?? 0 });
        this.now += 38_000;
        peer.unstopped = epoch;
      }
      const latencyNs = this.now - (asked.get(peer) ?? begin);
      this.event('map-ack', { slot: peer.slot, pid: peer.pid, method, size: to, ns: latencyNs });
      Object.assign(peer, {
        acked: epoch,
        latencyNs,
        method,
        mapped: to,
        mappings: mappingsOf(to),
      });
    }
    const blocker = answering.find(({ name }) => late.includes(name));
    if (blocker) {
      this.now += 200e6;
      this.event('map-late', { slot: blocker.slot, pid: blocker.pid, size: to, ns: 200e6 });
      this.event('rollback', {
        op,
        slot: blocker.slot,
        pid: blocker.pid,
        size: header.active,
        ns: this.now - begin,
        error: -27_015,
      });
      blocker.state = 'late';
      for (const peer of answering) Object.assign(peer, { mapped: header.active, mappings: mappingsOf(header.active) });
      return;
    }
    this.now += 1_100;
    this.event('round-end', {
      op,
      bySlot: by?.slot ?? -1,
      byPid: by?.pid ?? 0,
      size: op === 'ahead' ? header.active : to,
      ns: this.now - begin,
    });
    Object.assign(header, { active: to, target: to, horizon: to });
  }

  event(kind: PeermapEvent['kind'], change: Partial<PeermapEvent> = {}): void {
    const seq = (this.header.eventHead += 1);
    const { epoch } = this.header;
    const none = { slot: -1, pid: 0, bySlot: -1, byPid: 0, error: 0, size: 0, ns: 0 };
    this.events.push({ seq, timeNs: this.now, epoch, kind, method: 'none', op: 'none', ...none, ...change });
  }

  snapshot(): Snapshot {
    const { name, header, peers, strangers, problems, mode, now } = this;
    const takenAtMs = Date.UTC(2026, 4, 4, 10, 12, 30) + Math.round((now - 5_000e9) / 1e6);
    const length = header.headerLength + header.active;
    const object = { device: 26, inode: 4123, length, allocated: length - 64 * KiB, uid: 1000, mode };
    return structuredClone({
      name,
      takenAtMs,
      monotonicNs: now,
      object,
      header,
      peers,
      roots: [],
      strangers,
      problems,
    });
  }
}

export function empty(): Model {
  return new Model('empty');
}

export function three(): Model {
  const model = new Model();
  model.attach('indexer', 4711);
  model.attach('search', 4718);
  model.attach('stats', 4724);
  for (let round = 0; round < 24; round += 1) {
    model.now += 310e6 + ((round * 7919) % 90) * 1e6;
    model.resize(model.header.active + 64 * KiB * (1 + (round % 3)));
  }
  model.now += 400e6;
  return model;
}

/** Memory mapped ahead, as it is by default: most growths ask nobody, and a process that is stopped holds nothing up. */
export function ahead(active = 24 * MiB, to = 88 * MiB): Model {
  const model = new Model('demo', active);
  model.attach('indexer', 4711);
  const search = model.attach('search', 4718);
  model.attach('stats', 4724, { noPtrace: true });
  model.now += 90e6;
  model.mapAhead(to);
  for (let round = 0; round < 18; round += 1) {
    model.now += 260e6 + ((round * 7919) % 90) * 1e6;
    model.growInside(64 * KiB * (1 + (round % 3)), model.peers[round % 2]);
  }
  search.processState = 'T';
  model.now += 500e6;
  model.mapAhead(to + 16 * MiB);
  model.now += 300e6;
  model.growInside(256 * KiB);
  model.now += 400e6;
  return model;
}

/** Where nothing is mapped ahead, nobody is reached while stopped, and one is. */
export function strict(): Model {
  const model = three();
  model.header.flags.push('strict', 'noPtrace');
  model.now += 300e6;
  the(model.peers[2]).processState = 'T';
  model.resize(model.header.active + 256 * KiB, model.peers[0], ['stats']);
  model.now += 200e6;
  return model;
}

export function full(): Model {
  const model = new Model('market-data', 24 * MiB, 128);
  for (let at = 0; at < 128; at += 1) model.attach(`worker-${String(at).padStart(3, '0')}`, 20_000 + at * 3);
  for (let round = 0; round < 40; round += 1) {
    model.now += 120e6;
    model.resize(model.header.active + MiB, model.peers[(round * 37) % 128]);
  }
  model.now += 200e6;
  return model;
}

/** One that has all that the segment can ever have mapped to read, and the right to write in a part of the header alone. */
export function readers(): Model {
  const model = three();
  const { reserved } = model.header;
  const [head, data] = mappingsOf(reserved) as [Mapping, Mapping];
  const part = (from: number, to: number, permissions: string): Mapping => ({
    address: hex(base - BigInt(headerLength - from)),
    length: to - from,
    offset: from,
    permissions,
  });
  model.attach('viewer', 4730, {
    readOnly: true,
    mapped: reserved,
    processState: 't',
    mappings: [
      part(0, 4 * KiB, 'r--s'),
      part(4 * KiB, 300 * KiB, 'rw-s'),
      part(300 * KiB, head.length, 'r--s'),
      { ...data, permissions: 'r--s' },
    ],
  });
  return model;
}

/** Everything that can be wrong at once. */
export function failing(): Model {
  const model = new Model('telemetry', 6 * MiB);
  model.header.flags.push('strict');
  model.attach('collector', 3301, { pins: 2, pinnedBytes: 5 * MiB });
  const camera = model.attach('camera-left', 3310);
  const planner = model.attach('planner', 3322);
  const logger = model.attach('logger', 3327);
  const viewer = model.attach('viewer', 3340);
  for (let round = 0; round < 6; round += 1) {
    model.now += 420e6;
    model.resize(model.header.active + 256 * KiB);
  }
  const { active } = model.header;
  logger.state = 'dead';
  delete logger.mappings;
  delete logger.missing;
  model.now += 600e6;
  model.event('peer-died', { slot: logger.slot, pid: logger.pid, bySlot: 0, byPid: 3301 });
  model.now += 500e6;
  model.resize(active + 512 * KiB, model.peers[0], ['planner']);
  planner.processState = 'T';
  // One page run was unmapped behind the library's back.
  const at = base + BigInt(active - MiB);
  camera.mappings = mappingsOf(active - MiB);
  camera.missing = [{ address: hex(at), length: MiB }];
  Object.assign(viewer, {
    base: '0x520000000000',
    relocated: true,
    mappings: mappingsOf(active, 0x520000000000n),
  });
  model.strangers.push({
    pid: 5120,
    command: 'hexdump',
    mappings: [{ address: '0x7f31c8a00000', length: 2 * MiB, offset: 0, permissions: 'r--s' }],
  });
  model.header.lock = { slot: 3, pid: 3327, name: 'logger', died: true };
  model.header.intent = { op: 'grow', from: active, to: active + 128 * KiB };
  model.problems.push({ code: 'no-access', where: '/proc/3340/maps', text: 'Permission denied.' });
  model.now += 700e6;
  return model;
}

export function damaged(): Snapshot {
  const model = new Model('garbage');
  model.problems.push({
    code: 'not-a-segment',
    where: 'header.magic',
    text: 'The object does not begin with PEERMAP.',
  });
  const snapshot = model.snapshot();
  delete snapshot.header;
  return { ...snapshot, object: { ...snapshot.object, length: 8192 } };
}

/** More peers than anybody reads one by one; one of them lacks the newest growth. */
export function thousand(): Model {
  const model = new Model('crowd', 8 * MiB, 1024);
  for (let at = 0; at < 1000; at += 1) model.attach(`worker-${String(at).padStart(4, '0')}`, 30_000 + at * 3);
  for (let round = 0; round < 5; round += 1) {
    model.now += 120e6;
    model.growInside(MiB, model.peers[round]);
  }
  const { active } = model.header;
  for (const peer of model.peers) Object.assign(peer, { mapped: active, mappings: mappingsOf(active), method: 'ahead' });
  const late = the(model.peers[777]);
  late.mappings = mappingsOf(active - MiB);
  late.missing = [{ address: hex(base + BigInt(active - MiB)), length: MiB }];
  model.now += 200e6;
  return model;
}

/** Every way in which the registry and the kernel can disagree, a peer each, and one that agrees. */
export function drifting(): Model {
  const model = new Model('drifting', 4 * MiB);
  const { active } = model.header;
  const [head, data] = mappingsOf(active) as [Mapping, Mapping];
  const end = base + BigInt(active);
  model.attach('agrees', 6001);
  model.attach('no-tail', 6002, {
    mappings: mappingsOf(active - MiB),
    missing: [{ address: hex(end - BigInt(MiB)), length: MiB }],
  });
  model.attach('no-piece', 6003, {
    mappings: [
      head,
      { ...data, length: MiB },
      { ...data, address: hex(base + BigInt(2 * MiB)), offset: headerLength + 2 * MiB, length: 2 * MiB },
    ],
    missing: [{ address: hex(base + BigInt(MiB)), length: MiB }],
  });
  model.attach('read-only', 6004, {
    mappings: [head, { ...data, permissions: 'r--s' }],
    missing: [{ address: data.address, length: active }],
  });
  model.attach('more', 6005, { mappings: mappingsOf(active + MiB) });
  model.attach('less', 6006, { mapped: active + 2 * MiB });
  model.attach('reused', 6007, { samePid: false });
  model.attach('corpse', 6008, { state: 'dead' });
  model.attach('behind', 6009, { state: 'late', requested: 3, acked: 2, processState: 't' });
  model.strangers.push({ pid: 6010, command: 'hexdump', mappings: [{ ...data, permissions: 'r--s' }] });
  return model;
}

/** What /proc says of a model's peers. */
export function factsOf(model: Model): ProcessFacts[] {
  return model.peers
    .filter(({ state }) => state !== 'dead')
    .map((peer) => ({
      pid: peer.pid,
      user: 'ada',
      uid: peer.uid ?? 0,
      executable: `/usr/bin/${peer.name}`,
      commandLine: `/usr/bin/${peer.name} --segment ${model.name}`,
      startedAtMs: peer.attachedAtMs - 60_000,
      threads: 3,
      ...(peer.processState === 't' ? { tracer: { pid: 6100, command: 'gdb' } } : {}),
    }));
}
