"use strict";
// SPDX-License-Identifier: MIT
//
// Addresses and sizes as text: how they travel, how people read them, and how people type them.
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
exports.toAddress = toAddress;
exports.fromAddress = fromAddress;
exports.plus = plus;
exports.formatBytes = formatBytes;
exports.formatNanoseconds = formatNanoseconds;
exports.parseSize = parseSize;
const l10n = __importStar(require("@vscode/l10n"));
function toAddress(value) {
    return `0x${value.toString(16)}`;
}
function fromAddress(address) {
    return BigInt(address);
}
/** The address `bytes` after `address`. */
function plus(address, bytes) {
    return toAddress(fromAddress(address) + BigInt(bytes));
}
const units = ['', 'KiB', 'MiB', 'GiB', 'TiB'];
/** 1536 -> "1.5 KiB".  At most two decimals, none where they would be zero. */
function formatBytes(bytes) {
    let value = bytes;
    let unit = 0;
    while (Math.abs(value) >= 1024 && unit < units.length - 1) {
        value /= 1024;
        unit += 1;
    }
    if (unit > 0)
        return `${Number(value.toFixed(2))} ${units[unit]}`;
    return bytes === 1 ? l10n.t('1 byte') : l10n.t('{0} bytes', bytes);
}
/** 1500 ns -> "1.5 µs". */
function formatNanoseconds(ns) {
    if (ns < 1e3)
        return `${ns} ns`;
    if (ns < 1e6)
        return `${Number((ns / 1e3).toFixed(1))} µs`;
    if (ns < 1e9)
        return `${Number((ns / 1e6).toFixed(2))} ms`;
    return `${Number((ns / 1e9).toFixed(2))} s`;
}
const sizePattern = /^\+?\s*(0x[0-9a-f]+|\d+(?:\.\d+)?)\s*(%|[kmgt](?:i?b)?|b|bytes?)?$/i;
/**
 * A number of bytes as a person types it: "65536", "64K", "2 MiB", "1.5 GiB", "0x10000", "+25%" (of `current`).  K, KB and KiB are
 * all 1024.  The answer is a positive whole number of bytes, or a sentence that says what is wrong.
 */
function parseSize(text, current) {
    const error = (why) => ({ kind: 'error', text: why });
    const match = sizePattern.exec(text.trim());
    if (!match)
        return error(l10n.t('Type a size such as 64K, 2 MiB, +25% or 0x10000.'));
    const [, digits = '', suffix = ''] = match;
    const hex = /^0x/i.test(digits);
    if (hex && suffix !== '')
        return error(l10n.t('A hexadecimal size is in bytes: leave the unit out.'));
    const value = Number(digits);
    const unit = suffix.toLowerCase();
    const factor = unit === '%' ? current / 100 : 1024 ** Math.max(0, 'bkmgt'.indexOf(unit.charAt(0) || 'b'));
    const bytes = Math.ceil(value * factor);
    if (!Number.isSafeInteger(bytes))
        return error(l10n.t('This is more than any machine can address.'));
    if (bytes <= 0)
        return error(l10n.t('The size must be greater than zero.'));
    return { kind: 'bytes', bytes };
}
