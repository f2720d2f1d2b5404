"use strict";
// SPDX-License-Identifier: MIT
//
// What the first column of the hex view counts from: the data, the object, or the addresses of a process.  Pure.
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
exports.columnsOf = columnsOf;
exports.placeLines = placeLines;
const l10n = __importStar(require("@vscode/l10n"));
const memory_places_1 = require("./memory-places");
const memory_values_1 = require("./memory-values");
function columnsOf(snapshot, header) {
    const digits = Math.max(8, (header.reserved - 1).toString(16).length);
    const padded = (offset) => `${offset < 0 ? '-' : ''}${Math.abs(offset).toString(16).padStart(digits, '0')}`;
    return [
        { key: 'data', title: l10n.t('Offset in the data'), label: padded },
        { key: 'object', title: l10n.t('Offset in the object'), label: (offset) => padded(offset + header.headerLength) },
        ...(0, memory_places_1.basesOf)(snapshot, header).map(({ base, names }) => ({
            key: base,
            title: l10n.t('Address in {0}', (0, memory_places_1.namesText)(names)),
            label: (offset) => (0, memory_places_1.addressAt)(base, offset),
        })),
    ];
}
/** All the names of one place. */
function placeLines(offset, snapshot, header) {
    return [
        { name: l10n.t('Offset in the data'), value: `${(0, memory_values_1.hexOffset)(offset)} · ${offset.toLocaleString('en-US')}` },
        { name: l10n.t('Offset in the object'), value: (0, memory_values_1.hexOffset)(offset + header.headerLength) },
        ...(0, memory_places_1.basesOf)(snapshot, header).map(({ base, names }) => ({
            name: l10n.t('Address in {0}', (0, memory_places_1.namesText)(names)),
            value: (0, memory_places_1.addressAt)(base, offset),
        })),
    ];
}
