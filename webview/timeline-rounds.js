"use strict";
// SPDX-License-Identifier: MIT
//
// The rounds of a part of the log, without going through all of it.  Pure.
//
// A round whose beginning or end is outside the part is completed from there: only its own events are taken, and only from so many around.
Object.defineProperty(exports, "__esModule", { value: true });
exports.eventsIn = eventsIn;
exports.roundsIn = roundsIn;
exports.roundAround = roundAround;
exports.runningRound = runningRound;
const event_chunk_1 = require("./event-chunk");
const timeline_model_1 = require("./timeline-model");
/** How far outside a part its rounds are looked for. */
const reach = 20_000;
const roundKinds = new Uint8Array(256);
for (const kind of timeline_model_1.inRound)
    roundKinds[(0, event_chunk_1.kindNumber)(kind)] = 1;
const begin = (0, event_chunk_1.kindNumber)('round-begin');
const ends = [(0, event_chunk_1.kindNumber)('round-end'), (0, event_chunk_1.kindNumber)('rollback')];
const inside = (0, event_chunk_1.opNumber)('inside');
/** The events with these indices, and those outside that belong to the same rounds. */
function eventsIn(log, from, to) {
    const own = log.events(from, to);
    const begun = new Set();
    const ended = new Set();
    const wanted = new Set();
    for (const { kind, epoch, op } of own) {
        if (!timeline_model_1.inRound.has(kind) || op === 'inside')
            continue;
        wanted.add(epoch);
        if (kind === 'round-begin')
            begun.add(epoch);
        if (kind === 'round-end' || kind === 'rollback')
            ended.add(epoch);
    }
    const open = openAt(log, from);
    if (open !== undefined)
        wanted.add(open);
    const before = [...wanted].some((epoch) => !begun.has(epoch)) ? gathered(log, Math.max(0, from - reach), from, wanted) : [];
    const unended = [...wanted].some((epoch) => !ended.has(epoch));
    const after = unended ? gathered(log, to, Math.min(log.length, to + reach), wanted) : [];
    return [...before, ...own, ...after];
}
function roundsIn(log, from, to) {
    return (0, timeline_model_1.roundsOf)(eventsIn(log, from, to));
}
/** The round that this event is part of. */
function roundAround(log, event) {
    const at = event && timeline_model_1.inRound.has(event.kind) ? log.indexOf(event.seq) : -1;
    return event && at >= 0 ? (0, timeline_model_1.roundOf)(roundsIn(log, at, at + 1), event) : undefined;
}
/** The round that has not ended yet. */
function runningRound(log) {
    if (openAt(log, log.length) === undefined)
        return undefined;
    const round = roundsIn(log, log.length, log.length).at(-1);
    return round?.result === 'running' ? round : undefined;
}
/** Epoch of the round that had begun and not ended before the event with this index. */
function openAt(log, index) {
    const ended = new Set();
    const parts = [...log.parts(Math.max(0, index - reach), index)];
    for (const { chunk, from, to } of parts.reverse()) {
        for (let at = to - 1; at >= from; at -= 1) {
            const kind = chunk.kind[at] ?? 0;
            if (ends.includes(kind) && chunk.op[at] !== inside)
                ended.add(chunk.epoch[at] ?? 0);
            else if (kind === begin)
                return ended.has(chunk.epoch[at] ?? 0) ? undefined : chunk.epoch[at];
        }
    }
    return undefined;
}
function gathered(log, from, to, epochs) {
    const found = [];
    for (const part of log.parts(from, to)) {
        const { chunk } = part;
        for (let at = part.from; at < part.to; at += 1)
            if (roundKinds[chunk.kind[at] ?? 0] === 1 && epochs.has(chunk.epoch[at] ?? 0))
                found.push(chunk.event(at));
    }
    return found;
}
