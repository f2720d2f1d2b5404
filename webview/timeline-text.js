"use strict";
// SPDX-License-Identifier: MIT
//
// The timeline to read: what is in a stretch of it, as a document.  Pure.
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
exports.timelineText = timelineText;
exports.lostIn = lostIn;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const event_chunk_1 = require("./event-chunk");
const event_text_1 = require("./event-text");
const latency_rows_1 = require("./latency-rows");
const latency_model_1 = require("./latency-model");
const timeline_rounds_1 = require("./timeline-rounds");
const timeline_scene_1 = require("./timeline-scene");
/** More rounds or events than this are not listed but counted. */
const listed = 2_000;
function timelineText(state, snapshot, from, to) {
    const { log, names, wallMs } = state;
    const { peers } = snapshot;
    const study = (0, latency_model_1.studyOf)(log, from, to);
    const [first, last] = [log.indexAt(from), log.indexAt(to)];
    const time = (ns) => new Date(wallMs + ns / 1e6).toISOString().replace('T', ' ').replace('Z', '');
    const lines = [
        l10n.t('Timeline of {0}', state.segment),
        l10n.t('From {0} to {1} UTC, {2}', time(from), time(to), (0, address_1.formatNanoseconds)(Math.round(to - from))),
        '',
        study.events === 1 ? l10n.t('1 event') : l10n.t('{0} events', study.events.toLocaleString('en-US')),
    ];
    study.ofKind.forEach((count, kind) => {
        if (count > 0)
            lines.push(`  ${count.toLocaleString('en-US')}  ${(0, event_text_1.eventWord)(event_chunk_1.kinds[kind] ?? 'unknown')}`);
    });
    const lost = lostIn(log, first, last);
    if (lost > 0)
        lines.push((0, timeline_scene_1.gapText)(lost));
    if (log.dropped > 0)
        lines.push((0, timeline_scene_1.droppedText)(log.dropped));
    lines.push('', l10n.t('Latency: count, late, p50, p90, p99, longest'));
    for (const { name, count, late, p50 = 0, p90 = 0, p99 = 0, max } of (0, latency_rows_1.latencyRows)(study, names, snapshot))
        lines.push(`  ${name}: ${[count, late].join(', ')}, ${[p50, p90, p99, max].map((ns) => (0, address_1.formatNanoseconds)(Math.round(ns))).join(', ')}`);
    const start = Math.max(first, last - listed);
    lines.push('', start > first
        ? l10n.t('Rounds and events, of the last {0} events', listed.toLocaleString('en-US'))
        : l10n.t('Rounds and events'));
    const told = [
        ...(0, timeline_rounds_1.roundsIn)(log, start, last).map((round) => ({ at: round.from, text: (0, event_text_1.roundText)(round, names, peers).join('; ') })),
        ...log
            .events(start, last)
            .filter(({ kind }) => timeline_scene_1.marked.has(kind))
            .map((event) => ({
            at: event.timeNs,
            text: [`${(0, event_text_1.subjectOf)(event, names, peers)} ${(0, event_text_1.wordOf)(event)}`.trim(), (0, event_text_1.detailOf)(event, names, peers)]
                .filter((part) => part !== '')
                .join(': '),
        })),
    ];
    for (const { at, text } of told.sort((a, b) => a.at - b.at))
        lines.push(`  ${time(at).slice(11)}  ${text}`);
    return `${lines.join('\n')}\n`;
}
function lostIn(log, from, to) {
    return log.gaps(from, to).reduce((sum, { count }) => sum + count, 0);
}
