"use strict";
// SPDX-License-Identifier: MIT
//
// The sentences in which the extension asks before it destroys, and says what it did.  What a change will do is in preview.ts.
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
exports.shrinkWarning = shrinkWarning;
exports.destroyWarning = destroyWarning;
exports.wholePages = wholePages;
exports.sum = sum;
exports.roundReport = roundReport;
exports.answerLines = answerLines;
exports.lateSentence = lateSentence;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../protocol/address");
const mapping_1 = require("../protocol/mapping");
const counts_1 = require("./counts");
const preview_1 = require("./preview");
function shrinkWarning(snapshot, bytes) {
    const active = snapshot.header?.active ?? 0;
    const peers = (0, preview_1.living)(snapshot);
    const stays = (0, address_1.formatBytes)(Math.max(0, active - bytes));
    const whom = peers.length > 1 ? [l10n.t('These must give it up: {0}.', (0, preview_1.names)(peers))] : [];
    return {
        message: l10n.t('Shrink {0} by {1}?', snapshot.name, (0, address_1.formatBytes)(bytes)),
        detail: [
            l10n.t('Of {0}, {1} stay. What is in the last {2} is lost.', (0, address_1.formatBytes)(active), stays, (0, address_1.formatBytes)(bytes)),
            (0, preview_1.shrinkPreview)(snapshot, bytes),
            ...whom,
        ].join('\n\n'),
        button: l10n.t('Shrink'),
    };
}
function destroyWarning(snapshot) {
    const peers = (0, preview_1.living)(snapshot);
    const whom = peers.length === 0
        ? l10n.t('No process is attached: its data is lost at once.')
        : peers.length === 1
            ? l10n.t('The memory stays with {0} until it ends. Nobody can attach any more.', (0, preview_1.names)(peers))
            : l10n.t('The memory stays with {0} until they end: {1}. Nobody can attach any more.', (0, counts_1.peerCount)(peers.length), (0, preview_1.names)(peers));
    return {
        message: l10n.t('Destroy {0}?', snapshot.name),
        detail: [l10n.t('Removes /dev/shm/peermap.{0}, {1}.', snapshot.name, (0, address_1.formatBytes)(snapshot.object.length)), whom].join('\n\n'),
        button: l10n.t('Destroy'),
    };
}
/** What a size comes to once it is rounded as the library rounds it; undefined if nothing is left of it. */
function wholePages(bytes, pageSize, change) {
    const pages = change === 'grow' ? Math.ceil(bytes / pageSize) : Math.floor(bytes / pageSize);
    return pages > 0 ? pages * pageSize : undefined;
}
/** "64 KiB + 4 KiB = 68 KiB" */
function sum(active, bytes, change) {
    const after = change === 'grow' ? active + bytes : active - bytes;
    return `${(0, address_1.formatBytes)(active)} ${change === 'grow' ? '+' : '−'} ${(0, address_1.formatBytes)(bytes)} = ${(0, address_1.formatBytes)(after)}`;
}
/** `done` in the words "demo grew". */
function roundReport(done, round) {
    const [size, time] = [(0, address_1.formatBytes)(round.size), (0, address_1.formatNanoseconds)(round.nanoseconds)];
    const text = round.late === 0
        ? l10n.t('{0}: {1} in every peer after {2}', done, size, time)
        : round.late === 1
            ? l10n.t('{0}: {1} in all but 1 peer that did not answer after {2}', done, size, time)
            : l10n.t('{0}: {1} in all but {2} peers that did not answer after {3}', done, size, round.late, time);
    return [text, ...howReached(round)].join(' · ');
}
/** What is remarkable about how the peers came to it; nothing if their agents simply mapped it. */
function howReached({ acked, ahead, unstopped, injected }) {
    const reached = unstopped + injected;
    const parts = [];
    if (ahead > 0)
        parts.push(ahead === acked ? l10n.t('all had it mapped ahead') : l10n.t('{0} had it mapped ahead', ahead));
    if (reached > 0)
        parts.push(reached === 1 ? l10n.t('1 was reached while stopped') : l10n.t('{0} were reached while stopped', reached));
    return parts;
}
/** Each peer in a line: "search (4712): had it mapped ahead". */
function answerLines({ answers }) {
    return answers.map(({ name, pid, method, error, nanoseconds }) => {
        const who = `${name} (${pid})`;
        const time = (0, address_1.formatNanoseconds)(nanoseconds);
        if (method !== 'none')
            return nanoseconds > 0
                ? l10n.t('{0}: {1} after {2}', who, mapping_1.methodWords[method], time)
                : l10n.t('{0}: {1}', who, mapping_1.methodWords[method]);
        return nanoseconds > 0
            ? l10n.t('{0}: {1} after {2}: {3}', who, mapping_1.methodWords[method], time, (0, mapping_1.reachText)(error))
            : l10n.t('{0}: {1}: {2}', who, mapping_1.methodWords[method], (0, mapping_1.reachText)(error));
    });
}
/** The sentence of a round that failed names one peer, and says why it could not be reached; here with the others. */
function lateSentence(sentence, round) {
    const culprit = round?.culprit;
    const others = (round?.answers ?? []).filter(({ method, pid, name }) => method === 'none' && !(pid === culprit?.pid && name === culprit.name));
    if (others.length === 0)
        return sentence;
    const named = others.slice(0, 3).map(({ name, pid, error }) => `${name} (${pid}): ${(0, mapping_1.reachText)(error)}`);
    const first = sentence.replace(/[.]$/, '');
    return others.length === named.length
        ? l10n.t('{0}. Nor did {1}.', first, named.join('; '))
        : l10n.t('{0}. Nor did {1}; and {2} more.', first, named.join('; '), others.length - named.length);
}
