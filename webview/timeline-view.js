"use strict";
// SPDX-License-Identifier: MIT
//
// Moving about in time: what each key and each turn of the wheel makes of the timeline's window.  Pure.
Object.defineProperty(exports, "__esModule", { value: true });
exports.windowOf = windowOf;
exports.zoomed = zoomed;
exports.panned = panned;
exports.followed = followed;
exports.fitted = fitted;
exports.around = around;
exports.revealed = revealed;
exports.studied = studied;
const view_state_1 = require("./view-state");
/** Following leaves a little room at the right, so that what just happened is not at the very edge. */
const lead = 0.02;
function windowOf(view, now) {
    const end = view.follow ? now + view.span * lead : view.end;
    return { start: end - view.span, end };
}
/** A window `factor` times as long.  `at` (0 … 1) stays where it is; while following, that is the right edge. */
function zoomed(view, now, factor, at) {
    const span = Math.min(Math.max(view.span * factor, view_state_1.shortestSpan), view_state_1.longestSpan);
    if (view.follow)
        return { span };
    const { start } = windowOf(view, now);
    const fixed = start + view.span * at;
    return { span, end: fixed + span * (1 - at) };
}
/** Moved by a part of the window: negative is into the past.  Moving stops following. */
function panned(view, now, part) {
    return { follow: false, end: windowOf(view, now).end + view.span * part };
}
function followed(view, now, follow) {
    return follow ? { follow } : { follow, end: windowOf(view, now).end };
}
/** Everything there is, up to now. */
function fitted(view, now, log) {
    const first = log.firstTime ?? now;
    return around(first, now, view.follow);
}
/** A window with these two times well inside. */
function around(from, to, follow = false) {
    const margin = Math.max((to - from) * 0.08, view_state_1.shortestSpan / 2);
    const span = Math.min(to - from + 2 * margin, view_state_1.longestSpan);
    return follow ? { span } : { follow: false, span, end: to + margin };
}
/** The window, moved just enough that `time` is in it. */
function revealed(view, now, time) {
    const { start, end } = windowOf(view, now);
    if (time >= start && time <= end)
        return {};
    return { follow: false, end: time + view.span / 2 };
}
/** What statistics are of: the selected stretch, else what is in sight. */
function studied(view, now) {
    if (view.stretch)
        return view.stretch;
    const { start, end } = windowOf(view, now);
    return { from: start, to: end };
}
