"use strict";
// SPDX-License-Identifier: MIT
//
// Where bytes are in the hex view: rows, the way from a scroll bar to a row, and the keys that move the caret.  Pure.
//
// A segment may have more rows than a browser can make an element high.  Beyond `tallest` the scroll bar says where one is in
// proportion, and the wheel and the keys move by rows.
Object.defineProperty(exports, "__esModule", { value: true });
exports.tallest = exports.rowHeight = void 0;
exports.rowCount = rowCount;
exports.rowOf = rowOf;
exports.startOf = startOf;
exports.clampTo = clampTo;
exports.contentHeight = contentHeight;
exports.rowAt = rowAt;
exports.topOf = topOf;
exports.revealing = revealing;
exports.caretAfter = caretAfter;
exports.between = between;
exports.rowHeight = 20;
exports.tallest = 4_000_000;
function rowCount({ first, end, perRow }) {
    return Math.max(1, Math.ceil((end - first) / perRow));
}
function rowOf({ first, perRow }, offset) {
    return Math.floor((offset - first) / perRow);
}
function startOf({ first, perRow }, row) {
    return first + row * perRow;
}
function clampTo({ first, end }, offset) {
    return Math.max(first, Math.min(offset, end - 1));
}
function contentHeight(rows) {
    return Math.min(rows * exports.rowHeight, exports.tallest);
}
/** The first row in sight when the scroller is at `top`; `visible` rows fit into it. */
function rowAt(rows, visible, top) {
    const last = Math.max(0, rows - visible);
    if (rows * exports.rowHeight <= exports.tallest)
        return Math.min(last, Math.round(top / exports.rowHeight));
    return Math.min(last, Math.round((top / (exports.tallest - visible * exports.rowHeight)) * last));
}
/** Where the scroller is when `row` is the first in sight. */
function topOf(rows, visible, row) {
    if (rows * exports.rowHeight <= exports.tallest)
        return row * exports.rowHeight;
    const last = Math.max(1, rows - visible);
    return (row / last) * (exports.tallest - visible * exports.rowHeight);
}
/** The first row in sight so that the row of `offset` is: unchanged if it is already. */
function revealing(extent, top, visible, offset) {
    const row = rowOf(extent, offset);
    const last = Math.max(0, rowCount(extent) - visible);
    if (row < top)
        return Math.min(row, last);
    return row >= top + visible ? Math.min(last, row - visible + 1) : top;
}
/** Where a key moves the caret; undefined if it moves nothing. */
function caretAfter({ key, ctrlKey }, caret, extent, visible) {
    const start = startOf(extent, rowOf(extent, caret));
    const moves = {
        ArrowLeft: caret - 1,
        ArrowRight: caret + 1,
        ArrowUp: caret - extent.perRow,
        ArrowDown: caret + extent.perRow,
        PageUp: caret - extent.perRow * Math.max(1, visible - 1),
        PageDown: caret + extent.perRow * Math.max(1, visible - 1),
        Home: ctrlKey ? Math.max(0, extent.first) : start,
        End: ctrlKey ? extent.end - 1 : start + extent.perRow - 1,
    };
    const to = moves[key];
    if (to === undefined)
        return undefined;
    const vertical = key.startsWith('Page') || key === 'ArrowUp' || key === 'ArrowDown';
    // A row further than the last is none: the column stays.
    if (vertical && (to < extent.first || to >= extent.end)) {
        const edge = to < extent.first ? extent.first : startOf(extent, rowCount(extent) - 1);
        return clampTo(extent, edge + (caret - start));
    }
    return clampTo(extent, to);
}
/** The bytes from one to another, whichever is first. */
function between(anchor, caret) {
    const offset = Math.min(anchor, caret);
    return { offset, length: Math.max(anchor, caret) - offset + 1 };
}
