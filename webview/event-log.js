"use strict";
// SPDX-License-Identifier: MIT
//
// The events that the inspector keeps: the newest million, and where some are missing.
//
// A log never changes.  Appending makes another one that shares all full chunks with it, and the last one too: the new log knows of more of
// it than the old one does.  So keeping the log before costs nothing, and appending costs what is appended.
//
// Sequence numbers have no gaps in the ring, so a gap here means events that were overwritten before anybody read them.  Times are in
// order but for those of writers that raced each other: what is looked up by time is right to within such a race.
Object.defineProperty(exports, "__esModule", { value: true });
exports.emptyLog = exports.EventLog = exports.eventLimit = void 0;
const event_chunk_1 = require("./event-chunk");
const event_index_1 = require("./event-index");
/** At least so many of the newest are kept; older ones go, a chunk at a time. */
exports.eventLimit = 1_000_000;
class EventLog {
    /** All but the last are full. */
    chunks;
    length;
    /** Everything up to this sequence number was read or is in a gap. */
    last;
    /** Events that were read and then forgotten to keep within the limit. */
    dropped;
    /** Events that nobody could read, in all gaps that there ever were. */
    lost;
    /** Of them, after the newest event. */
    tail;
    /** The pid that each slot of an event had last. */
    holders;
    constructor({ chunks, length, last, dropped, lost, tail, holders }) {
        this.chunks = chunks;
        this.length = length;
        this.last = last;
        this.dropped = dropped;
        this.lost = lost;
        this.tail = tail;
        this.holders = holders;
    }
    at(index) {
        const whole = index < 0 ? index + this.length : index;
        if (whole < 0 || whole >= this.length)
            return undefined;
        return this.chunks[Math.floor(whole / event_chunk_1.chunkSize)]?.event(whole % event_chunk_1.chunkSize);
    }
    get firstTime() {
        return this.length === 0 ? undefined : this.chunks[0]?.time[0];
    }
    get lastTime() {
        return this.length === 0 ? undefined : this.timeAt(this.length - 1);
    }
    /** The columns of the events with these indices. */
    *parts(from = 0, to = this.length) {
        const end = Math.min(to, this.length);
        for (let index = Math.max(0, from); index < end;) {
            const chunk = this.chunks[Math.floor(index / event_chunk_1.chunkSize)];
            if (!chunk)
                return;
            const start = index % event_chunk_1.chunkSize;
            const stop = Math.min(event_chunk_1.chunkSize, start + end - index);
            yield { chunk, from: start, to: stop, index };
            index += stop - start;
        }
    }
    /** As objects: for a window that a person reads, not for all there is. */
    events(from = 0, to = this.length) {
        const events = [];
        for (const part of this.parts(from, to))
            for (let at = part.from; at < part.to; at += 1)
                events.push(part.chunk.event(at));
        return events;
    }
    timeAt(index) {
        return this.chunks[Math.floor(index / event_chunk_1.chunkSize)]?.time[index % event_chunk_1.chunkSize] ?? Infinity;
    }
    seqAt(index) {
        return this.chunks[Math.floor(index / event_chunk_1.chunkSize)]?.seq[index % event_chunk_1.chunkSize] ?? Infinity;
    }
    /** Index of the event with this sequence number, or -1. */
    indexOf(seq) {
        const index = this.firstFrom(seq, (at) => this.seqAt(at));
        return index < this.length && this.seqAt(index) === seq ? index : -1;
    }
    /** The event with this sequence number. */
    find(seq) {
        return seq === undefined ? undefined : this.at(this.indexOf(seq) < 0 ? this.length : this.indexOf(seq));
    }
    /** Index of the first event that is not before `time`. */
    indexAt(time) {
        return this.firstFrom(time, (at) => this.timeAt(at));
    }
    firstFrom(wanted, value) {
        let low = 0;
        let high = this.length;
        while (low < high) {
            const middle = (low + high) >>> 1;
            if (value(middle) < wanted)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
    /** Where events are missing, from the one before the event with index `from` to the one before `to`; the one at the end with the last. */
    gaps(from = 0, to = this.length) {
        const found = [];
        for (const { chunk, from: start, to: stop } of this.parts(from, to))
            for (const { at, count } of chunk.gaps)
                if (at >= start && at < stop)
                    found.push({ before: chunk.seq[at] ?? 0, count });
        if (this.tail > 0 && to >= this.length)
            found.push({ before: this.last + 1, count: this.tail });
        return found;
    }
    /** This log with a batch after it; with `reset`, the batch alone.  Events that are there already are not taken twice. */
    append(batch, reset) {
        const base = reset ? exports.emptyLog : this;
        const chunks = base.chunks.slice();
        let { length, tail, lost, holders } = base;
        let expected = reset ? startOf(batch) : base.last + 1;
        let own;
        for (const event of batch.events) {
            if (event.seq < expected)
                continue;
            const missing = event.seq - expected;
            const chunk = chunkFor(chunks, length);
            chunk.push(event, missing + tail);
            // Now, in small pieces, rather than for a million at once when somebody first zooms out.
            if (chunk.used === event_chunk_1.chunkSize)
                (0, event_index_1.indexOf)(chunk);
            lost += missing;
            tail = 0;
            length += 1;
            expected = event.seq + 1;
            if (event.slot >= 0 && holders.get(event.slot) !== event.pid)
                holders = own = (own ?? new Map(holders)).set(event.slot, event.pid);
        }
        if (batch.last >= expected) {
            if (batch.missed > 0) {
                tail += batch.last - expected + 1;
                lost += batch.last - expected + 1;
            }
            expected = batch.last + 1;
        }
        const excess = Math.max(0, Math.floor((length - exports.eventLimit) / event_chunk_1.chunkSize));
        return new EventLog({
            chunks: excess > 0 ? chunks.slice(excess) : chunks,
            length: length - excess * event_chunk_1.chunkSize,
            last: expected - 1,
            dropped: base.dropped + excess * event_chunk_1.chunkSize,
            lost,
            tail,
            holders,
        });
    }
}
exports.EventLog = EventLog;
exports.emptyLog = new EventLog({ chunks: [], length: 0, last: 0, dropped: 0, lost: 0, tail: 0, holders: new Map() });
/** The chunk that takes the event with this index.  If another log has gone on in the last chunk meanwhile, a copy of what both have. */
function chunkFor(chunks, length) {
    const at = Math.floor(length / event_chunk_1.chunkSize);
    const there = chunks[at];
    const used = length % event_chunk_1.chunkSize;
    if (there && there.used === used)
        return there;
    return (chunks[at] = there ? there.copy(used) : new event_chunk_1.Chunk());
}
/** The first sequence number that a fresh batch speaks for: what was lost before its first event counts, what was never asked for does not. */
function startOf(batch) {
    const [first] = batch.events;
    if (!first)
        return batch.last + 1 - batch.missed;
    let seen = first.seq;
    let inside = 0;
    for (const { seq } of batch.events) {
        inside += Math.max(0, seq - seen);
        seen = seq + 1;
    }
    inside += Math.max(0, batch.last + 1 - seen);
    return Math.max(1, first.seq - Math.max(0, batch.missed - inside));
}
