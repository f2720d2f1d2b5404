"use strict";
// SPDX-License-Identifier: MIT
//
// Where the registry and the kernel disagree: each disagreement with what either says, what it means, and what mends it.  Pure; the
// problems list says the same of those that are problems, because it asks here.
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
exports.driftWord = driftWord;
exports.driftOf = driftOf;
exports.peerDrift = peerDrift;
exports.behindSaid = behindSaid;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const mapping_1 = require("../extension/protocol/mapping");
const peer_1 = require("./peer");
/** What the person reads; the kind is for programs. */
function driftWord(kind) {
    switch (kind) {
        case 'lacks-tail':
            return l10n.t('lacks the tail');
        case 'lacks-piece':
            return l10n.t('lacks a piece');
        case 'permissions':
            return l10n.t('other permissions');
        case 'maps-more':
            return l10n.t('maps more than claimed');
        case 'maps-less':
            return l10n.t('maps less than claimed');
        case 'pid-reused':
            return l10n.t('pid reused');
        case 'stranger':
            return l10n.t('not registered');
        case 'deleted':
            return l10n.t('removed, still mapped');
        case 'dead-mapped':
            return l10n.t('dead, still mapped');
        case 'epoch-behind':
            return l10n.t('epoch behind');
    }
}
function driftOf(snapshot, header, gone) {
    const found = snapshot.peers.flatMap((peer) => peerDrift(peer, header));
    found.push(...snapshot.strangers.map((one) => strangerDrift(one, header)));
    if (gone || snapshot.problems.some(({ code }) => code === 'gone'))
        found.push(...deletedDrift(snapshot, header));
    const rank = { error: 0, warning: 1, info: 2 };
    return found.sort((a, b) => rank[a.severity] - rank[b.severity]);
}
function peerDrift(peer, header) {
    const about = { peer: (0, peer_1.peerKey)(peer), name: peer.name, pid: peer.pid };
    const found = [];
    const add = (kind, said, at = '') => {
        found.push({ id: `${kind} ${peer.slot}${at}`, kind, ...about, ...said });
    };
    // Of a thousand peers most agree: words are for those that do not.
    const remap = () => ({ label: l10n.t('Remap'), command: 'peermap.remap', pid: peer.pid });
    const claims = () => l10n.t('{0} mapped', (0, address_1.formatBytes)(peer.mapped));
    if (peer.state === 'dead') {
        if ((peer.mappings ?? []).length > 0)
            add('dead-mapped', deadSaid(peer, header));
        return found;
    }
    if (!peer.samePid)
        add('pid-reused', reusedSaid(peer));
    for (const { address, length, tail } of holesOf(peer, header)) {
        const meaning = tail
            ? l10n.t('It has not mapped the newest extent: it faults where the others read and write.')
            : l10n.t('Something unmapped a piece behind the library: it faults in there.');
        add(tail ? 'lacks-tail' : 'lacks-piece', {
            severity: 'error',
            registry: claims(),
            kernel: l10n.t('nothing in {0} at {1}', (0, address_1.formatBytes)(length), address),
            meaning,
            repair: remap(),
        }, ` ${address}`);
    }
    for (const { address, permissions } of (peer.mappings ?? []).filter((one) => one.permissions !== ordinary)) {
        const meaning = /^rw.s$/.test(permissions)
            ? l10n.t('Reading and writing work, and more is allowed than the library asks for.')
            : l10n.t('It faults, or writes where nobody else sees it, in there.');
        const severity = /^rw.s$/.test(permissions) ? 'info' : 'error';
        const kernel = l10n.t('{0} at {1}', permissions, address);
        add('permissions', { severity, registry: l10n.t('{0} everywhere', ordinary), kernel, meaning, repair: remap() }, ` ${address}`);
    }
    const kernel = (0, peer_1.kernelOf)(peer, header);
    if (kernel.kind === 'drift' && (0, peer_1.lacking)(peer) === 0 && peer.state !== 'attaching') {
        const more = kernel.bytes > peer.mapped;
        add(more ? 'maps-more' : 'maps-less', {
            severity: 'warning',
            registry: claims(),
            kernel: l10n.t('{0} mapped', (0, address_1.formatBytes)(kernel.bytes)),
            meaning: more
                ? l10n.t('A shrinking or a detach did not reach it: it can touch what is no longer part of the segment.')
                : l10n.t('All that is active is there; the next growth counts on more of it than there is.'),
            repair: remap(),
        });
    }
    if (peer.acked < peer.requested)
        add('epoch-behind', { ...behindSaid(peer, header), repair: remap() });
    return found;
}
const ordinary = 'rw-s';
function deadSaid(peer, { headerLength }) {
    return {
        severity: 'warning',
        registry: mapping_1.stateWords.dead,
        kernel: l10n.t('{0} mapped', (0, address_1.formatBytes)((0, peer_1.dataBytes)(peer.mappings ?? [], headerLength))),
        meaning: l10n.t('A process with this pid has the memory and no longer takes part in rounds.'),
        repair: { label: l10n.t('Reap'), command: 'peermap.reap' },
    };
}
function reusedSaid({ pid, state, processState }) {
    const seen = processState === undefined ? l10n.t('no process {0}', pid) : l10n.t('another process {0}', pid);
    return {
        severity: 'warning',
        registry: l10n.t('pid {0} is {1}', pid, mapping_1.stateWords[state]),
        kernel: seen,
        meaning: l10n.t('It ended and its pid was given to another, or it runs in a container with pids of its own.'),
        repair: { none: l10n.t('nothing is certain from here; once a peer finds that it ended, it can be reaped') },
    };
}
function behindSaid(peer, header) {
    const { detail } = (0, peer_1.conditionOf)(peer);
    // In a strict segment the next growth waits for it; otherwise it was asked to map ahead, and is in nobody's way.
    const harmless = !header.flags.includes('strict') && (0, peer_1.lacking)(peer) === 0 && peer.mapped >= header.active;
    return {
        severity: harmless ? 'info' : 'warning',
        registry: l10n.t('asked for epoch {0}, acknowledged {1}', peer.requested, peer.acked),
        kernel: detail === '' ? l10n.t('running') : detail,
        meaning: harmless
            ? l10n.t('It has all that is active: it is late only in mapping ahead.')
            : l10n.t('It has not answered: who waits for it does not get on.'),
    };
}
function strangerDrift({ pid, command, mappings }, { headerLength }) {
    return {
        id: `stranger ${pid}`,
        kind: 'stranger',
        severity: 'info',
        peer: (0, peer_1.strangerKey)(pid),
        name: command,
        pid,
        registry: l10n.t('nothing'),
        kernel: l10n.t('{0} mapped', (0, address_1.formatBytes)((0, peer_1.dataBytes)(mappings, headerLength))),
        meaning: l10n.t('No growth reaches it, and no shrinking waits for it.'),
        repair: { none: l10n.t('it has to attach by itself') },
    };
}
function deletedDrift(snapshot, { headerLength }) {
    const holders = [
        ...snapshot.peers.map((peer) => ({ ...peer, key: (0, peer_1.peerKey)(peer) })),
        ...snapshot.strangers.map((one) => ({ ...one, key: (0, peer_1.strangerKey)(one.pid), name: one.command })),
    ];
    return holders
        .map((one) => ({ ...one, bytes: (0, peer_1.dataBytes)(one.mappings ?? [], headerLength) }))
        .filter(({ bytes }) => bytes > 0)
        .map(({ key, name, pid, bytes }) => ({
        id: `deleted ${key}`,
        kind: 'deleted',
        severity: 'warning',
        peer: key,
        name,
        pid,
        registry: l10n.t('removed'),
        kernel: l10n.t('{0} mapped', (0, address_1.formatBytes)(bytes)),
        meaning: l10n.t('The memory has no name any more and stays until its last user lets go of it.'),
        repair: { none: l10n.t('it ends with the process, or when that detaches') },
    }));
}
/** What is missing and not there with other permissions; whether it is at the end of what is active. */
function holesOf(peer, { active }) {
    if ((0, peer_1.lacking)(peer) === 0)
        return [];
    const end = BigInt(peer.base) + BigInt(active);
    return (peer.missing ?? [])
        .filter(({ address, length }) => {
        const from = BigInt(address);
        return !(peer.mappings ?? []).some((one) => {
            const start = BigInt(one.address);
            return one.permissions !== ordinary && start <= from && start + BigInt(one.length) >= from + BigInt(length);
        });
    })
        .map(({ address, length }) => ({ address, length, tail: BigInt(address) + BigInt(length) >= end }));
}
