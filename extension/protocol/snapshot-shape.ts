// SPDX-License-Identifier: MIT
//
// The shape of a snapshot file: each field that some view of ours reads.  What is in none of them is not looked at.

import { words } from './batch';
import { address, boolean, list, natural, nullable, number, oneOf, optional, record, string, type Check } from './shape';

/** More peers than a registry has slots, more events than a ring has records. */
const most = { peers: 1 << 16, events: 1 << 20, others: 1 << 16 };

const mapping = record({ address, length: natural, offset: number, permissions: string });
const problem = record({ code: string, where: string, text: string });

const peer = record({
  slot: number,
  generation: natural,
  pid: natural,
  uid: optional(natural),
  claimedUid: optional(natural),
  startTime: number,
  name: string,
  state: oneOf('alive', 'late', 'dead', 'attaching'),
  processState: optional(string),
  frozen: optional(record({ file: optional(string), thaw: optional(string) })),
  samePid: boolean,
  pidHere: optional(natural),
  pidPerhaps: optional(natural),
  base: address,
  relocated: boolean,
  noPtrace: boolean,
  readOnly: optional(boolean),
  mapped: natural,
  requested: natural,
  acked: natural,
  unstopped: natural,
  populated: natural,
  method: oneOf(...words.methods),
  error: number,
  latencyNs: natural,
  pins: natural,
  pinnedBytes: natural,
  attachedAtMs: number,
  mappings: optional(list(mapping, most.others)),
  missing: optional(list(record({ address, length: natural }), most.others)),
});

const op = oneOf(...words.ops);

const header = record({
  version: natural,
  generation: address,
  pageSize: natural,
  headerLength: natural,
  base: address,
  reserved: natural,
  flags: list(string, 64),
  ahead: natural,
  active: natural,
  closed: boolean,
  target: natural,
  horizon: natural,
  epoch: natural,
  slots: natural,
  lock: optional(record({ slot: number, pid: natural, name: string, died: boolean })),
  intent: optional(record({ op, from: natural, to: natural })),
  creator: record({ pid: natural, uid: natural, name: string }),
  createdAtMs: number,
  eventHead: natural,
});

const snapshot = record({
  name: string,
  takenAtMs: number,
  monotonicNs: number,
  object: record({
    device: natural,
    inode: natural,
    bornNs: optional(address),
    length: natural,
    allocated: natural,
    uid: natural,
    mode: natural,
  }),
  header: optional(header),
  peers: list(peer, most.peers),
  roots: list(record({ name: string, type: string, offset: natural, size: natural, version: natural }), most.others),
  strangers: list(record({ pid: natural, command: string, mappings: list(mapping, most.others) }), most.peers),
  problems: list(problem, most.others),
});

const event = record({
  seq: natural,
  timeNs: number,
  epoch: natural,
  kind: string,
  method: string,
  op,
  slot: number,
  pid: natural,
  bySlot: number,
  byPid: natural,
  error: number,
  size: natural,
  ns: number,
});

const heapClass = record({ stride: natural, spans: natural, objects: natural, capacity: natural, bytes: natural });
const heapPeer = record({
  pid: natural,
  name: string,
  threads: natural,
  spans: natural,
  spanBytes: natural,
  allocations: natural,
  frees: natural,
});
const heap = record({
  size: natural,
  used: natural,
  smallObjects: natural,
  largeObjects: natural,
  largeBytes: natural,
  spanBytes: natural,
  freeBytes: natural,
  holeBytes: natural,
  largestFree: natural,
  faults: natural,
  metadata: natural,
  classes: list(heapClass, 4096),
  peers: list(heapPeer, most.peers),
  problems: list(problem, most.others),
});

const facts = record({
  pid: natural,
  user: string,
  uid: natural,
  executable: string,
  commandLine: string,
  startedAtMs: number,
  threads: natural,
});
const residentRange = record({
  address,
  length: natural,
  offset: number,
  permissions: string,
  resident: natural,
  proportional: natural,
});
/** A struct in a struct in a struct: deeper than this is no structure of ours. */
const deepest = 32;
const structureField = (depth: number): Check =>
  record({
    name: string,
    type: string,
    offset: number,
    size: natural,
    value: string,
    target: optional(number),
    fields: optional(depth === 0 ? list(number, 0) : list((value, path) => structureField(depth - 1)(value, path), most.others)),
  });
const structure = record({
  root: string,
  type: string,
  source: record({ file: string, reader: string }),
  offset: number,
  size: natural,
  fields: list(structureField(deepest), most.others),
});

export const snapshotFileShape = record({
  host: string,
  exportedAt: string,
  extension: string,
  snapshot,
  events: record({ events: list(event, most.events), last: natural, missed: natural }),
  heap: optional(nullable(heap)),
  facts: list(facts, most.peers),
  residency: optional(list(record({ pid: natural, ranges: list(residentRange, most.others) }), most.peers)),
  structures: list(structure, most.others),
  problems: list(problem, most.others),
});
