"use strict";
// SPDX-License-Identifier: MIT
//
// What is wrong with a segment: the problems that the observer met, and those that follow from comparing the registry with the
// kernel.  Pure.
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
exports.findingsOf = findingsOf;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const mapping_1 = require("../extension/protocol/mapping");
const drift_model_1 = require("./drift-model");
const peer_1 = require("./peer");
const severities = {
    unstable: 'info',
    'no-process': 'info',
    'no-access': 'warning',
    gone: 'warning',
};
function findingsOf(snapshot) {
    const found = [];
    const { header } = snapshot;
    if (header) {
        found.push(...headerFindings(header));
        for (const peer of snapshot.peers)
            found.push(...peerFindings(peer, header));
        found.push(...deadFindings(snapshot.peers));
    }
    for (const { code, where, text } of snapshot.problems) {
        found.push({ id: `${code} ${where} ${text}`, severity: severities[code] ?? 'error', code, where, text });
    }
    for (const { pid, command } of snapshot.strangers) {
        const text = l10n.t('maps the segment without being in its registry, so no growth reaches it.');
        found.push({
            id: `stranger ${pid}`,
            severity: 'info',
            code: 'stranger',
            where: l10n.t('{0}, pid {1}', command, pid),
            text,
            peer: (0, peer_1.strangerKey)(pid),
        });
    }
    const rank = { error: 0, warning: 1, info: 2 };
    const unique = new Map(found.map((finding) => [finding.id, finding]));
    return [...unique.values()].sort((a, b) => rank[a.severity] - rank[b.severity]);
}
function headerFindings({ lock, intent }) {
    const under = intent && intent.op !== 'none' ? mapping_1.opWords[intent.op] : undefined;
    if (lock?.died) {
        return [
            {
                id: 'lock-holder-died',
                severity: 'warning',
                code: 'lock-holder-died',
                where: l10n.t('{0}, pid {1}', lock.name || l10n.t('a peer'), lock.pid),
                text: under
                    ? l10n.t('died in the middle of a {0} while holding the lock. Whoever takes the lock next finishes or undoes what it had begun.', under)
                    : l10n.t('died while holding the lock. Whoever takes the lock next finishes or undoes what it had begun.'),
            },
        ];
    }
    if (!intent || !under || lock)
        return [];
    const text = l10n.t('A {0} from {1} to {2} was begun and not finished.', under, (0, address_1.formatBytes)(intent.from), (0, address_1.formatBytes)(intent.to));
    return [{ id: 'unfinished', severity: 'warning', code: 'unfinished', where: 'header.intent', text }];
}
function peerFindings(peer, header) {
    const found = [];
    const drift = new Map((0, drift_model_1.peerDrift)(peer, header).map((one) => [one.kind, one]));
    if (drift.size === 0 && peer.error === 0 && peer.state !== 'late' && (0, peer_1.lacking)(peer) === 0)
        return found;
    const about = { where: l10n.t('{0}, pid {1}', peer.name, peer.pid), peer: (0, peer_1.peerKey)(peer) };
    const remap = { label: l10n.t('Remap'), command: 'peermap.remap', pid: peer.pid };
    const id = (code) => ({ id: `${code} ${peer.slot}`, code });
    if ((0, peer_1.lacking)(peer) > 0) {
        found.push({
            ...id('lacks-memory'),
            ...about,
            severity: 'error',
            text: l10n.t('{0}, which the header says is active.', (0, peer_1.lackText)(peer)),
            fix: remap,
        });
    }
    if (peer.state === 'late') {
        const { detail } = (0, peer_1.conditionOf)(peer);
        const { severity } = (0, drift_model_1.behindSaid)(peer, header);
        const texts = [l10n.t('has acknowledged epoch {0} and was asked for {1}.', peer.acked, peer.requested)];
        if (detail !== '')
            texts.push(l10n.t('It is {0}.', detail));
        if (severity === 'info')
            texts.push(l10n.t('It has all that is active.'));
        found.push({ ...id('late-peer'), ...about, severity, text: texts.join(' ') });
    }
    const kernel = (0, peer_1.kernelOf)(peer, header);
    if ((drift.has('maps-more') || drift.has('maps-less')) && kernel.kind === 'drift') {
        const text = l10n.t('The registry claims {0}, the kernel maps {1}.', (0, address_1.formatBytes)(peer.mapped), (0, address_1.formatBytes)(kernel.bytes));
        found.push({ ...id('drift'), ...about, severity: 'warning', text, fix: remap });
    }
    if (drift.has('pid-reused')) {
        const text = l10n.t('The process that has this pid is not the one that registered.');
        found.push({ ...id('pid-reused'), ...about, severity: 'warning', text });
    }
    const dead = drift.get('dead-mapped');
    if (dead)
        found.push({ ...id('dead-mapped'), ...about, severity: 'warning', text: dead.meaning });
    if (peer.error !== 0) {
        const text = l10n.t('Its last mapping failed with errno {0}.', peer.error);
        found.push({ ...id('map-failed'), ...about, severity: 'error', text, fix: remap });
    }
    return found;
}
function deadFindings(peers) {
    const dead = peers.filter(({ state }) => state === 'dead');
    const [first] = dead;
    if (!first)
        return [];
    const names = dead
        .slice(0, 4)
        .map(({ name, pid }) => `${name} (${pid})`)
        .join(', ');
    const more = dead.length - 4;
    const text = dead.length === 1
        ? l10n.t('{0} waits to be reaped, or to be restarted under the same name.', names)
        : more > 0
            ? l10n.t('{0} and {1} more wait to be reaped, or to be restarted under the same name.', names, more)
            : l10n.t('{0} wait to be reaped, or to be restarted under the same name.', names);
    return [
        {
            id: 'dead-peers',
            severity: 'warning',
            code: 'dead-peers',
            where: dead.length === 1 ? l10n.t('1 dead peer') : l10n.t('{0} dead peers', dead.length),
            text,
            peer: (0, peer_1.peerKey)(first),
            fix: { label: l10n.t('Reap'), command: 'peermap.reap' },
        },
    ];
}
