"use strict";
// SPDX-License-Identifier: MIT
//
// Everything that can be had of a segment, for a file or a text.  What cannot be had is a problem in it, not a failure.
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
exports.collect = collect;
exports.allEvents = allEvents;
const l10n = __importStar(require("@vscode/l10n"));
const os = __importStar(require("node:os"));
const snapshot_file_1 = require("../protocol/snapshot-file");
const failure_1 = require("./failure");
const system_rows_1 = require("./system-rows");
/** So many at once: one message. */
const eventsAtOnce = 16_384;
async function collect(server, { segment, extension, residency = false }) {
    const problems = [];
    const ask = async (method, params) => {
        try {
            const answer = await server.request(method, params, l10n.t('the snapshot of {0}', segment));
            const told = answer?.problems;
            if (told && method !== 'peermap/snapshot')
                problems.push(...told);
            return answer;
        }
        catch (error) {
            problems.push({ code: 'os', where: method, text: (0, failure_1.sentenceOf)(error) });
            return undefined;
        }
    };
    // Without this there is nothing: it fails as the person's command does.
    const { value: snapshot } = await server.request('peermap/snapshot', { segment, strangers: true }, l10n.t('looking at {0}', segment));
    const events = await allEvents(server, segment, snapshot.header?.eventHead ?? 0);
    const heap = await ask('peermap/heap', { segment });
    const facts = await ask('peermap/facts', { pids: snapshot.peers.map(({ pid }) => pid) });
    const resident = residency ? await ask('peermap/residency', { segment }) : undefined;
    const census = await ask('peermap/census', {});
    const structures = [];
    for (const { name } of snapshot.roots) {
        const structure = (await ask('peermap/structure', { segment, root: name }))?.value;
        if (structure)
            structures.push(structure);
    }
    const object = census?.value.objects.find((each) => (0, system_rows_1.segmentName)(each) === segment);
    return {
        format: 'peermap-snapshot',
        version: snapshot_file_1.snapshotVersion,
        host: os.hostname(),
        exportedAt: new Date(snapshot.takenAtMs).toISOString(),
        extension,
        snapshot,
        events,
        ...(heap ? { heap: heap.value } : {}),
        facts: facts?.value ?? [],
        ...(resident ? { residency: resident.value } : {}),
        structures,
        ...(census ? { limits: census.value.limits } : {}),
        ...(object ? { object } : {}),
        problems,
    };
}
/** As far back as the ring reaches, up to the event `head`: those that come meanwhile are of another moment. */
async function allEvents(server, segment, head) {
    const all = { events: [], last: 0, missed: 0 };
    while (all.last < head) {
        const params = { segment, after: all.last, limit: eventsAtOnce };
        const { value } = await server.request('peermap/events', params, l10n.t('reading the events of {0}', segment));
        if (value.last <= all.last)
            break;
        all.events.push(...value.events.filter(({ seq }) => seq <= head));
        all.missed += value.missed;
        all.last = Math.min(value.last, head);
    }
    return all;
}
