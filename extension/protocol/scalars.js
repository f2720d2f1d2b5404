"use strict";
// SPDX-License-Identifier: MIT
//
// Single values of C and C++ as a person reads them, from their bytes: little-endian, as all systems are that Peermap runs on.
Object.defineProperty(exports, "__esModule", { value: true });
exports.unsigned = unsigned;
exports.integer = integer;
exports.scalarText = scalarText;
exports.textOf = textOf;
function unsigned(bytes) {
    let value = 0n;
    for (let at = bytes.length - 1; at >= 0; at -= 1)
        value = (value << 8n) | BigInt(bytes[at] ?? 0);
    return value;
}
/** `bits` of the number from bit `from` on. */
function integer(bytes, from, bits, signed) {
    const value = BigInt.asUintN(bits, unsigned(bytes) >> BigInt(from));
    return signed ? BigInt.asIntN(bits, value) : value;
}
/** `value` as the type means it; `bytes` are what it was read from. */
function scalarText(type, value, bytes) {
    switch (type.kind) {
        case 'int':
            return String(value);
        case 'char':
            return `${value} ${quoted([Number(BigInt.asUintN(8, value))], "'")}`;
        case 'bool':
            return value === 0n ? 'false' : value === 1n ? 'true' : String(value);
        case 'enum':
            return enumText(type.names ?? [], value);
        case 'float':
            return floatText(bytes);
        default:
            return hexadecimal(bytes);
    }
}
function hexadecimal(bytes) {
    return `0x${unsigned(bytes).toString(16)}`;
}
/** "RED", or of flags "READ | WRITE", or the number. */
function enumText(names, value) {
    const exact = names.find(([, number]) => BigInt(number) === value);
    if (exact)
        return exact[0];
    let rest = value;
    const set = [];
    for (const [name, number] of names) {
        const flag = BigInt(number);
        const isFlag = flag > 0n && (flag & (flag - 1n)) === 0n;
        if (!isFlag || (rest & flag) === 0n)
            continue;
        set.push(name);
        rest &= ~flag;
    }
    return set.length > 0 && rest === 0n ? set.join(' | ') : String(value);
}
function floatText(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length === 8)
        return String(view.getFloat64(0, true));
    // The shortest text that is this float: 0.1, not 0.10000000149011612.
    if (bytes.length === 4)
        return shortest(view.getFloat32(0, true));
    return hexadecimal(bytes);
}
function shortest(float) {
    for (let digits = 1; digits < 9; digits += 1) {
        const text = Number(float.toPrecision(digits));
        if (Math.fround(text) === float)
            return String(text);
    }
    return String(float);
}
/** UTF-8 text up to its NUL, in quotes; `open`: it may go on past these bytes. */
function textOf(bytes, open) {
    const end = bytes.indexOf(0);
    const text = quoted(end < 0 ? bytes : bytes.subarray(0, end), '"');
    return end < 0 && open ? `${text}…` : text;
}
const escapes = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
/** What is not text, or would not be seen as what it is, is shown as the bytes that it is. */
function quoted(bytes, quote) {
    let text = '';
    for (let at = 0; at < bytes.length;) {
        const character = characterAt(bytes, at);
        if (character === undefined || (character !== ' ' && /[\p{C}\p{Z}]/u.test(character))) {
            const known = character === undefined ? undefined : escapes[character];
            const length = character === undefined ? 1 : encodedLength(character);
            text += known ?? Array.from({ length }, (_, i) => `\\x${(bytes[at + i] ?? 0).toString(16).padStart(2, '0')}`).join('');
            at += length;
            continue;
        }
        text += character === quote ? `\\${quote}` : (escapes[character] ?? character);
        at += encodedLength(character);
    }
    return quote + text + quote;
}
/** The UTF-8 character there; undefined if there is none. */
function characterAt(bytes, at) {
    const first = bytes[at] ?? 0;
    if (first < 0x80)
        return String.fromCodePoint(first);
    const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + length > bytes.length)
        return undefined;
    let point = first & (0xff >> (length + 1));
    for (let i = 1; i < length; i += 1) {
        const byte = bytes[at + i] ?? 0;
        if (byte >> 6 !== 2)
            return undefined;
        point = (point << 6) | (byte & 0x3f);
    }
    const surrogate = point >= 0xd800 && point < 0xe000;
    const least = [0, 0, 0x80, 0x800, 0x10000][length] ?? 0;
    return point < least || point > 0x10ffff || surrogate ? undefined : String.fromCodePoint(point);
}
function encodedLength(character) {
    const point = character.codePointAt(0) ?? 0;
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}
