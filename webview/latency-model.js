"use strict";
// SPDX-License-Identifier: MIT
//
// How long rounds and answers took, in a stretch of time: histograms and what is read off them.  Pure.
//
// Sixteen buckets to the octave: a percentile is right to within 3 %, whether it is of microseconds or of seconds.
Object.defineProperty(exports, "__esModule", { value: true });
exports.Histogram = void 0;
exports.bucketOf = bucketOf;
exports.startOf = startOf;
exports.studyOf = studyOf;
exports.columnsOf = columnsOf;
const event_chunk_1 = require("./event-chunk");
const perOctave = 16;
/** The last of them is of 26 days. */
const octaves = 52;
/** The bits of a double are its logarithm: the exponent, then the sixteenth of the octave. */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const bias = 1023 * perOctave;
function bucketOf(ns) {
    double[0] = ns < 1 ? 1 : ns;
    return Math.min(((words[1] ?? 0) >>> 16) - bias, perOctave * octaves - 1);
}
/** The least ns that falls into a bucket. */
function startOf(bucket) {
    return 2 ** Math.floor(bucket / perOctave) * (1 + (bucket % perOctave) / perOctave);
}
class Histogram {
    counts = new Uint32Array(perOctave * octaves);
    total = 0;
    max = 0;
    add(ns) {
        const bucket = bucketOf(ns);
        this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
        this.total += 1;
        if (ns > this.max)
            this.max = ns;
    }
    /** So many of a hundred took no longer than this.  Undefined if there were none. */
    percentile(percent) {
        if (this.total === 0)
            return undefined;
        let left = Math.max(1, Math.ceil((this.total * percent) / 100));
        for (let bucket = 0; bucket < this.counts.length; bucket += 1) {
            left -= this.counts[bucket] ?? 0;
            if (left <= 0)
                return Math.min(this.max, (startOf(bucket) + startOf(bucket + 1)) / 2);
        }
        return this.max;
    }
}
exports.Histogram = Histogram;
const [ack, late, end, back] = ['map-ack', 'map-late', 'round-end', 'rollback'].map(event_chunk_1.kindNumber);
const insideOp = (0, event_chunk_1.opNumber)('inside');
function studyOf(log, from, to) {
    const first = log.indexAt(from);
    const last = log.indexAt(to);
    const ofKind = new Uint32Array(event_chunk_1.kinds.length);
    const [rounds, inside, answers] = [new Histogram(), new Histogram(), new Histogram()];
    const bySlot = new Map();
    const lateBySlot = new Map();
    for (const part of log.parts(first, last)) {
        const { chunk } = part;
        for (let at = part.from; at < part.to; at += 1) {
            const kind = chunk.kind[at] ?? 0;
            ofKind[kind] = (ofKind[kind] ?? 0) + 1;
            const ns = chunk.ns[at] ?? 0;
            if (kind === end || kind === back)
                (chunk.op[at] === insideOp ? inside : rounds).add(ns);
            else if (kind === ack) {
                answers.add(ns);
                const slot = chunk.slot[at] ?? -1;
                let own = bySlot.get(slot);
                if (!own)
                    bySlot.set(slot, (own = new Histogram()));
                own.add(ns);
            }
            else if (kind === late) {
                const slot = chunk.slot[at] ?? -1;
                lateBySlot.set(slot, (lateBySlot.get(slot) ?? 0) + 1);
            }
        }
    }
    return {
        from,
        to,
        events: Math.max(0, last - first),
        ofKind,
        rounds,
        inside,
        answers,
        bySlot,
        lateBySlot,
        holders: log.holders,
    };
}
/** Four columns to the octave, from the shortest to the longest there were. */
function columnsOf(study) {
    const step = perOctave / 4;
    const columns = [];
    for (let bucket = 0; bucket < perOctave * octaves; bucket += step) {
        const sum = (one) => one.counts.subarray(bucket, bucket + step).reduce((all, count) => all + count, 0);
        const [answers, rounds] = [sum(study.answers), sum(study.rounds) + sum(study.inside)];
        columns.push({ from: startOf(bucket), to: startOf(bucket + step), answers, rounds });
    }
    const used = ({ answers, rounds }) => answers + rounds > 0;
    return columns.slice(Math.max(0, columns.findIndex(used)), columns.findLastIndex(used) + 1);
}
