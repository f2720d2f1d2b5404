"use strict";
// SPDX-License-Identifier: MIT
//
// The timeline's keyboard.  Pure: a key and where we are give the change of the view.
Object.defineProperty(exports, "__esModule", { value: true });
exports.keyChange = keyChange;
const timeline_rounds_1 = require("./timeline-rounds");
const timeline_view_1 = require("./timeline-view");
function keyChange({ key, ctrlKey, metaKey, altKey }, { view, now, log, lanes }) {
    if (ctrlKey || metaKey || altKey)
        return undefined;
    switch (key.length === 1 ? key.toLowerCase() : key) {
        case '+':
        case '=':
        case 'w':
            return (0, timeline_view_1.zoomed)(view, now, 0.5, 0.5);
        case '-':
        case 's':
            return (0, timeline_view_1.zoomed)(view, now, 2, 0.5);
        case 'ArrowLeft':
        case 'a':
            return (0, timeline_view_1.panned)(view, now, -0.15);
        case 'ArrowRight':
        case 'd':
            return (0, timeline_view_1.panned)(view, now, 0.15);
        case 'p':
        case ' ':
            return (0, timeline_view_1.followed)(view, now, !view.follow);
        case 'f':
            return view.stretch ? (0, timeline_view_1.around)(view.stretch.from, view.stretch.to) : (0, timeline_view_1.fitted)(view, now, log);
        case 'Home':
            return (0, timeline_view_1.fitted)(view, now, log);
        case ',':
            return stepped(view, now, log, -1);
        case '.':
            return stepped(view, now, log, 1);
        case 'Enter':
            return zoomedToRound(view, now, log);
        case 'ArrowUp':
            return lane(view, lanes, -1);
        case 'ArrowDown':
            return lane(view, lanes, 1);
        case 'Escape':
            return view.stretch ? { stretch: undefined } : { event: undefined, peer: undefined };
        default:
            return undefined;
    }
}
function stepped(view, now, log, by) {
    const at = view.event === undefined ? -1 : log.indexOf(view.event);
    const to = at < 0 ? log.length - 1 : Math.min(Math.max(at + by, 0), log.length - 1);
    const event = log.at(Math.max(0, to));
    return event && { event: event.seq, ...(0, timeline_view_1.revealed)(view, now, event.timeNs) };
}
function zoomedToRound(view, now, log) {
    const event = log.find(view.event);
    if (!event)
        return undefined;
    const round = (0, timeline_rounds_1.roundAround)(log, event);
    return round ? (0, timeline_view_1.around)(round.from, round.to ?? now) : (0, timeline_view_1.around)(event.timeNs - 1e6, event.timeNs + 1e6);
}
function lane(view, lanes, by) {
    const peers = lanes.flatMap(({ peer }) => (peer === undefined ? [] : [peer]));
    if (peers.length === 0)
        return undefined;
    const at = view.peer === undefined ? -1 : peers.indexOf(view.peer);
    const to = at < 0 ? (by > 0 ? 0 : peers.length - 1) : Math.min(Math.max(at + by, 0), peers.length - 1);
    return { peer: peers[to] };
}
