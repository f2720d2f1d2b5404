"use strict";
// SPDX-License-Identifier: MIT
//
// What of the timeline is visible, and where.  Pure; drawing and pointing both use it.
//
// From near, with few events in the window, each event and round is a shape.  From far, each pixel of a lane is a column that sums up what
// falls on it, and only what is wide enough to be seen is a bar.  Either way there is as much of it as there is room in the picture.
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
exports.marked = void 0;
exports.laneSlot = laneSlot;
exports.toX = toX;
exports.sceneOf = sceneOf;
exports.nearOf = nearOf;
exports.ackTone = ackTone;
exports.gapText = gapText;
exports.droppedText = droppedText;
exports.shapeAt = shapeAt;
const l10n = __importStar(require("@vscode/l10n"));
const event_index_1 = require("./event-index");
const timeline_columns_1 = require("./timeline-columns");
const timeline_model_1 = require("./timeline-model");
const timeline_rounds_1 = require("./timeline-rounds");
const timeline_model_2 = require("./timeline-model");
const timeline_tools_1 = require("./timeline-tools");
/** More events than this in the window, and they are summed up. */
const shapesLimit = 2_000;
const inSegment = new Set(event_index_1.marksOfSegment);
/** Events that get a marker of their own; the others are in the rounds and their answers. */
exports.marked = new Set([...event_index_1.marksOfSegment, ...event_index_1.marksOfPeers]);
/** The slot whose lane shows an event's marker; -1 for the segment's. */
function laneSlot(event) {
    return inSegment.has(event.kind) ? -1 : event.slot;
}
function toX(time, { start, end }, width) {
    return ((time - start) / (end - start)) * width;
}
/** `lanes` are those that are in sight.  `tools`: "slot:pid" of who acts for a person. */
function sceneOf(log, lanes, window, width, tools = new Set(), near = nearOf(log, window)) {
    const from = log.indexAt(window.start);
    const to = log.indexAt(window.end);
    const shapes = new Shapes(window, width, lanes);
    for (const gap of gapsOf(log, from, to, window, width))
        shapes.put(`gap ${Math.round(gap.x0)}`, gap);
    const segment = shapes.laneOf(-1);
    if (segment !== undefined)
        for (const mark of (0, timeline_tools_1.toolMarks)(log, from, to, tools))
            shapes.put(`tool ${Math.round(toX(mark.timeNs, window, width) / 6)}`, {
                kind: 'tool',
                mark,
                count: 1,
                ...shapes.place(segment, mark.timeNs, mark.timeNs),
            });
    if (!near) {
        const running = (0, timeline_rounds_1.runningRound)(log);
        if (running)
            shapes.round(running);
        const columns = (0, timeline_columns_1.columnsOf)(log, lanes.map(({ slot }) => slot), window, width);
        return { width, shapes: shapes.all(), columns: lanes.flatMap(({ slot }) => columns.get(slot) ?? []) };
    }
    for (const round of near.rounds)
        shapes.round(round);
    for (const event of near.events)
        if (exports.marked.has(event.kind))
            shapes.mark(event);
    return { width, shapes: shapes.all(), columns: [] };
}
/** Undefined where it is too much for that. */
function nearOf(log, window) {
    const from = log.indexAt(window.start);
    const to = log.indexAt(window.end);
    if (to - from > shapesLimit)
        return undefined;
    const events = (0, timeline_rounds_1.eventsIn)(log, from, to);
    return { events, rounds: (0, timeline_model_2.roundsOf)(events) };
}
/** Shapes of one kind that fall on the same pixel of the same lane become one with a count. */
class Shapes {
    window;
    width;
    byKey = new Map();
    lanes;
    constructor(window, width, lanes) {
        this.window = window;
        this.width = width;
        this.lanes = new Map(lanes.map(({ slot }, at) => [slot, at]));
    }
    laneOf(slot) {
        return this.lanes.get(slot);
    }
    all() {
        return [...this.byKey.values()];
    }
    place(lane, from, to) {
        return { lane, x0: toX(from, this.window, this.width), x1: toX(to, this.window, this.width) };
    }
    put(key, shape) {
        if (shape.x1 < -8 || shape.x0 > this.width + 8)
            return;
        const there = this.byKey.get(key);
        if (!there)
            this.byKey.set(key, shape);
        else {
            there.count += shape.count;
            there.x0 = Math.min(there.x0, shape.x0);
            there.x1 = Math.max(there.x1, shape.x1);
        }
    }
    round(round) {
        const { end } = this.window;
        const segment = this.laneOf(-1);
        if (segment !== undefined) {
            const at = this.place(segment, round.from, round.to ?? end);
            this.put(`round ${pixels(at)} ${round.result} ${round.op === 'inside'}`, { kind: 'round', round, count: 1, ...at });
        }
        for (const ack of round.acks) {
            const lane = this.laneOf(ack.slot);
            if (lane === undefined)
                continue;
            const at = this.place(lane, ack.from, ack.to ?? round.to ?? end);
            this.put(`ack ${pixels(at)} ${lane} ${ackTone(ack, round)}`, { kind: 'ack', ack, round, count: 1, ...at });
        }
    }
    mark(event) {
        const lane = this.laneOf(laneSlot(event));
        if (lane === undefined)
            return;
        const at = this.place(lane, event.timeNs, event.timeNs);
        this.put(`mark ${pixels(at)} ${lane} ${event.kind}`, { kind: 'mark', event, count: 1, ...at });
    }
}
/** Shapes narrower than a pixel share it; wider ones stand alone. */
function pixels({ x0, x1 }) {
    return x1 - x0 < 1 ? `${Math.round(x0)}` : `${x0}-${x1}`;
}
function ackTone(ack, round) {
    if (ack.error !== 0)
        return 'failed';
    if (ack.late)
        return 'late';
    if (ack.to !== undefined)
        return (0, timeline_model_1.isReached)(ack.method) ? 'reached' : 'ok';
    return round.result === 'running' ? 'waiting' : 'late';
}
/** Where events are missing: overwritten before they could be read, or dropped here. */
function gapsOf(log, from, to, window, width) {
    const found = [];
    const put = (start, end, text, count) => {
        const x0 = Math.max(-10, start);
        if (end >= 0 && x0 <= width)
            found.push({ kind: 'gap', lane: -1, x0, x1: Math.max(end, x0 + 2), text, count });
    };
    // A gap ends with the event after it, which may be past the window.
    for (const { before, count } of log.gaps(from, to + 1)) {
        const at = log.indexOf(before);
        if (at === 0 && log.dropped > 0)
            continue;
        const next = at < 0 ? width : toX(log.timeAt(at), window, width);
        const previous = at < 0 ? log.length - 1 : at - 1;
        put(previous < 0 ? Math.min(0, next) : toX(log.timeAt(previous), window, width), next, gapText(count), count);
    }
    const { firstTime } = log;
    if (log.dropped > 0 && firstTime !== undefined && firstTime > window.start)
        put(-10, toX(firstTime, window, width), droppedText(log.dropped), log.dropped);
    return found;
}
function gapText(count) {
    return count === 1
        ? l10n.t('1 event was overwritten before it could be read')
        : l10n.t('{0} events were overwritten before they could be read', count.toLocaleString('en-US'));
}
function droppedText(count) {
    return count === 1
        ? l10n.t('1 older event was dropped here to save memory')
        : l10n.t('{0} older events were dropped here to save memory', count.toLocaleString('en-US'));
}
/** The shape nearest to a point, among those of this lane that are close enough to be meant; a gap if there is nothing else. */
function shapeAt({ shapes, columns, width }, lane, x) {
    const order = { tool: 0, mark: 0, ack: 1, round: 1, bar: 1, column: 2, gap: 3 };
    let best;
    const consider = (shape) => {
        const away = Math.max(shape.x0 - x, x - shape.x1, 0);
        if (away > (shape.kind === 'gap' ? 0 : 5))
            return;
        const distance = away + order[shape.kind] * 10 + Math.min(9, (shape.x1 - shape.x0) / 1e3);
        if (!best || distance < best.distance)
            best = { shape, distance };
    };
    for (const shape of shapes)
        if (shape.kind === 'gap' || shape.lane === lane)
            consider(shape);
    const column = columns[lane];
    if (!column)
        return best?.shape;
    for (const bar of column.bars)
        consider({ kind: 'bar', bar, count: 1, lane, x0: bar.x0, x1: bar.x1 });
    for (let at = Math.max(0, Math.floor(x) - 5); at <= Math.min(width - 1, Math.floor(x) + 5); at += 1) {
        const [count, flags, longest] = [column.count[at] ?? 0, column.flags[at] ?? 0, column.longest[at] ?? 0];
        if (count > 0)
            consider({ kind: 'column', flags, longest, count, lane, x0: at, x1: at + 1 });
    }
    return best?.shape;
}
