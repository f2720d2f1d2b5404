"use strict";
// SPDX-License-Identifier: MIT
//
// A segment as text: for a person, for a comparison line by line, for a bug report, for a language model.  The same state gives the same
// text: the order is that of slots, names and offsets, and nothing in it ticks - no clock, no latency of a round that came to the same.
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
exports.describe = describe;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("./address");
const describe_parts_1 = require("./describe-parts");
const mapping_1 = require("./mapping");
/** Lines, each ending in a line end; two spaces for each level. */
function describe({ snapshot, events = [], heap, facts = [], problems = [] }) {
    const { header, peers, roots, strangers } = snapshot;
    const told = [...snapshot.problems, ...problems];
    const parts = [
        section(l10n.t('Segment {0}', snapshot.name), segmentLines(snapshot)),
        section(l10n.t('Peers: {0}', peers.length), by(peers, ({ slot }) => slot).flatMap((peer) => peerLines(peer, header, facts))),
        section(l10n.t('Not registered, and maps it: {0}', strangers.length), by(strangers, ({ pid }) => pid).flatMap(({ pid, command, mappings }) => [
            `${command} (${pid})`,
            ...mappings.map(mappingLine),
        ])),
        section(l10n.t('Roots: {0}', roots.length), by(roots, ({ offset }) => offset).map(({ name, type, offset, size, version }) => l10n.t('{0}: {1}, version {2}, {3} at offset {4}', name, type || '?', version, (0, address_1.formatBytes)(size), hex(offset)))),
        section(l10n.t('Last round'), (0, describe_parts_1.describeRound)(events, peers)),
        section(l10n.t('Heap'), heap ? (0, describe_parts_1.describeHeap)(heap) : []),
        section(l10n.t('Problems: {0}', told.length), told.map(({ where, text }) => `${where}: ${text}`).sort()),
    ];
    return parts
        .filter((lines) => lines.length > 0)
        .map((lines) => lines.join('\n') + '\n')
        .join('\n');
}
function section(title, lines) {
    return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}
function segmentLines({ header, object }) {
    const { inode, length, allocated, uid, mode } = object;
    const file = [
        l10n.t('object: inode {0}, {1}, {2} in memory', inode, (0, address_1.formatBytes)(length), (0, address_1.formatBytes)(allocated)),
        l10n.t('owner: uid {0}, mode {1}', uid, (mode & 0o7777).toString(8).padStart(4, '0')),
    ];
    return header ? [...headerLines(header), ...file] : [l10n.t('cannot be read as a segment'), ...file];
}
function headerLines(header) {
    const { active, reserved, horizon, target, flags, creator, lock, intent } = header;
    return [
        l10n.t('size: {0} ({1} bytes) of {2} reserved', (0, address_1.formatBytes)(active), active, (0, address_1.formatBytes)(reserved)),
        l10n.t('every live peer maps up to {0}, and shall map up to {1}', (0, address_1.formatBytes)(horizon), (0, address_1.formatBytes)(target)),
        l10n.t('flags: {0}', flags.length === 0 ? l10n.t('none') : flags.join(', ')),
        l10n.t('layout: version {0}, pages of {1}, data after {2}', header.version, (0, address_1.formatBytes)(header.pageSize), (0, address_1.formatBytes)(header.headerLength)),
        l10n.t('base: {0}', header.base),
        l10n.t('epoch: {0}', header.epoch),
        l10n.t('registry: {0} slots', header.slots),
        l10n.t('created: {0}, by {1} (pid {2}, uid {3})', iso(header.createdAtMs), creator.name, creator.pid, creator.uid),
        ...(lock
            ? [
                lock.died
                    ? l10n.t('lock: held by {0} ({1}), which died', lock.name, lock.pid)
                    : l10n.t('lock: held by {0} ({1})', lock.name, lock.pid),
            ]
            : []),
        ...(intent
            ? [l10n.t('under way: {0} from {1} to {2}', mapping_1.opWords[intent.op], (0, address_1.formatBytes)(intent.from), (0, address_1.formatBytes)(intent.to))]
            : []),
    ];
}
function peerLines(peer, header, facts) {
    const known = facts.find(({ pid }) => pid === peer.pid);
    const stopped = peer.processState === 'T' ? [l10n.t('stopped')] : peer.processState === 't' ? [l10n.t('held by a debugger')] : [];
    const state = [peer.state, ...stopped, ...(peer.samePid ? [] : [l10n.t('another process has its pid')])];
    return [
        `${peer.name} (${peer.pid}): ${state.join(', ')}`,
        ...[
            l10n.t('slot {0}, attachment {1}', peer.slot, peer.generation),
            peer.relocated ? l10n.t('base {0} (relocated: raw pointers do not hold)', peer.base) : l10n.t('base {0}', peer.base),
            l10n.t('maps {0} ({1} bytes); it {2}', (0, address_1.formatBytes)(peer.mapped), peer.mapped, mapping_1.methodWords[peer.method]),
            l10n.t('acknowledged epoch {0} of {1}', peer.acked, peer.requested),
            ...(peer.error === 0 ? [] : [l10n.t('its last mapping failed with errno {0}', peer.error)]),
            ...(peer.pins === 0 ? [] : [l10n.t('pins: {0}, up to {1}', peer.pins, (0, address_1.formatBytes)(peer.pinnedBytes))]),
            ...(peer.noInject ? [l10n.t('lets nobody reach into it (no-inject)')] : []),
            ...(known ? factLines(known) : []),
            ...(peer.mappings ?? []).map(mappingLine),
            ...(peer.missing ?? []).map(({ address, length }) => l10n.t('MISSING {0} at {1}, offset {2}', (0, address_1.formatBytes)(length), address, hex(offsetIn(peer, header, address)))),
        ].map((line) => `  ${line}`),
    ];
}
function factLines({ user, executable, containerPid, container, tracer }) {
    return [
        l10n.t('user {0}, executable {1}', user, executable || '?'),
        ...(containerPid === undefined ? [] : [l10n.t('pid {0} in its container', containerPid)]),
        ...(container === undefined ? [] : [container]),
        ...(tracer ? [l10n.t('traced by {0} ({1})', tracer.command, tracer.pid)] : []),
    ];
}
function mappingLine({ address, length, permissions, offset }) {
    return l10n.t('maps {0} to {1}: {2} {3}, object offset {4}', address, (0, address_1.plus)(address, length), (0, address_1.formatBytes)(length), permissions, hex(offset));
}
/** From the beginning of the data. */
function offsetIn(peer, header, address) {
    const base = header && !peer.relocated ? header.base : peer.base;
    return Number(BigInt(address) - BigInt(base));
}
const hex = (value) => (value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);
/** A time that may be damage. */
function iso(ms) {
    const date = new Date(ms);
    return Number.isNaN(date.getTime()) ? '?' : date.toISOString();
}
function by(list, key) {
    return [...list].sort((a, b) => key(a) - key(b));
}
