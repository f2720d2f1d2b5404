"use strict";
// SPDX-License-Identifier: MIT
//
// A full chunk of events by lane, and over each lane a tree of summaries: what lets the timeline show a million events by looking at some
// thousand nodes.
//
// An entry is something that a lane shows: a marker at a moment, or a bar from a moment to another (an answer from its request on, a round
// from its beginning on).  A node sums up eight entries, or eight nodes.  All of it is written once and then only read.
Object.defineProperty(exports, "__esModule", { value: true });
exports.ChunkIndex = exports.markBits = exports.bits = exports.marksOfPeers = exports.marksOfSegment = void 0;
exports.laneOf = laneOf;
exports.flagsOf = flagsOf;
exports.lengthOf = lengthOf;
exports.indexOf = indexOf;
const event_chunk_1 = require("./event-chunk");
/** Which lane shows an event: its slot's, the segment's (-1), or none. */
const none = 0;
const bySlot = 1;
const bySegment = 2;
/** Events with a marker of their own.  Those of the segment are in its lane, the others in their peer's. */
exports.marksOfSegment = ['create', 'cut', 'refuse', 'root', 'takeover', 'heap-reclaim', 'unknown'];
exports.marksOfPeers = [
    'attach',
    'restart',
    'detach',
    'peer-died',
    'reap',
    'map-late',
    'unstop',
    'inject',
    'lost',
    'heap-fault',
];
/** Bits of a summary: for each kind of marker its number in `kinds`, and these for bars. */
exports.bits = {
    ackOk: 1 << 22,
    ackReached: 1 << 23,
    ackLate: 1 << 24,
    ackFailed: 1 << 25,
    roundDone: 1 << 26,
    roundInside: 1 << 27,
    roundBack: 1 << 28,
};
exports.markBits = (1 << 22) - 1;
const lanes = new Uint8Array(256);
const marks = new Uint32Array(256);
for (const kind of exports.marksOfSegment)
    lanes[(0, event_chunk_1.kindNumber)(kind)] = bySegment;
for (const kind of [...exports.marksOfPeers, 'map-ack'])
    lanes[(0, event_chunk_1.kindNumber)(kind)] = bySlot;
for (const kind of ['round-end', 'rollback'])
    lanes[(0, event_chunk_1.kindNumber)(kind)] = bySegment;
for (const kind of [...exports.marksOfSegment, ...exports.marksOfPeers])
    marks[(0, event_chunk_1.kindNumber)(kind)] = 1 << (0, event_chunk_1.kindNumber)(kind);
const [ack, late, end, back] = ['map-ack', 'map-late', 'round-end', 'rollback'].map(event_chunk_1.kindNumber);
const inside = (0, event_chunk_1.opNumber)('inside');
/** Brought about by somebody else, because the peer's process was stopped: methods "unstop" and "inject". */
const reached = [4, 5];
/** Slot of the lane that shows the event at `at`; undefined if none does. */
function laneOf(chunk, at) {
    const lane = lanes[chunk.kind[at] ?? 0];
    return lane === none ? undefined : lane === bySegment ? -1 : chunk.slot[at];
}
function flagsOf(chunk, at) {
    const kind = chunk.kind[at] ?? 0;
    const mark = marks[kind] ?? 0;
    if (kind === end)
        return mark | (chunk.op[at] === inside ? exports.bits.roundInside : exports.bits.roundDone);
    if (kind === back)
        return mark | exports.bits.roundBack;
    if (kind === late)
        return mark | exports.bits.ackLate;
    if (kind !== ack)
        return mark;
    if (chunk.error[at] !== 0)
        return exports.bits.ackFailed;
    return reached.includes(chunk.method[at] ?? 0) ? exports.bits.ackReached : exports.bits.ackOk;
}
/** How long what ends with this event took; 0 for what is a moment. */
function lengthOf(chunk, at) {
    const kind = chunk.kind[at] ?? 0;
    return kind === ack || kind === end || kind === back || kind === late ? (chunk.ns[at] ?? 0) : 0;
}
const fan = 8;
class ChunkIndex {
    chunk;
    /** Slots in order, and where the entries and the nodes of each begin; one more for the end. */
    slots;
    entries;
    nodes;
    /** Places in the chunk, by lane and then by time. */
    places;
    from;
    to;
    flags;
    longest;
    constructor(chunk) {
        this.chunk = chunk;
        const counts = new Map();
        for (let at = 0; at < event_chunk_1.chunkSize; at += 1) {
            const lane = laneOf(chunk, at);
            if (lane !== undefined)
                counts.set(lane, (counts.get(lane) ?? 0) + 1);
        }
        const slots = [...counts.keys()].sort((a, b) => a - b);
        this.slots = Int32Array.from(slots);
        this.entries = new Uint16Array(slots.length + 1);
        this.nodes = new Uint32Array(slots.length + 1);
        slots.forEach((slot, at) => {
            const count = counts.get(slot) ?? 0;
            this.entries[at + 1] = (this.entries[at] ?? 0) + count;
            this.nodes[at + 1] = (this.nodes[at] ?? 0) + levelsOf(count).reduce((sum, size) => sum + size, 0);
        });
        this.places = new Uint16Array(this.entries[slots.length] ?? 0);
        const next = new Map(slots.map((slot, at) => [slot, this.entries[at] ?? 0]));
        for (let at = 0; at < event_chunk_1.chunkSize; at += 1) {
            const lane = laneOf(chunk, at);
            if (lane === undefined)
                continue;
            const place = next.get(lane) ?? 0;
            this.places[place] = at;
            next.set(lane, place + 1);
        }
        const total = this.nodes[slots.length] ?? 0;
        this.from = new Float64Array(total).fill(Infinity);
        this.to = new Float64Array(total).fill(-Infinity);
        this.flags = new Uint32Array(total);
        this.longest = new Float64Array(total);
        slots.forEach((_, run) => this.sumUp(run));
    }
    sumUp(run) {
        const { chunk } = this;
        const first = this.entries[run] ?? 0;
        const count = (this.entries[run + 1] ?? 0) - first;
        const levels = levelsOf(count);
        let base = this.nodes[run] ?? 0;
        for (let entry = 0; entry < count; entry += 1) {
            const at = this.places[first + entry] ?? 0;
            const time = chunk.time[at] ?? 0;
            const length = lengthOf(chunk, at);
            this.add(base + Math.floor(entry / fan), time - length, time, flagsOf(chunk, at), length);
        }
        for (let level = 1; level < levels.length; level += 1) {
            const below = levels[level - 1] ?? 0;
            for (let node = 0; node < below; node += 1) {
                const at = base + node;
                const parent = base + below + Math.floor(node / fan);
                this.add(parent, this.from[at] ?? 0, this.to[at] ?? 0, this.flags[at] ?? 0, this.longest[at] ?? 0);
            }
            base += below;
        }
    }
    add(node, from, to, flags, length) {
        if (from < (this.from[node] ?? 0))
            this.from[node] = from;
        if (to > (this.to[node] ?? 0))
            this.to[node] = to;
        this.flags[node] = (this.flags[node] ?? 0) | flags;
        if (length > (this.longest[node] ?? 0))
            this.longest[node] = length;
    }
    /** Tells `sink` of a lane's entries that touch start … end: in sum, where a sum is shorter than `shortest`. */
    visit(slot, start, end, shortest, sink) {
        const run = this.slots.indexOf(slot);
        if (run < 0)
            return;
        const { chunk } = this;
        const first = this.entries[run] ?? 0;
        const count = (this.entries[run + 1] ?? 0) - first;
        const levels = levelsOf(count);
        const base = this.nodes[run] ?? 0;
        const descend = (level, node, offset) => {
            const at = base + offset + node;
            const from = this.from[at] ?? 0;
            const to = this.to[at] ?? 0;
            if (to < start || from > end)
                return;
            if (to - from < shortest) {
                const inIt = Math.min(fan ** (level + 1), count - node * fan ** (level + 1));
                sink.sum(from, to, inIt, this.flags[at] ?? 0, this.longest[at] ?? 0);
                return;
            }
            const stop = Math.min((node + 1) * fan, level === 0 ? count : (levels[level - 1] ?? 0));
            for (let child = node * fan; child < stop; child += 1) {
                if (level > 0)
                    descend(level - 1, child, offset - (levels[level - 1] ?? 0));
                else
                    this.entry(chunk, this.places[first + child] ?? 0, start, end, sink);
            }
        };
        const top = levels.length - 1;
        descend(top, 0, levels.slice(0, top).reduce((sum, size) => sum + size, 0));
    }
    entry(chunk, at, start, end, sink) {
        const time = chunk.time[at] ?? 0;
        const length = lengthOf(chunk, at);
        if (time >= start && time - length <= end)
            sink.one(time - length, time, flagsOf(chunk, at), length, chunk, at);
    }
}
exports.ChunkIndex = ChunkIndex;
/** How many nodes each level has, from the one over the entries to the one that is all. */
function levelsOf(entries) {
    const levels = [Math.ceil(entries / fan)];
    for (let last = levels[0] ?? 0; last > 1; levels.push(last))
        last = Math.ceil(last / fan);
    return levels;
}
const made = new WeakMap();
/** Of a full chunk. */
function indexOf(chunk) {
    let index = made.get(chunk);
    if (!index)
        made.set(chunk, (index = new ChunkIndex(chunk)));
    return index;
}
