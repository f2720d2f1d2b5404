"use strict";
// SPDX-License-Identifier: MIT
//
// What bytes may mean: numbers of every size in both orders, and a pointer.  Pure.
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
exports.meaningsOf = meaningsOf;
exports.pointerIn = pointerIn;
exports.hexByte = hexByte;
exports.hexBytes = hexBytes;
exports.character = character;
exports.hexOffset = hexOffset;
exports.ageText = ageText;
const l10n = __importStar(require("@vscode/l10n"));
/** The numbers that begin with the first of `bytes`, as far as there are enough of them. */
function meaningsOf(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const kinds = [
        ['int8', 1, () => view.getInt8(0)],
        ['uint8', 1, () => view.getUint8(0)],
        ['int16', 2, (order) => view.getInt16(0, order)],
        ['uint16', 2, (order) => view.getUint16(0, order)],
        ['int32', 4, (order) => view.getInt32(0, order)],
        ['uint32', 4, (order) => view.getUint32(0, order)],
        ['int64', 8, (order) => view.getBigInt64(0, order)],
        ['uint64', 8, (order) => view.getBigUint64(0, order)],
        ['float', 4, (order) => view.getFloat32(0, order)],
        ['double', 8, (order) => view.getFloat64(0, order)],
    ];
    return kinds
        .filter(([, size]) => size <= bytes.length)
        .map(([name, size, read]) => ({ name, size, little: numberText(read(true), name), big: numberText(read(false), name) }));
}
function numberText(value, name) {
    if (typeof value === 'bigint' || Number.isInteger(value))
        return Object.is(value, -0) ? '-0' : String(value);
    // A float has no more than nine digits that mean something.
    return name === 'float' ? String(Number(value.toPrecision(9))) : String(value);
}
/** Eight bytes as the machine reads an address; undefined if there are not eight. */
function pointerIn(bytes) {
    return bytes.length < 8 ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}
function hexByte(byte) {
    return byte.toString(16).padStart(2, '0');
}
function hexBytes(bytes) {
    return [...bytes].map(hexByte).join(' ');
}
/** What is no printable ASCII is a dot. */
function character(byte) {
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}
function hexOffset(offset) {
    return `${offset < 0 ? '-' : ''}0x${Math.abs(offset).toString(16)}`;
}
/** "changed 3 s ago" */
function ageText(ageMs) {
    return ageMs < 1000 ? l10n.t('changed just now') : l10n.t('changed {0} s ago', Math.floor(ageMs / 1000));
}
