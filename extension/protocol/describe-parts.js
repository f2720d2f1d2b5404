"use strict";
// SPDX-License-Identifier: MIT
//
// Parts of describe.ts: the last round, and the heap, as lines of text.
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
exports.describeRound = describeRound;
exports.describeHeap = describeHeap;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("./address");
const last_round_1 = require("./last-round");
const mapping_1 = require("./mapping");
function describeRound(events, peers) {
    const round = (0, last_round_1.lastRound)(events);
    if (!round)
        return [];
    const who = (pid) => `${peers.find((peer) => peer.pid === pid)?.name ?? '?'} (${pid})`;
    const { epoch, op, size, byPid, end, ns, answers } = round;
    const came = end === undefined
        ? l10n.t('it is under way')
        : end === 'done'
            ? l10n.t('it was done')
            : l10n.t('it was rolled back: nothing changed');
    const time = ns > 0 ? [l10n.t('took {0}', (0, address_1.formatNanoseconds)(ns))] : [];
    const asked = answers.length === 0 ? [l10n.t('nobody was asked: every peer had it mapped ahead')] : [];
    return [
        l10n.t('epoch {0}: {1} to {2}, by {3}; {4}', epoch, mapping_1.opWords[op], (0, address_1.formatBytes)(size), who(byPid), came),
        ...time,
        ...(end === undefined ? [] : asked),
        ...answers.map(({ pid, method, late, error }) => late
            ? l10n.t('{0}: did not answer in time: {1}', who(pid), (0, mapping_1.reachText)(error))
            : error === 0
                ? l10n.t('{0}: {1}', who(pid), mapping_1.methodWords[method])
                : l10n.t('{0}: its mapping failed with errno {1}', who(pid), error)),
    ];
}
function describeHeap(heap) {
    const { size, used, smallObjects, largeObjects, largeBytes, freeBytes, largestFree, faults, classes, peers } = heap;
    return [
        l10n.t('{0} of {1} used', (0, address_1.formatBytes)(used), (0, address_1.formatBytes)(size)),
        l10n.t('{0} small objects; {1} large ones, {2}', smallObjects, largeObjects, (0, address_1.formatBytes)(largeBytes)),
        l10n.t('{0} free, {1} at most in one piece', (0, address_1.formatBytes)(freeBytes), (0, address_1.formatBytes)(largestFree)),
        ...(faults === 0 ? [] : [l10n.t('{0} faults: objects freed twice, or written past their end', faults)]),
        ...classes
            .filter(({ objects }) => objects > 0)
            .map(({ stride, objects, capacity }) => l10n.t('objects of {0}: {1} of {2}', (0, address_1.formatBytes)(stride), objects, capacity)),
        ...[...peers]
            .sort((a, b) => a.pid - b.pid)
            .map(({ pid, name, spanBytes }) => pid === 0
            ? l10n.t('processes that ended hold {0}', (0, address_1.formatBytes)(spanBytes))
            : l10n.t('{0} ({1}) holds {2}', name, pid, (0, address_1.formatBytes)(spanBytes))),
    ];
}
