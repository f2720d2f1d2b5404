"use strict";
// SPDX-License-Identifier: MIT
//
// The newest round that events tell of, and who answered it how.
Object.defineProperty(exports, "__esModule", { value: true });
exports.lastRound = lastRound;
const kinds = new Set(['round-begin', 'map-ack', 'map-late', 'round-end', 'rollback']);
function lastRound(events) {
    const newest = events.findLast(({ kind }) => kinds.has(kind));
    if (!newest)
        return undefined;
    const round = { epoch: newest.epoch, op: newest.op, byPid: newest.byPid, size: newest.size, ns: 0, answers: [] };
    for (const event of events) {
        if (event.epoch !== round.epoch)
            continue;
        const { kind, op, byPid, size, ns } = event;
        if (kind === 'round-begin')
            Object.assign(round, { op, byPid, size });
        if (kind === 'round-end')
            Object.assign(round, { op, byPid, size, ns, end: 'done' });
        if (kind === 'rollback')
            Object.assign(round, { byPid, ns, end: 'rolled back' });
        if (kind === 'map-ack' || kind === 'map-late')
            answered(round, event);
    }
    round.answers.sort((a, b) => a.slot - b.slot);
    return round;
}
/** A peer that was late, and answered after all, has the last word. */
function answered(round, { slot, pid, method, ns, kind, error }) {
    round.answers = round.answers.filter((answer) => answer.slot !== slot);
    round.answers.push({ slot, pid, method, ns, late: kind === 'map-late', error });
}
