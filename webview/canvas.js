"use strict";
// SPDX-License-Identifier: MIT
//
// A canvas that is sharp at any zoom, and the pens that the pictures of the page share.
Object.defineProperty(exports, "__esModule", { value: true });
exports.brushFor = brushFor;
exports.roomy = roomy;
exports.fontOf = fontOf;
exports.hatch = hatch;
/** Clears a canvas of so many CSS pixels, and answers what paints on it in CSS pixels. */
function brushFor(canvas, width, height) {
    const ratio = window.devicePixelRatio;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    // Setting the size throws the bitmap away, also if it is the same.
    if (canvas.width !== wide)
        canvas.width = wide;
    if (canvas.height !== high)
        canvas.height = high;
    const brush = canvas.getContext('2d') ?? undefined;
    brush?.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush?.clearRect(0, 0, width, height);
    return brush;
}
/** A height that stays the same while a lane more or less is in sight: another one makes another bitmap, and lays the page out. */
function roomy(height) {
    return Math.ceil(height / 192) * 192;
}
function fontOf(element, scale = 0.85) {
    const { fontFamily, fontSize } = getComputedStyle(element);
    return `${Number.parseFloat(fontSize) * scale}px ${fontFamily}`;
}
/** Slanted lines across a rectangle. */
function hatch(brush, x, y, width, height, step = 6) {
    brush.save();
    brush.beginPath();
    brush.rect(x, y, width, height);
    brush.clip();
    brush.beginPath();
    for (let at = x - height; at < x + width; at += step) {
        brush.moveTo(at, y + height);
        brush.lineTo(at + height, y);
    }
    brush.stroke();
    brush.restore();
}
