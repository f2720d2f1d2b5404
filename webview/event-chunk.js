"use strict";
// SPDX-License-Identifier: MIT
//
// A run of events, by column.  A million events as objects would be 150 MB and a second of garbage collection; as columns they are 63 MB that
// nobody has to look through.
//
// Written once, from the front: what is below `used` never changes again, so whoever knows how much of it is his may share it.
Object.defineProperty(exports, "__esModule", { value: true });
exports.Chunk = exports.ops = exports.methods = exports.kinds = exports.chunkSize = void 0;
exports.kindNumber = kindNumber;
exports.opNumber = opNumber;
const batch_1 = require("../extension/protocol/batch");
exports.chunkSize = 4096;
/** A kind is kept as its place in this list, and so are methods and ops. */
exports.kinds = batch_1.words.kinds, exports.methods = batch_1.words.methods, exports.ops = batch_1.words.ops;
const numbersOf = (list) => Object.fromEntries(list.map((word, at) => [word, at]));
const kindNumbers = numbersOf(exports.kinds);
const methodNumbers = numbersOf(exports.methods);
const opNumbers = numbersOf(exports.ops);
function kindNumber(kind) {
    return kindNumbers[kind] ?? 0;
}
function opNumber(op) {
    return opNumbers[op] ?? 0;
}
const doubles = ['seq', 'time', 'epoch', 'size', 'ns'];
const integers = ['slot', 'pid', 'bySlot', 'byPid', 'error'];
class Chunk {
    /** How many events are in it, for whomever it was written last. */
    used = 0;
    seq = new Float64Array(exports.chunkSize);
    time = new Float64Array(exports.chunkSize);
    epoch = new Float64Array(exports.chunkSize);
    size = new Float64Array(exports.chunkSize);
    ns = new Float64Array(exports.chunkSize);
    slot = new Int32Array(exports.chunkSize);
    pid = new Int32Array(exports.chunkSize);
    bySlot = new Int32Array(exports.chunkSize);
    byPid = new Int32Array(exports.chunkSize);
    error = new Int32Array(exports.chunkSize);
    kind = new Uint8Array(exports.chunkSize);
    method = new Uint8Array(exports.chunkSize);
    op = new Uint8Array(exports.chunkSize);
    /** Before the event at `at` so many were lost. */
    gaps = [];
    push(event, lost) {
        const at = this.used;
        if (lost > 0)
            this.gaps.push({ at, count: lost });
        this.seq[at] = event.seq;
        this.time[at] = event.timeNs;
        this.epoch[at] = event.epoch;
        this.size[at] = event.size;
        this.ns[at] = event.ns;
        this.slot[at] = event.slot;
        this.pid[at] = event.pid;
        this.bySlot[at] = event.bySlot;
        this.byPid[at] = event.byPid;
        this.error[at] = event.error;
        this.kind[at] = kindNumber(event.kind);
        this.method[at] = methodNumbers[event.method] ?? 0;
        this.op[at] = opNumber(event.op);
        this.used = at + 1;
    }
    event(at) {
        return {
            seq: this.seq[at] ?? 0,
            timeNs: this.time[at] ?? 0,
            epoch: this.epoch[at] ?? 0,
            kind: exports.kinds[this.kind[at] ?? 0] ?? 'unknown',
            method: exports.methods[this.method[at] ?? 0] ?? 'none',
            op: exports.ops[this.op[at] ?? 0] ?? 'none',
            slot: this.slot[at] ?? -1,
            pid: this.pid[at] ?? 0,
            bySlot: this.bySlot[at] ?? -1,
            byPid: this.byPid[at] ?? 0,
            error: this.error[at] ?? 0,
            size: this.size[at] ?? 0,
            ns: this.ns[at] ?? 0,
        };
    }
    /** The first `count` events in a chunk of their own. */
    copy(count) {
        const other = new Chunk();
        for (const column of doubles)
            other[column].set(this[column].subarray(0, count));
        for (const column of integers)
            other[column].set(this[column].subarray(0, count));
        for (const column of ['kind', 'method', 'op'])
            other[column].set(this[column].subarray(0, count));
        other.gaps.push(...this.gaps.filter(({ at }) => at < count));
        other.used = count;
        return other;
    }
}
exports.Chunk = Chunk;
