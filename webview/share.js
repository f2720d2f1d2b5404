"use strict";
// SPDX-License-Identifier: MIT
//
// Structural sharing: every snapshot arrives as new objects, most of them equal to the ones before.  Keeping the old objects where
// nothing changed lets a row that is drawn already be recognised by identity.  For plain data only.
Object.defineProperty(exports, "__esModule", { value: true });
exports.share = share;
/** `next`, with every part that equals its counterpart in `previous` replaced by that. */
function share(previous, next) {
    if (Object.is(previous, next))
        return next;
    if (typeof previous !== 'object' || typeof next !== 'object' || previous === null || next === null)
        return next;
    if (Array.isArray(previous) !== Array.isArray(next))
        return next;
    const before = previous;
    const after = next;
    const keys = Object.keys(after);
    let equal = keys.length === Object.keys(before).length;
    const shared = {};
    for (const key of keys) {
        shared[key] = share(before[key], after[key]);
        equal &&= Object.hasOwn(before, key) && Object.is(shared[key], before[key]);
    }
    if (equal)
        return previous;
    return (Array.isArray(next) ? keys.map((key) => shared[key]) : shared);
}
