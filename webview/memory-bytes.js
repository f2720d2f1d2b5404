"use strict";
// SPDX-License-Identifier: MIT
//
// Bytes of a segment as they were last seen, and which of them became others while somebody looked.  Pure.
Object.defineProperty(exports, "__esModule", { value: true });
exports.fromBase64 = fromBase64;
exports.toBase64 = toBase64;
exports.byteAt = byteAt;
exports.seenAgain = seenAgain;
exports.ageStep = ageStep;
exports.nextFading = nextFading;
function fromBase64(text) {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
function toBase64(bytes) {
    let text = '';
    for (const byte of bytes)
        text += String.fromCharCode(byte);
    return btoa(text);
}
/** Undefined where nothing was read. */
function byteAt(seen, offset) {
    return seen?.bytes[offset - seen.offset];
}
/** `range` read at `at`: what differs from the look before has changed in between. */
function seenAgain(before, range, at) {
    const bytes = fromBase64(range.bytes);
    const changed = new Map();
    for (const [offset, since] of before?.changed ?? [])
        if (ageStep(at - since) !== undefined)
            changed.set(offset, since);
    for (let index = 0; index < bytes.length; index += 1) {
        const old = byteAt(before, range.offset + index);
        if (old !== undefined && old !== bytes[index])
            changed.set(range.offset + index, at);
    }
    return { offset: range.offset, bytes, changed };
}
/** In milliseconds, where one step of fading ends. */
const steps = [1_000, 5_000, 30_000];
/** 0 for what just changed; undefined for what is old. */
function ageStep(ageMs) {
    const step = steps.findIndex((end) => ageMs < end);
    return step === -1 ? undefined : step;
}
/** When the next byte fades by a step, from `now` on; undefined if none will. */
function nextFading(changed, now) {
    let next;
    for (const since of new Set(changed.values())) {
        const end = steps.find((step) => now - since < step);
        if (end !== undefined)
            next = Math.min(next ?? Infinity, since + end - now);
    }
    return next;
}
