"use strict";
// SPDX-License-Identifier: MIT
//
// Finding bytes: what a person types as a pattern, and the walk through the segment in pieces that the server looks at.  Pure but for
// the questions that it is given.
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __setModuleDefault = (this && this.__setModuleDefault) || (Object.create ? (function(o, v) {
    Object.defineProperty(o, "default", { enumerable: true, value: v });
}) : function(o, v) {
    o["default"] = v;
});
var __importStar = (this && this.__importStar) || (function () {
    var ownKeys = function(o) {
        ownKeys = Object.getOwnPropertyNames || function (o) {
            var ar = [];
            for (var k in o) if (Object.prototype.hasOwnProperty.call(o, k)) ar[ar.length] = k;
            return ar;
        };
        return ownKeys(o);
    };
    return function (mod) {
        if (mod && mod.__esModule) return mod;
        var result = {};
        if (mod != null) for (var k = ownKeys(mod), i = 0; i < k.length; i++) if (k[i] !== "default") __createBinding(result, mod, k[i]);
        __setModuleDefault(result, mod);
        return result;
    };
})();
Object.defineProperty(exports, "__esModule", { value: true });
exports.patternKinds = void 0;
exports.parsePattern = parsePattern;
exports.anchorOf = anchorOf;
exports.find = find;
const l10n = __importStar(require("@vscode/l10n"));
const memory_bytes_1 = require("./memory-bytes");
exports.patternKinds = ['text', 'hex', 'int16', 'int32', 'int64', 'float', 'double'];
const integerSize = { int16: 2, int32: 4, int64: 8 };
function parsePattern(kind, text) {
    const error = (why) => ({ kind: 'error', text: why });
    if (text === '')
        return error(l10n.t('Type what to find.'));
    if (kind === 'text')
        return { kind: 'pattern', pattern: [...new TextEncoder().encode(text)] };
    if (kind === 'hex') {
        const digits = text.replace(/0x|[\s,]/gi, '');
        const pairs = digits.match(/[0-9a-f]{2}|\?\?/gi) ?? [];
        if (pairs.join('').length !== digits.length || pairs.length === 0)
            return error(l10n.t('Type bytes in pairs of digits, ?? for any: de ad ?? ef.'));
        const pattern = pairs.map((pair) => (pair === '??' ? undefined : Number.parseInt(pair, 16)));
        if (pattern.every((byte) => byte === undefined))
            return error(l10n.t('At least one byte must be known.'));
        return { kind: 'pattern', pattern };
    }
    const bytes = new Uint8Array(kind === 'float' ? 4 : kind === 'double' ? 8 : integerSize[kind]);
    const view = new DataView(bytes.buffer);
    if (kind === 'float' || kind === 'double') {
        const value = Number(text);
        if (text.trim() === '' || Number.isNaN(value))
            return error(l10n.t('Type a number such as 3.25.'));
        if (kind === 'float')
            view.setFloat32(0, value, true);
        else
            view.setFloat64(0, value, true);
        return { kind: 'pattern', pattern: [...bytes] };
    }
    const [, minus, digits] = /^\s*(-?)\s*(0x[0-9a-f]+|\d+)\s*$/i.exec(text) ?? [];
    if (digits === undefined)
        return error(l10n.t('Type a whole number such as 42, -1 or 0x2a.'));
    const value = minus === '-' ? -BigInt(digits) : BigInt(digits);
    const bits = bytes.length * 8;
    if (value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits - 1)))
        return error(l10n.t('That does not fit into {0} bits.', bits));
    for (let at = 0; at < bytes.length; at += 1)
        bytes[at] = Number((value >> BigInt(8 * at)) & 0xffn);
    return { kind: 'pattern', pattern: [...bytes] };
}
/** The longest run of known bytes, which the server looks for, and where in the pattern it is. */
function anchorOf(pattern) {
    let best = { at: 0, length: 0 };
    for (let at = 0; at < pattern.length;) {
        let end = at;
        while (end < pattern.length && pattern[end] !== undefined)
            end += 1;
        if (end - at > best.length)
            best = { at, length: end - at };
        at = end + 1;
    }
    const known = pattern.slice(best.at, best.at + best.length);
    return { at: best.at, bytes: Uint8Array.from(known) };
}
/** Looks from the caret to the end, and goes on at the other end: each byte is looked at once. */
async function find(options) {
    const { pattern, from, backwards, extent } = options;
    const { at: anchored, bytes } = anchorOf(pattern);
    const anchor = (0, memory_bytes_1.toBase64)(bytes);
    const total = Math.max(1, extent.end - extent.first);
    let looked = 0;
    for (const wrapped of [false, true]) {
        // Of the anchor; the pattern begins `anchored` before it.
        let at = anchored + (wrapped ? (backwards ? extent.end : extent.first) : backwards ? from : from + 1);
        for (;;) {
            if (options.cancelled())
                return { kind: 'cancelled' };
            const piece = await options.search({ from: at, pattern: anchor, ...(backwards ? { backwards } : {}) });
            const { found } = piece;
            const reached = found ?? piece.until;
            looked += Math.abs(reached - at);
            options.progress(Math.min(1, looked / total));
            const candidate = found === undefined ? undefined : found - anchored;
            // The second time around it ends where it began.
            const past = wrapped && (backwards ? reached < from : reached - anchored > from);
            if (candidate !== undefined && !past && candidate >= extent.first && (await matches(options, candidate)))
                return { kind: 'found', offset: candidate, wrapped };
            if (past || (found === undefined && (piece.end || reached === at)))
                break;
            at = found === undefined ? reached : backwards ? found : found + 1;
        }
    }
    return { kind: 'none' };
}
async function matches({ pattern, read }, offset) {
    if (!pattern.includes(undefined))
        return true;
    const bytes = (0, memory_bytes_1.fromBase64)((await read({ offset, length: pattern.length })).bytes);
    return bytes.length === pattern.length && pattern.every((byte, at) => byte === undefined || byte === bytes[at]);
}
