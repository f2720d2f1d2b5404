"use strict";
// SPDX-License-Identifier: MIT
//
// A row of the registry: what the segment, the kernel and /proc say of one peer.  Pure.
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
exports.registryRows = registryRows;
exports.heldBy = heldBy;
exports.stateText = stateText;
exports.kernelBytes = kernelBytes;
exports.isoTime = isoTime;
exports.baseName = baseName;
exports.factLines = factLines;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const mapping_1 = require("../extension/protocol/mapping");
const peer_1 = require("./peer");
/** A row that says the same as before is the same object, so that it is not drawn again. */
function registryRows(peers, header, facts, before) {
    return peers.map((peer) => {
        const key = (0, peer_1.peerKey)(peer);
        const last = before.get(key);
        const known = facts.get(peer.pid);
        if (last?.peer === peer && last.facts === known && last.active === header.active)
            return last;
        return {
            key,
            peer,
            facts: known,
            condition: (0, peer_1.conditionOf)(peer),
            kernel: (0, peer_1.kernelOf)(peer, header),
            active: header.active,
        };
    });
}
/** Why a process cannot answer for itself, apart from its state in the registry. */
function heldBy({ peer, facts }) {
    if (peer.state === 'dead')
        return undefined;
    if (!peer.samePid)
        return { kind: 'foreign' };
    const { tracer } = facts ?? {};
    if (peer.processState === 't') {
        return { kind: 'traced', by: tracer ? l10n.t('{0}, pid {1}', tracer.command, tracer.pid) : '' };
    }
    return peer.processState === 'T' ? { kind: 'stopped' } : undefined;
}
/** "late, stopped": to sort and filter by, and to take along. */
function stateText(row) {
    const held = heldBy(row);
    if (held?.kind === 'traced') {
        const state = mapping_1.stateWords[row.peer.state];
        return held.by === '' ? l10n.t('{0}, paused in debugger', state) : l10n.t('{0}, paused in debugger ({1})', state, held.by);
    }
    return (0, peer_1.conditionText)(row.condition);
}
function kernelBytes({ peer, kernel }) {
    return peer.state === 'dead' || kernel.kind === 'unknown' ? undefined : kernel.bytes;
}
/** A time that sorts as text, and is what programs read. */
function isoTime(ms) {
    const date = new Date(ms ?? NaN);
    return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
function baseName(path) {
    return path.slice(path.lastIndexOf('/') + 1);
}
/** Everything that is known of a peer, a line each. */
function factLines(row) {
    const { peer, facts } = row;
    const kernel = kernelBytes(row);
    const lines = [
        [l10n.t('Name'), peer.name],
        [l10n.t('State'), stateText(row)],
        [l10n.t('PID'), peer.pid],
        [l10n.t('PID in its container'), facts?.containerPid],
        [l10n.t('Container'), facts?.container],
        [l10n.t('User'), facts ? `${facts.user} (${facts.uid})` : peer.uid],
        [l10n.t('Executable'), facts?.executable],
        [l10n.t('Command line'), facts?.commandLine],
        [l10n.t('Started'), isoTime(facts?.startedAtMs)],
        [l10n.t('Threads'), facts?.threads],
        [l10n.t('Traced by'), facts?.tracer && l10n.t('{0}, pid {1}', facts.tracer.command, facts.tracer.pid)],
        [l10n.t('Attached'), isoTime(peer.attachedAtMs)],
        [l10n.t('Slot'), peer.slot],
        [l10n.t('Base'), peer.base],
        [l10n.t('Mapped, says the registry'), (0, address_1.formatBytes)(peer.mapped)],
        [l10n.t('Mapped, says the kernel'), kernel === undefined ? undefined : (0, address_1.formatBytes)(kernel)],
        [l10n.t('Epoch acknowledged'), peer.acked],
        [l10n.t('Epoch requested'), peer.requested],
        [l10n.t('Last mapping'), l10n.t('it {0}', mapping_1.methodWords[peer.method])],
        [l10n.t('Latency'), (0, address_1.formatNanoseconds)(peer.latencyNs)],
        [l10n.t('Pins'), peer.pins],
    ];
    const known = lines.filter(([, value]) => value !== undefined && value !== '');
    const width = Math.max(...known.map(([name]) => name.length));
    const mappings = (peer.mappings ?? []).map(({ address, length, offset, permissions }) => `${address}  ${permissions}  ${(0, address_1.formatBytes)(length)}  +0x${offset.toString(16)}`);
    return [
        ...known.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
        ...(mappings.length > 0 ? ['', l10n.t('Mappings of the segment'), ...mappings] : []),
    ];
}
