"use strict";
// SPDX-License-Identifier: MIT
//
// The shape of a snapshot file: each field that some view of ours reads.  What is in none of them is not looked at.
Object.defineProperty(exports, "__esModule", { value: true });
exports.snapshotFileShape = void 0;
const batch_1 = require("./batch");
const shape_1 = require("./shape");
/** More peers than a registry has slots, more events than a ring has records. */
const most = { peers: 1 << 16, events: 1 << 20, others: 1 << 16 };
const mapping = (0, shape_1.record)({ address: shape_1.address, length: shape_1.natural, offset: shape_1.number, permissions: shape_1.string });
const problem = (0, shape_1.record)({ code: shape_1.string, where: shape_1.string, text: shape_1.string });
const peer = (0, shape_1.record)({
    slot: shape_1.number,
    generation: shape_1.natural,
    pid: shape_1.natural,
    uid: shape_1.natural,
    startTime: shape_1.number,
    name: shape_1.string,
    state: (0, shape_1.oneOf)('alive', 'late', 'dead', 'attaching'),
    processState: (0, shape_1.optional)(shape_1.string),
    samePid: shape_1.boolean,
    base: shape_1.address,
    relocated: shape_1.boolean,
    noInject: shape_1.boolean,
    mapped: shape_1.natural,
    requested: shape_1.natural,
    acked: shape_1.natural,
    unstopped: shape_1.natural,
    populated: shape_1.natural,
    method: (0, shape_1.oneOf)(...batch_1.words.methods),
    error: shape_1.number,
    latencyNs: shape_1.natural,
    pins: shape_1.natural,
    pinnedBytes: shape_1.natural,
    attachedAtMs: shape_1.number,
    mappings: (0, shape_1.optional)((0, shape_1.list)(mapping, most.others)),
    missing: (0, shape_1.optional)((0, shape_1.list)((0, shape_1.record)({ address: shape_1.address, length: shape_1.natural }), most.others)),
});
const op = (0, shape_1.oneOf)(...batch_1.words.ops);
const header = (0, shape_1.record)({
    version: shape_1.natural,
    generation: shape_1.address,
    pageSize: shape_1.natural,
    headerLength: shape_1.natural,
    base: shape_1.address,
    reserved: shape_1.natural,
    flags: (0, shape_1.list)(shape_1.string, 64),
    ahead: shape_1.natural,
    active: shape_1.natural,
    closed: shape_1.boolean,
    target: shape_1.natural,
    horizon: shape_1.natural,
    epoch: shape_1.natural,
    slots: shape_1.natural,
    lock: (0, shape_1.optional)((0, shape_1.record)({ slot: shape_1.number, pid: shape_1.natural, name: shape_1.string, died: shape_1.boolean })),
    intent: (0, shape_1.optional)((0, shape_1.record)({ op, from: shape_1.natural, to: shape_1.natural })),
    creator: (0, shape_1.record)({ pid: shape_1.natural, uid: shape_1.natural, name: shape_1.string }),
    createdAtMs: shape_1.number,
    eventHead: shape_1.natural,
});
const snapshot = (0, shape_1.record)({
    name: shape_1.string,
    takenAtMs: shape_1.number,
    monotonicNs: shape_1.number,
    object: (0, shape_1.record)({ inode: shape_1.natural, length: shape_1.natural, allocated: shape_1.natural, uid: shape_1.natural, mode: shape_1.natural }),
    header: (0, shape_1.optional)(header),
    peers: (0, shape_1.list)(peer, most.peers),
    roots: (0, shape_1.list)((0, shape_1.record)({ name: shape_1.string, type: shape_1.string, offset: shape_1.natural, size: shape_1.natural, version: shape_1.natural }), most.others),
    strangers: (0, shape_1.list)((0, shape_1.record)({ pid: shape_1.natural, command: shape_1.string, mappings: (0, shape_1.list)(mapping, most.others) }), most.peers),
    problems: (0, shape_1.list)(problem, most.others),
});
const event = (0, shape_1.record)({
    seq: shape_1.natural,
    timeNs: shape_1.number,
    epoch: shape_1.natural,
    kind: shape_1.string,
    method: shape_1.string,
    op,
    slot: shape_1.number,
    pid: shape_1.natural,
    bySlot: shape_1.number,
    byPid: shape_1.natural,
    error: shape_1.number,
    size: shape_1.natural,
    ns: shape_1.number,
});
const heapClass = (0, shape_1.record)({ stride: shape_1.natural, spans: shape_1.natural, objects: shape_1.natural, capacity: shape_1.natural, bytes: shape_1.natural });
const heapPeer = (0, shape_1.record)({
    pid: shape_1.natural,
    name: shape_1.string,
    threads: shape_1.natural,
    spans: shape_1.natural,
    spanBytes: shape_1.natural,
    allocations: shape_1.natural,
    frees: shape_1.natural,
});
const heap = (0, shape_1.record)({
    size: shape_1.natural,
    used: shape_1.natural,
    smallObjects: shape_1.natural,
    largeObjects: shape_1.natural,
    largeBytes: shape_1.natural,
    spanBytes: shape_1.natural,
    freeBytes: shape_1.natural,
    holeBytes: shape_1.natural,
    largestFree: shape_1.natural,
    faults: shape_1.natural,
    metadata: shape_1.natural,
    classes: (0, shape_1.list)(heapClass, 4096),
    peers: (0, shape_1.list)(heapPeer, most.peers),
    problems: (0, shape_1.list)(problem, most.others),
});
const facts = (0, shape_1.record)({
    pid: shape_1.natural,
    user: shape_1.string,
    uid: shape_1.natural,
    executable: shape_1.string,
    commandLine: shape_1.string,
    startedAtMs: shape_1.number,
    threads: shape_1.natural,
});
const residentRange = (0, shape_1.record)({
    address: shape_1.address,
    length: shape_1.natural,
    offset: shape_1.number,
    permissions: shape_1.string,
    resident: shape_1.natural,
    proportional: shape_1.natural,
});
/** A struct in a struct in a struct: deeper than this is no structure of ours. */
const deepest = 32;
const structureField = (depth) => (0, shape_1.record)({
    name: shape_1.string,
    type: shape_1.string,
    offset: shape_1.number,
    size: shape_1.natural,
    value: shape_1.string,
    target: (0, shape_1.optional)(shape_1.number),
    fields: (0, shape_1.optional)(depth === 0 ? (0, shape_1.list)(shape_1.number, 0) : (0, shape_1.list)((value, path) => structureField(depth - 1)(value, path), most.others)),
});
const structure = (0, shape_1.record)({
    root: shape_1.string,
    type: shape_1.string,
    source: (0, shape_1.record)({ file: shape_1.string, reader: shape_1.string }),
    offset: shape_1.number,
    size: shape_1.natural,
    fields: (0, shape_1.list)(structureField(deepest), most.others),
});
exports.snapshotFileShape = (0, shape_1.record)({
    host: shape_1.string,
    exportedAt: shape_1.string,
    extension: shape_1.string,
    snapshot,
    events: (0, shape_1.record)({ events: (0, shape_1.list)(event, most.events), last: shape_1.natural, missed: shape_1.natural }),
    heap: (0, shape_1.optional)((0, shape_1.nullable)(heap)),
    facts: (0, shape_1.list)(facts, most.peers),
    residency: (0, shape_1.optional)((0, shape_1.list)((0, shape_1.record)({ pid: shape_1.natural, ranges: (0, shape_1.list)(residentRange, most.others) }), most.peers)),
    structures: (0, shape_1.list)(structure, most.others),
    problems: (0, shape_1.list)(problem, most.others),
});
