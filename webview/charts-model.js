"use strict";
// SPDX-License-Identifier: MIT
//
// The charts as numbers: for each pixel of a window of time, what the sizes were and what went on.  Pure.
//
// Events tell each change of size, samples what was so in between and before; where neither does, nothing is drawn.
Object.defineProperty(exports, "__esModule", { value: true });
exports.binCount = void 0;
exports.chartsOf = chartsOf;
const event_chunk_1 = require("./event-chunk");
exports.binCount = 60;
const create = (0, event_chunk_1.kindNumber)('create');
const begin = (0, event_chunk_1.kindNumber)('round-begin');
const end = (0, event_chunk_1.kindNumber)('round-end');
const back = (0, event_chunk_1.kindNumber)('rollback');
/** How far before the window the size at its beginning is looked for. */
const reach = 20_000;
function chartsOf(log, samples, window, width) {
    const pixels = Math.max(exports.binCount, Math.floor(width));
    const unknown = () => new Float64Array(pixels).fill(NaN);
    const [active, target, resident, lowest, highest] = [unknown(), unknown(), unknown(), unknown(), unknown()];
    const bins = Array.from({ length: exports.binCount }, (_, at) => emptyBin(window, at));
    const dots = new Map();
    const perPixel = (window.end - window.start) / pixels;
    const xOf = (time) => Math.floor((time - window.start) / perPixel);
    const note = (x, size) => {
        active[x] = size;
        if (!((lowest[x] ?? NaN) <= size))
            lowest[x] = size;
        if (!((highest[x] ?? NaN) >= size))
            highest[x] = size;
    };
    const before = samples.findLast(({ timeNs }) => timeNs < window.start);
    for (const one of samples) {
        const x = xOf(one.timeNs);
        if (x < 0 || x >= pixels)
            continue;
        note(x, one.active);
        target[x] = one.target;
        resident[x] = one.resident;
    }
    const from = log.indexAt(window.start);
    for (const part of log.parts(from, log.indexAt(window.end))) {
        const { chunk } = part;
        for (let at = part.from; at < part.to; at += 1) {
            const kind = chunk.kind[at];
            if (kind !== end && kind !== back && kind !== begin && kind !== create)
                continue;
            const x = Math.min(Math.max(xOf(chunk.time[at] ?? 0), 0), pixels - 1);
            const size = chunk.size[at] ?? 0;
            if (kind === begin) {
                target[x] = size;
                continue;
            }
            note(x, size);
            if (kind === create || kind === back)
                target[x] = size;
            if (kind !== create)
                addRound(dots, bins[Math.floor((x / pixels) * exports.binCount)], x, chunk.ns[at] ?? 0, kind === back);
        }
    }
    carry(active, sizeBefore(log, from) ?? before?.active);
    carry(target, before?.target ?? active[0]);
    carry(resident, before?.resident);
    fillBins(bins, active, target, resident, pixels);
    return { window, pixels, active, target, resident, lowest, highest, rounds: [...dots.values()], bins };
}
function emptyBin({ start, end: stop }, at) {
    const length = (stop - start) / exports.binCount;
    const from = start + at * length;
    return { from, to: from + length, rate: NaN, active: NaN, target: NaN, resident: NaN, rounds: 0, longest: 0 };
}
/** The active size that the last round before this event left. */
function sizeBefore(log, index) {
    const parts = [...log.parts(Math.max(0, index - reach), index)];
    for (const { chunk, from, to } of parts.reverse())
        for (let at = to - 1; at >= from; at -= 1)
            if (chunk.kind[at] === end || chunk.kind[at] === back || chunk.kind[at] === create)
                return chunk.size[at];
    return undefined;
}
function addRound(dots, bin, x, ns, failed) {
    // Eight heights to the decade are as many as there are pixels for.
    const key = x * 256 + Math.round(Math.log10(Math.max(1, ns)) * 8) * 2 + Number(failed);
    const there = dots.get(key);
    if (there)
        there.count += 1;
    else
        dots.set(key, { x, ns, count: 1, failed });
    if (!bin)
        return;
    bin.rounds += 1;
    bin.longest = Math.max(bin.longest, ns);
}
/** A size is what it was until it is told to be another. */
function carry(values, first) {
    let last = first ?? NaN;
    for (let x = 0; x < values.length; x += 1) {
        const value = values[x] ?? NaN;
        if (Number.isNaN(value))
            values[x] = last;
        else
            last = value;
    }
}
function fillBins(bins, active, target, resident, pixels) {
    let before = active[0] ?? NaN;
    bins.forEach((bin, at) => {
        const x = Math.min(pixels - 1, Math.ceil(((at + 1) * pixels) / exports.binCount) - 1);
        bin.active = active[x] ?? NaN;
        bin.target = target[x] ?? NaN;
        bin.resident = resident[x] ?? NaN;
        bin.rate = (bin.active - before) / ((bin.to - bin.from) / 1e9);
        before = bin.active;
    });
}
