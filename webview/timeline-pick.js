"use strict";
// SPDX-License-Identifier: MIT
//
// Which event a click on the timeline means.  Pure.
Object.defineProperty(exports, "__esModule", { value: true });
exports.pickedFrom = pickedFrom;
exports.timeAt = timeAt;
const event_index_1 = require("./event-index");
/** More events than this on one pixel are not all looked at. */
const most = 100_000;
/** Sequence number of the event that a shape stands for. */
function pickedFrom(shape, log, slot, window, width) {
    switch (shape.kind) {
        case 'mark':
            return shape.event.seq;
        case 'ack':
            return shape.ack.seq;
        case 'round':
            return shape.round.firstSeq;
        case 'tool':
            return shape.mark.seq;
        case 'bar':
            return shape.bar.seq;
        case 'column':
            return inColumn(log, slot, timeAt(shape.x0, window, width), timeAt(shape.x1, window, width));
        case 'gap':
            return undefined;
    }
}
function timeAt(x, { start, end }, width) {
    return start + (x / Math.max(1, width)) * (end - start);
}
/** The first one with a marker, else the first. */
function inColumn(log, slot, from, to) {
    let first;
    const start = log.indexAt(from);
    for (const part of log.parts(start, Math.min(log.indexAt(to) + 1, start + most))) {
        for (let at = part.from; at < part.to; at += 1) {
            if ((0, event_index_1.laneOf)(part.chunk, at) !== slot)
                continue;
            first ??= part.chunk.seq[at];
            if ((0, event_index_1.flagsOf)(part.chunk, at) & event_index_1.markBits)
                return part.chunk.seq[at];
        }
    }
    return first;
}
