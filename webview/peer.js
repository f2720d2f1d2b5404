"use strict";
// SPDX-License-Identifier: MIT
//
// What a process of the registry amounts to, in words and numbers: its state, what the kernel maps of its claim, what it lacks.
// Pure; the registry, the map and the problems say the same because they all ask here.
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
exports.peerKey = peerKey;
exports.strangerKey = strangerKey;
exports.conditionOf = conditionOf;
exports.conditionText = conditionText;
exports.dataBytes = dataBytes;
exports.kernelOf = kernelOf;
exports.lacking = lacking;
exports.lackText = lackText;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const mapping_1 = require("../extension/protocol/mapping");
/** The slot and the name: a peer that is restarted into its slot stays the same to the person looking. */
function peerKey(peer) {
    return `${peer.slot}/${peer.name}`;
}
function strangerKey(pid) {
    return `pid/${pid}`;
}
/** What the kernel's letter says where it is not the usual. */
function held(processState) {
    switch (processState) {
        case 'D':
            return l10n.t('waiting for a device');
        case 'T':
            return l10n.t('stopped');
        case 't':
            return l10n.t('held by a debugger');
        case 'Z':
            return l10n.t('zombie');
        case 'X':
            return l10n.t('ended');
        default:
            return undefined;
    }
}
function conditionOf(peer) {
    const how = held(peer.processState);
    const detail = !peer.samePid && peer.state !== 'dead' ? l10n.t('another process has its pid') : (how ?? '');
    const tones = { alive: 'ok', late: 'warn', dead: 'bad', attaching: 'quiet' };
    const tone = peer.state === 'alive' && detail !== '' ? 'warn' : tones[peer.state];
    return { tone, state: peer.state, detail: peer.state === 'dead' && how === undefined ? '' : detail };
}
function conditionText({ state, detail }) {
    return detail === '' ? mapping_1.stateWords[state] : `${mapping_1.stateWords[state]}, ${detail}`;
}
/** Bytes of the data, without the header, that these mappings cover; with `most`, of its first so many bytes. */
function dataBytes(mappings, headerLength, most = Infinity) {
    const end = headerLength + most;
    let bytes = 0;
    for (const { offset, length } of mappings)
        bytes += Math.max(0, Math.min(offset + length, end) - Math.max(offset, headerLength));
    return bytes;
}
/** The kernel's word against the registry's. */
function kernelOf(peer, header) {
    if (!peer.mappings)
        return { kind: 'unknown' };
    const bytes = dataBytes(peer.mappings, header.headerLength);
    const difference = bytes - peer.mapped;
    // The registry counts bytes, the kernel pages.
    if (difference >= 0 && difference < header.pageSize)
        return { kind: 'agrees', bytes };
    const text = difference < 0
        ? l10n.t('{0} less than claimed', (0, address_1.formatBytes)(-difference))
        : l10n.t('{0} more than claimed', (0, address_1.formatBytes)(difference));
    return { kind: 'drift', bytes, text };
}
/** Bytes of the active memory that the process cannot touch, though it lives. */
function lacking(peer) {
    if (peer.state === 'dead' || peer.state === 'attaching')
        return 0;
    return (peer.missing ?? []).reduce((sum, { length }) => sum + length, 0);
}
function lackText(peer) {
    const [first, ...others] = peer.missing ?? [];
    if (!first || lacking(peer) === 0)
        return '';
    const size = (0, address_1.formatBytes)(first.length);
    if (others.length === 0)
        return l10n.t('lacks {0} at {1}', size, first.address);
    return others.length === 1
        ? l10n.t('lacks {0} at {1} and 1 more piece', size, first.address)
        : l10n.t('lacks {0} at {1} and {2} more pieces', size, first.address, others.length);
}
