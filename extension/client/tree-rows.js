"use strict";
// SPDX-License-Identifier: MIT
//
// What the Segments view says: rows made of summaries and snapshots, and which of them another snapshot changes.  Text and ids only; how
// they come onto the screen is tree.ts.
//
//     segment  demo          2 MiB of 16 GiB · 3 peers
//       peer   indexer       pid 4711 · 2 MiB, or: pid 4711 · ahead to 66 MiB
//         mapping 0x7e80…    2 MiB · rw-s · offset 0x21000
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
exports.isNode = isNode;
exports.segmentRow = segmentRow;
exports.aliveIn = aliveIn;
exports.changedRows = changedRows;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../protocol/address");
const mapping_1 = require("../protocol/mapping");
const counts_1 = require("./counts");
const sparkline_1 = require("./sparkline");
function isNode(value) {
    return typeof value === 'object' && value !== null && 'nodeOf' in value && value.nodeOf === 'peermap';
}
/** `sizes`: those that it had, oldest first. */
function segmentRow(summary, snapshot, attached, sizes = []) {
    const header = snapshot?.header;
    const active = header?.active ?? summary.active;
    const reserved = header?.reserved ?? summary.reserved;
    const alive = aliveIn(summary, snapshot);
    const dead = snapshot ? snapshot.peers.length - alive : (summary.dead ?? 0);
    const problems = snapshot?.problems ?? (summary.problem ? [summary.problem] : []);
    const readable = active !== undefined && reserved !== undefined;
    const words = readable
        ? [
            l10n.t('{0} of {1}', (0, address_1.formatBytes)(active), (0, address_1.formatBytes)(reserved)),
            (0, counts_1.peerCount)(alive),
            ...(dead > 0 ? [l10n.t('{0} dead', dead)] : []),
        ]
        : [l10n.t('not readable')];
    if (attached)
        words.push(l10n.t('attached'));
    const line = (0, sparkline_1.sparkline)(sizes);
    const id = `segment:${summary.name}`;
    return {
        id,
        label: summary.name,
        description: [...words, ...(line === '' ? [] : [line])].join(' · '),
        tooltip: [`/dev/shm/peermap.${summary.name}`, ...words, ...problems.map((problem) => problem.text)].join('\n'),
        icon: readable ? 'segment' : 'problem',
        context: ['segment', attached ? 'attached' : 'detached', ...(dead > 0 ? ['dead'] : [])].join(' '),
        children: [
            ...(snapshot?.peers ?? []).map((peer) => peerRow(summary.name, peer, header)),
            ...problems.map((problem) => problemRow(id, problem.where, problem.text)),
        ],
    };
}
function aliveIn(summary, snapshot) {
    return snapshot ? snapshot.peers.filter((peer) => peer.state !== 'dead').length : (summary.alive ?? 0);
}
function peerRow(segment, peer, header) {
    const id = `peer:${segment}/${peer.slot}/${peer.generation}`;
    const stopped = peer.processState === 'T' ? l10n.t('stopped') : peer.processState === 't' ? l10n.t('held by a debugger') : undefined;
    // While a round is under way every peer is late until it has answered, for microseconds: that is no news, and would flicker.
    const passing = header?.lock !== undefined && !stopped;
    const state = peer.state === 'late' && passing ? 'alive' : peer.state;
    const missing = peer.state === 'dead' || passing ? [] : (peer.missing ?? []);
    // How far ahead, not how much: the same before and after a growth that needs nothing of the peer.
    const ahead = header !== undefined && peer.mapped > header.active && peer.state !== 'dead';
    const mapped = ahead ? l10n.t('ahead to {0}', (0, address_1.formatBytes)(peer.mapped)) : (0, address_1.formatBytes)(peer.mapped);
    const words = [`pid ${peer.pid}`, mapped, ...(state === 'alive' ? [] : [mapping_1.stateWords[state]])];
    if (stopped)
        words.push(stopped);
    if (missing.length > 0)
        words.push(l10n.t('mapping incomplete'));
    return {
        id,
        label: peer.name,
        description: words.join(' · '),
        tooltip: [peer.name, ...words, ...placeLines(peer)].join('\n'),
        icon: state,
        context: `peer ${state}`,
        pid: peer.pid,
        children: [
            ...(peer.mappings ?? []).map((mapping) => mappingRow(id, mapping)),
            ...missing.map((run) => ({
                id: `missing:${id}/${run.address}`,
                label: run.address,
                description: l10n.t('{0} not mapped', (0, address_1.formatBytes)(run.length)),
                tooltip: l10n.t('The header says that this is active memory; the kernel does not map it here.'),
                icon: 'missing',
                context: 'missing',
                children: [],
            })),
        ],
    };
}
/** Who maps by itself comes and goes with every round, and is no news. */
function placeLines({ base, relocated, method, noInject }) {
    return [
        relocated ? l10n.t('base {0} (relocated: raw pointers do not hold)', base) : l10n.t('base {0}', base),
        ...(method === 'unstop' || method === 'inject' ? [l10n.t('in the last round it {0}', mapping_1.methodWords[method])] : []),
        ...(noInject ? [l10n.t('lets nobody reach into it (no-inject)')] : []),
    ];
}
function mappingRow(peer, mapping) {
    const words = [(0, address_1.formatBytes)(mapping.length), mapping.permissions, l10n.t('offset {0}', `0x${mapping.offset.toString(16)}`)];
    return {
        id: `mapping:${peer}/${mapping.address}`,
        label: mapping.address,
        description: words.join(' · '),
        tooltip: [mapping.address, ...words].join('\n'),
        icon: 'mapping',
        context: 'mapping',
        children: [],
    };
}
function problemRow(parent, where, text) {
    return {
        id: `problem:${parent}/${where}`,
        label: where,
        description: text,
        tooltip: text,
        icon: 'problem',
        context: 'problem',
        children: [],
    };
}
/**
 * The ids of the rows that must be drawn again so that `before` becomes `after`.  A row whose children come, go or move is drawn with
 * everything below it; otherwise only what reads differently is.
 */
function changedRows(before, after) {
    const sameChildren = ids(before) === ids(after);
    const reads = (row) => JSON.stringify({ ...row, children: row.children.length > 0 });
    if (!sameChildren)
        return [after.id];
    const below = after.children.flatMap((child, index) => changedRows(before.children[index] ?? child, child));
    return reads(before) === reads(after) ? below : [after.id, ...below];
}
function ids(row) {
    return row.children.map((child) => child.id).join('\n');
}
