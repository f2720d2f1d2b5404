"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.TimeAxis = TimeAxis;
exports.timeTicks = timeTicks;
const jsx_runtime_1 = require("preact/jsx-runtime");
const event_text_1 = require("./event-text");
const timeline_scene_1 = require("./timeline-scene");
function TimeAxis({ range, width, wallMs }) {
    // Midnight where the reader is, by the segment's clock: ticks fall on whole minutes and seconds.
    const midnight = new Date(wallMs + range.end / 1e6).setHours(0, 0, 0, 0);
    const origin = (midnight - wallMs) * 1e6;
    const { step, times } = timeTicks(range, Math.max(2, width / 110), origin);
    return ((0, jsx_runtime_1.jsx)("svg", { width: width, height: 24, "aria-hidden": "true", children: times.map((time) => {
            const x = (0, timeline_scene_1.toX)(time, range, width);
            return ((0, jsx_runtime_1.jsxs)("g", { class: "tick", children: [(0, jsx_runtime_1.jsx)("path", { d: `M${Math.round(x) + 0.5} 18v6` }), x > 4 && x < width - 4 ? ((0, jsx_runtime_1.jsx)("text", { x: x, y: 13, "text-anchor": x < 36 ? 'start' : x > width - 36 ? 'end' : 'middle', children: (0, event_text_1.clock)(time - origin, step) })) : null] }, time));
        }) }));
}
/** Round steps of time for an axis with about `count` ticks, and the ticks' times; `origin` is a time that shall fall on a tick. */
function timeTicks({ start, end }, count, origin) {
    const rough = (end - start) / Math.max(1, count);
    const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800].map((s) => s * 1e9);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = rough >= 1e9
        ? (seconds.find((s) => s >= rough) ?? rough)
        : ([1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough) ?? rough);
    const times = [];
    for (let at = origin + Math.ceil((start - origin) / step) * step; at <= end; at += step)
        times.push(at);
    return { step, times };
}
