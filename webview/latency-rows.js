"use strict";
// SPDX-License-Identifier: MIT
//
// Latency in rows and in a sentence: of all rounds and answers, and of each peer.  Pure.
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
exports.latencyRows = latencyRows;
exports.latencyText = latencyText;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const event_text_1 = require("./event-text");
const peer_1 = require("./peer");
function rowOf(key, name, times, late) {
    const { total: count, max } = times;
    return { key, name, count, late, p50: times.percentile(50), p90: times.percentile(90), p99: times.percentile(99), max };
}
/** Of everybody, and then of each peer; the slowest first. */
function latencyRows(study, names, snapshot) {
    const late = [...study.lateBySlot.values()].reduce((sum, count) => sum + count, 0);
    const all = [
        rowOf('rounds', l10n.t('all rounds'), study.rounds, 0),
        rowOf('inside', l10n.t('all growths that ask nobody'), study.inside, 0),
        rowOf('answers', l10n.t('all answers'), study.answers, late),
    ].filter(({ count }) => count > 0);
    const slots = new Map(snapshot.peers.map((peer) => [peer.slot, peer]));
    const peers = [...study.bySlot].map(([slot, times]) => {
        const peer = slots.get(slot);
        const name = peer?.name ?? (0, event_text_1.nameOf)(names, snapshot.peers, slot, study.holders.get(slot) ?? 0);
        return rowOf(peer ? (0, peer_1.peerKey)(peer) : `slot ${slot}`, name, times, study.lateBySlot.get(slot) ?? 0);
    });
    return [...all, ...peers.sort((a, b) => (b.p99 ?? 0) - (a.p99 ?? 0))];
}
/** A sentence for those who do not see the picture. */
function latencyText({ answers, rounds, inside }) {
    const line = (times, what) => l10n.t('{0}: {1}, half of them within {2}, 99 of a hundred within {3}, the longest {4}.', what, times.total.toLocaleString('en-US'), (0, address_1.formatNanoseconds)(Math.round(times.percentile(50) ?? 0)), (0, address_1.formatNanoseconds)(Math.round(times.percentile(99) ?? 0)), (0, address_1.formatNanoseconds)(times.max));
    const lines = [];
    if (rounds.total > 0)
        lines.push(line(rounds, l10n.t('Rounds')));
    if (inside.total > 0)
        lines.push(line(inside, l10n.t('Growths that ask nobody')));
    if (answers.total > 0)
        lines.push(line(answers, l10n.t('Answers')));
    return lines.join(' ');
}
