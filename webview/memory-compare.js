"use strict";
// SPDX-License-Identifier: MIT
//
// Two moments of the same bytes: a copy that was kept, and what is there now.  Pure.
Object.defineProperty(exports, "__esModule", { value: true });
exports.mostKept = void 0;
exports.differencesOf = differencesOf;
exports.neighbour = neighbour;
exports.countOf = countOf;
exports.differsFrom = differsFrom;
/** More is not kept: it would be read again for every comparison. */
exports.mostKept = 1024 * 1024;
/** Runs of bytes that differ.  Equal bytes between two that differ, up to seven, are part of one run: half a number changes too. */
function differencesOf(kept, now) {
    const runs = [];
    const from = Math.max(kept.offset, now.offset);
    const to = Math.min(kept.offset + kept.bytes.length, now.offset + now.bytes.length);
    for (let at = from; at < to; at += 1) {
        if (kept.bytes[at - kept.offset] === now.bytes[at - now.offset])
            continue;
        const last = runs.at(-1);
        if (last && at - (last.offset + last.length) <= 7)
            last.length = at - last.offset + 1;
        else
            runs.push({ offset: at, length: 1 });
    }
    return runs;
}
/** The run after (or before) the caret, going round. */
function neighbour(runs, caret, step) {
    if (step === 1)
        return runs.find(({ offset }) => offset > caret) ?? runs[0];
    return runs.findLast(({ offset }) => offset < caret) ?? runs.at(-1);
}
function countOf(runs) {
    return runs.reduce((sum, { length }) => sum + length, 0);
}
function differsFrom(kept, offset, byte) {
    const before = kept?.bytes[offset - kept.offset];
    return before !== undefined && before !== byte;
}
