"use strict";
// SPDX-License-Identifier: MIT
//
// One place under all its names: an offset in the data, one in the object, an address in each process.  Pure.
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
exports.basesOf = basesOf;
exports.namesText = namesText;
exports.addressAt = addressAt;
exports.targetOf = targetOf;
exports.parsePlace = parsePlace;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const memory_values_1 = require("./memory-values");
const peer_1 = require("./peer");
/** The bases that there are, the one that the segment wishes for first; peers that share one are one row. */
function basesOf({ peers }, header) {
    const bases = new Map([[header.base, { key: '', names: [] }]]);
    for (const peer of peers) {
        if (peer.state === 'dead' || (0, address_1.fromAddress)(peer.base) === 0n)
            continue;
        const known = bases.get(peer.base) ?? { key: (0, peer_1.peerKey)(peer), names: [] };
        known.names.push(peer.name);
        bases.set(peer.base, known);
    }
    return [...bases].map(([base, { key, names }]) => ({ base, key, names }));
}
/** "indexer, search and 3 more" */
function namesText(names, most = 3) {
    if (names.length === 0)
        return l10n.t('nobody now');
    if (names.length <= most)
        return names.join(', ');
    return l10n.t('{0} and {1} more', names.slice(0, most - 1).join(', '), names.length - most + 1);
}
function addressAt(base, offset) {
    return (0, address_1.toAddress)((0, address_1.fromAddress)(base) + BigInt(offset));
}
/** Where an address leads in the data of whoever has this base, if it does. */
function offsetIn({ base }, address, header) {
    const offset = Number(address - (0, address_1.fromAddress)(base));
    return offset >= -header.headerLength && offset < header.reserved ? offset : undefined;
}
/** Where a number found in memory may lead: an address of a process, or else an offset from the beginning of the data. */
function targetOf(value, snapshot, header) {
    for (const base of basesOf(snapshot, header)) {
        const offset = offsetIn(base, value, header);
        if (offset !== undefined && offset < header.active)
            return { offset, as: 'address', names: base.names };
    }
    if (value > 0n && value < BigInt(header.active))
        return { offset: Number(value), as: 'offset', names: [] };
    return undefined;
}
/** What a person types to go somewhere: 4096, 0x1000, -0x50000, an address of any process, the name of a root, 25%. */
function parsePlace(text, snapshot, header) {
    const typed = text.trim();
    const root = snapshot.roots.find(({ name }) => name === typed);
    if (root)
        return { kind: 'place', offset: root.offset, how: l10n.t('the root {0}', root.name) };
    const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(typed)?.[1];
    if (percent !== undefined) {
        const offset = Math.min(header.active - 1, Math.floor((header.active * Number(percent)) / 100));
        return Number(percent) > 100
            ? { kind: 'error', text: l10n.t('There is nothing past 100 %.') }
            : { kind: 'place', offset, how: l10n.t('{0} % of what is active', percent) };
    }
    const [, minus, digits] = /^([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(typed.replace(/[ _,]/g, '')) ?? [];
    if (digits === undefined)
        return { kind: 'error', text: l10n.t('Type an offset (4096, 0x1000), an address of a peer, the name of a root, or 25%.') };
    const value = minus === '-' ? -BigInt(digits) : BigInt(digits);
    if (value >= -BigInt(header.headerLength) && value < BigInt(header.active))
        return { kind: 'place', offset: Number(value), how: l10n.t('an offset in the data') };
    for (const base of basesOf(snapshot, header)) {
        const offset = offsetIn(base, value, header);
        if (offset === undefined)
            continue;
        if (offset >= header.active)
            return { kind: 'error', text: l10n.t('{0} is reserved in {1}, and not active.', (0, address_1.toAddress)(value), namesText(base.names)) };
        return { kind: 'place', offset, how: l10n.t('an address in {0}', namesText(base.names)) };
    }
    return {
        kind: 'error',
        text: l10n.t('That is outside of the segment: the data ends at {0}.', (0, memory_values_1.hexOffset)(header.active)),
    };
}
