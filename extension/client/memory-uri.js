"use strict";
// SPDX-License-Identifier: MIT
//
// The addresses of segments as files: which bytes of which segment one is.
//
//     peermap:/quotes/0x1000-0x200.bin     512 bytes of quotes from 4096 on
//     peermap:/quotes/-0x50000-4096.bin    of its header, which is before the data
//     peermap:/quotes.bin                  all of its data
//
// Numbers are in bytes, decimal or hexadecimal.  No import of vscode: the tests need no editor.
Object.defineProperty(exports, "__esModule", { value: true });
exports.memoryScheme = void 0;
exports.parseMemoryPath = parseMemoryPath;
exports.memoryPath = memoryPath;
exports.memoryScheme = 'peermap';
const number = '(?:0x[0-9a-f]+|[0-9]+)';
const pattern = new RegExp(`^/([A-Za-z0-9_-][A-Za-z0-9._-]{0,62})(?:/(-?)(${number})-(${number}))?\\.bin$`, 'i');
/** Undefined if there can be no such file. */
function parseMemoryPath(path) {
    const [, segment, minus, from, bytes] = pattern.exec(path) ?? [];
    if (segment === undefined)
        return undefined;
    if (from === undefined || bytes === undefined)
        return { segment, range: undefined };
    const range = { offset: minus === '-' ? -Number(from) : Number(from), length: Number(bytes) };
    return Number.isSafeInteger(range.offset) && Number.isSafeInteger(range.length) ? { segment, range } : undefined;
}
function memoryPath(segment, range) {
    if (!range)
        return `/${segment}.bin`;
    const hex = (value) => `${value < 0 ? '-' : ''}0x${Math.abs(value).toString(16)}`;
    return `/${segment}/${hex(range.offset)}-${hex(range.length)}.bin`;
}
