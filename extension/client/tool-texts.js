"use strict";
// SPDX-License-Identifier: MIT
//
// What a language model is told: the segments, one of them, its last round.  In the same text that people get, and nothing is changed.
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
exports.listText = listText;
exports.listSegments = listSegments;
exports.describeSegment = describeSegment;
exports.explainLastRound = explainLastRound;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../protocol/address");
const describe_1 = require("../protocol/describe");
const describe_parts_1 = require("../protocol/describe-parts");
const counts_1 = require("./counts");
const snapshot_collect_1 = require("./snapshot-collect");
/** A model reads so much at most; the rest is left out, and it is said so. */
const mostCharacters = 32_000;
function listText(segments) {
    if (segments.length === 0)
        return l10n.t('No process on this machine shares memory through Peermap.');
    return segments
        .map(({ name, active, reserved, alive = 0, dead = 0, problem }) => {
        if (active === undefined || reserved === undefined)
            return `${name}: ${problem?.text ?? l10n.t('not readable')}`;
        const size = l10n.t('{0} of {1}', (0, address_1.formatBytes)(active), (0, address_1.formatBytes)(reserved));
        return `${name}: ${size}, ${(0, counts_1.peerCount)(alive)}${dead > 0 ? `, ${l10n.t('{0} dead', dead)}` : ''}`;
    })
        .join('\n');
}
async function listSegments(server) {
    return listText((await server.request('peermap/list', {}, l10n.t('listing the segments'))).value);
}
async function describeSegment(server, { segment }) {
    const { snapshot, events, heap, facts, problems } = await (0, snapshot_collect_1.collect)(server, { segment, extension: '' });
    const text = (0, describe_1.describe)({ snapshot, events: events.events, facts, problems, ...(heap === undefined ? {} : { heap }) });
    return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}\n${l10n.t('(the rest is left out)')}`;
}
async function explainLastRound(server, { segment }) {
    const { value: snapshot } = await server.request('peermap/snapshot', { segment }, l10n.t('looking at {0}', segment));
    const after = Math.max(0, (snapshot.header?.eventHead ?? 0) - 4096);
    const { value } = await server.request('peermap/events', { segment, after }, l10n.t('reading the events of {0}', segment));
    const lines = (0, describe_parts_1.describeRound)(value.events, snapshot.peers);
    return lines.length === 0 ? l10n.t('The events of {0} tell of no round.', segment) : lines.join('\n');
}
