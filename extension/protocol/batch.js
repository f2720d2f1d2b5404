"use strict";
// SPDX-License-Identifier: MIT
//
// Events as they travel while a segment is watched: rows of numbers in one array, which crosses from process to process as the bytes that
// it is.  An object for each of a hundred thousand events a second costs every process on their way most of a core.
Object.defineProperty(exports, "__esModule", { value: true });
exports.words = void 0;
exports.countOf = countOf;
exports.unpack = unpack;
exports.join = join;
exports.after = after;
const rowLength = 13;
/** The addon's eventWords, for processes without the addon: a test compares the two. */
exports.words = {
    kinds: [
        'unknown',
        'create',
        'attach',
        'restart',
        'detach',
        'peer-died',
        'reap',
        'round-begin',
        'map-request',
        'map-ack',
        'map-late',
        'round-end',
        'rollback',
        'cut',
        'refuse',
        'root',
        'takeover',
        'unstop',
        'inject',
        'lost',
        'heap-fault',
        'heap-reclaim',
    ],
    methods: ['none', 'attach', 'agent', 'self', 'unstop', 'inject', 'ahead'],
    ops: ['none', 'grow', 'shrink', 'remap', 'map', 'recover', 'ahead', 'inside'],
};
function countOf({ rows }) {
    return rows.length / rowLength;
}
function unpack(batch) {
    const events = Array.from({ length: countOf(batch) }, (_, at) => eventAt(batch.rows, at * rowLength));
    return { events, last: batch.last, missed: batch.missed };
}
function eventAt(rows, at) {
    const field = (index) => rows[at + index] ?? 0;
    return {
        seq: field(0),
        timeNs: field(1),
        epoch: field(2),
        kind: exports.words.kinds[field(3)] ?? 'unknown',
        method: exports.words.methods[field(4)] ?? 'none',
        op: exports.words.ops[field(5)] ?? 'none',
        slot: field(6),
        pid: field(7),
        bySlot: field(8),
        byPid: field(9),
        error: field(10),
        size: field(11),
        ns: field(12),
    };
}
/** One batch of several, in their order.  What was missed between them is still seen, by the gap between sequence numbers. */
function join(batches) {
    const [only] = batches;
    if (only && batches.length === 1)
        return only;
    const rows = new Float64Array(batches.reduce((sum, batch) => sum + batch.rows.length, 0));
    let at = 0;
    for (const batch of batches) {
        rows.set(batch.rows, at);
        at += batch.rows.length;
    }
    return { rows, last: batches.at(-1)?.last ?? 0, missed: batches.reduce((sum, { missed }) => sum + missed, 0) };
}
/** The events of a batch with greater sequence numbers; they rise. */
function after(batch, seq) {
    let from = 0;
    while (from < batch.rows.length && (batch.rows[from] ?? 0) <= seq)
        from += rowLength;
    return from === 0 ? batch : { ...batch, rows: batch.rows.slice(from) };
}
