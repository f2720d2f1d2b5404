"use strict";
// SPDX-License-Identifier: MIT
//
// Lanes from far away: what falls on the same pixel of a lane becomes one column.  Pure.
//
// Full chunks are asked through their index, the last one event by event; so the cost is that of the picture, not that of the log.
Object.defineProperty(exports, "__esModule", { value: true });
exports.columnsOf = columnsOf;
const event_index_1 = require("./event-index");
const event_chunk_1 = require("./event-chunk");
const widest = 3;
function columnsOf(log, slots, window, width) {
    const pixels = Math.max(1, Math.floor(width));
    const perPixel = (window.end - window.start) / pixels;
    const lanes = new Map(slots.map((slot) => [slot, fresh(pixels)]));
    const sinks = new Map([...lanes].map(([slot, columns]) => [slot, sinkInto(columns, window.start, perPixel, pixels)]));
    // A bar may begin before the window and end after it: what decides is when it ends, and that is not before the window.
    for (const { chunk, from, to } of log.parts(log.indexAt(window.start))) {
        if (from === 0 && to === event_chunk_1.chunkSize) {
            for (const [slot, sink] of sinks)
                (0, event_index_1.indexOf)(chunk).visit(slot, window.start, window.end, perPixel, sink);
        }
        else {
            for (let at = from; at < to; at += 1) {
                const slot = (0, event_index_1.laneOf)(chunk, at);
                const sink = slot === undefined ? undefined : sinks.get(slot);
                const time = chunk.time[at] ?? 0;
                const length = (0, event_index_1.lengthOf)(chunk, at);
                if (sink && time >= window.start && time - length <= window.end)
                    sink.one(time - length, time, (0, event_index_1.flagsOf)(chunk, at), length, chunk, at);
            }
        }
    }
    return lanes;
}
function fresh(pixels) {
    return {
        flags: new Uint32Array(pixels),
        count: new Uint32Array(pixels),
        longest: new Float64Array(pixels),
        bars: [],
    };
}
function sinkInto(columns, start, perPixel, pixels) {
    const { flags, count, longest, bars } = columns;
    const put = (time, many, bitsOf, length) => {
        const x = Math.min(Math.max(Math.floor((time - start) / perPixel), 0), pixels - 1);
        flags[x] = (flags[x] ?? 0) | bitsOf;
        count[x] = (count[x] ?? 0) + many;
        if (length > (longest[x] ?? 0))
            longest[x] = length;
    };
    return {
        sum: (from, to, many, bitsOf, length) => put((from + to) / 2, many, bitsOf, length),
        one: (from, to, bitsOf, length, chunk, at) => {
            if (to - from < widest * perPixel || bars.length > pixels)
                put(to, 1, bitsOf, length);
            else
                bars.push({ x0: (from - start) / perPixel, x1: (to - start) / perPixel, flags: bitsOf, seq: chunk.seq[at] ?? 0 });
        },
    };
}
