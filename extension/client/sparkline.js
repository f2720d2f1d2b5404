"use strict";
// SPDX-License-Identifier: MIT
//
// The last sizes of a segment as a line of characters, "▁▂▅█".  It changes only when the size does.
Object.defineProperty(exports, "__esModule", { value: true });
exports.withSize = withSize;
exports.sparkline = sparkline;
const bars = '▁▂▃▄▅▆▇█';
const most = 8;
/** `sizes` with one more, if it is another than the last; only the newest are kept. */
function withSize(sizes, size) {
    return sizes.at(-1) === size ? sizes : [...sizes, size].slice(-most);
}
/** Empty as long as there is nothing to compare. */
function sparkline(sizes) {
    if (sizes.length < 2)
        return '';
    const [least, greatest] = [Math.min(...sizes), Math.max(...sizes)];
    const step = (greatest - least) / (bars.length - 1);
    return sizes.map((size) => bars.charAt(step === 0 ? 0 : Math.round((size - least) / step))).join('');
}
