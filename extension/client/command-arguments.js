"use strict";
// SPDX-License-Identifier: MIT
//
// What a command was called with.  `{ segment, bytes, pid }` means: ask nothing, answer with the result.  A row of the tree, or
// nothing at all, means that a person is there who can be asked.
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
exports.parseInvocation = parseInvocation;
exports.bytesOf = bytesOf;
exports.required = required;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../protocol/address");
const failure_1 = require("./failure");
const tree_rows_1 = require("./tree-rows");
const system_rows_1 = require("./system-rows");
const strings = ['segment', 'folder', 'file', 'format', 'object', 'other'];
const sizes = ['bytes', 'reserve'];
const switches = ['allowLate', 'strict', 'noInject', 'heap', 'residency'];
function parseInvocation(argument) {
    if ((0, tree_rows_1.isNode)(argument)) {
        const { segment, pid } = argument;
        return { asks: true, target: pid === undefined ? { segment } : { segment, pid } };
    }
    if ((0, system_rows_1.isSystemNode)(argument))
        return { asks: true, target: { object: argument.row.id.replace(/^object:/, '') } };
    if (typeof argument !== 'object' || argument === null)
        return { asks: true, target: {} };
    const given = argument;
    // A file of the Explorer.
    if (typeof given['fsPath'] === 'string' && 'scheme' in given)
        return { asks: true, target: { file: given['fsPath'] } };
    const named = [...strings, ...sizes, ...switches, 'pid', 'offset'].some((key) => key in given);
    // VS Code hands its own objects to commands in menus: those are no arguments of ours.
    return named ? { asks: false, target: checked(given) } : { asks: true, target: {} };
}
function checked(given) {
    const target = {};
    for (const key of strings) {
        const value = given[key];
        if (typeof value === 'string')
            target[key] = value;
        else if (value !== undefined)
            throw invalid(l10n.t('"{0}" must be a string.', key));
    }
    for (const key of sizes) {
        const value = given[key];
        if (typeof value === 'string' || (typeof value === 'number' && value > 0))
            target[key] = value;
        else if (value !== undefined)
            throw invalid(l10n.t('"{0}" must be a number of bytes, or a size such as "64K".', key));
    }
    const pid = given['pid'];
    if (typeof pid === 'number' && Number.isInteger(pid) && pid > 0)
        target.pid = pid;
    else if (pid !== undefined)
        throw invalid(l10n.t('"pid" must be the number of a process.'));
    const offset = given['offset'];
    if (typeof offset === 'string' || (typeof offset === 'number' && Number.isSafeInteger(offset)))
        target.offset = offset;
    else if (offset !== undefined)
        throw invalid(l10n.t('"offset" must be a number of bytes, or one such as "0x1000".'));
    for (const key of switches) {
        const value = given[key];
        if (typeof value === 'boolean')
            target[key] = value;
        else if (value !== undefined)
            throw invalid(l10n.t('"{0}" must be true or false.', key));
    }
    return target;
}
/** `current` is what a percentage refers to. */
function bytesOf(size, current) {
    const parsed = (0, address_1.parseSize)(String(size), current);
    if (parsed.kind === 'error')
        throw invalid(parsed.text);
    return parsed.bytes;
}
function required(target, key) {
    const value = target[key];
    if (value === undefined)
        throw invalid(l10n.t('"{0}" is missing from the command\'s arguments.', key));
    return value;
}
function invalid(text) {
    return new failure_1.PeermapFailure('PEERMAP_EINVAL', text);
}
