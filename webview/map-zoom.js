"use strict";
// SPDX-License-Identifier: MIT
//
// Moving about in the address map: what each turn of the wheel and each key makes of the offsets in sight.  Pure.
//
// Undefined is all there is, drawn with breaks; anything else is to scale throughout.
Object.defineProperty(exports, "__esModule", { value: true });
exports.zoomedScale = zoomedScale;
exports.zoomedBy = zoomedBy;
exports.pannedBy = pannedBy;
exports.zoomedTo = zoomedTo;
exports.offsetAt = offsetAt;
const map_model_1 = require("./map-model");
/** A byte is an address, and wide enough to be pointed at. */
const shortest = 64;
/** The scale of a zoomed map. */
function zoomedScale(whole, zoom) {
    return zoom ? { start: zoom.start, end: zoom.end, broken: false } : whole;
}
/** `factor` times as much in sight, with `at` where it is.  More than all that is drawn to scale is all there is. */
function zoomedBy(scale, whole, bounds, factor, at) {
    const length = Math.max((scale.end - scale.start) * factor, shortest);
    if (length >= whole.end - whole.start)
        return undefined;
    const part = (at - scale.start) / (scale.end - scale.start);
    return within(at - length * part, length, bounds);
}
function pannedBy(scale, zoom, bounds, part) {
    if (!zoom)
        return undefined;
    const length = scale.end - scale.start;
    return within(scale.start + length * part, length, bounds);
}
/** With room on either side. */
function zoomedTo(offset, length, bounds) {
    const room = Math.max(length * 0.25, shortest / 2);
    return within(offset - room, length + 2 * room, bounds);
}
function within(start, length, bounds) {
    const most = Math.min(length, bounds.end - bounds.start);
    const first = Math.min(Math.max(start, bounds.start), bounds.end - most);
    return { start: first, end: first + most };
}
/** The offset that is drawn at `x`; undefined behind the last break, where nothing is to scale. */
function offsetAt(scale, scaled, x) {
    if (x < 0)
        return undefined;
    if (x <= scaled)
        return Math.floor(scale.start + (x / scaled) * (scale.end - scale.start));
    const { end, far } = scale;
    if (far === undefined)
        return undefined;
    const [from, to] = [(0, map_model_1.toX)(scale, scaled, end + 1e-9), (0, map_model_1.toX)(scale, scaled, far)];
    return x >= from && x <= to ? Math.floor(end + ((x - from) / (to - from)) * (far - end)) : undefined;
}
