"use strict";
// SPDX-License-Identifier: MIT
//
// What the person looking has chosen: selection, zoom, what is open.  It outlives the page: VS Code throws a hidden webview away and
// hands the saved object to the next one.  That object may come from an older version, so nothing in it is believed unchecked.
Object.defineProperty(exports, "__esModule", { value: true });
exports.initialView = exports.longestSpan = exports.shortestSpan = exports.sections = void 0;
exports.toViewState = toViewState;
exports.fromViewState = fromViewState;
const grid_model_1 = require("./grid-model");
/** In the order of the page. */
exports.sections = [
    'registry',
    'matrix',
    'map',
    'timeline',
    'charts',
    'drift',
    'memory',
    'heap',
    'roots',
    'problems',
];
exports.shortestSpan = 1e3;
exports.longestSpan = 7 * 86_400e9;
/** What costs something to look at is closed until somebody wants it. */
exports.initialView = { follow: true, span: 10e9, end: 0, closed: ['memory', 'heap', 'roots'] };
function toViewState(saved) {
    return { segment: saved.segment, view: { ...saved.view }, scroll: { ...saved.scroll } };
}
function fromViewState(state) {
    const saved = isRecord(state) ? state : {};
    const view = isRecord(saved['view']) ? saved['view'] : {};
    const scroll = isRecord(saved['scroll']) ? saved['scroll'] : {};
    const closed = Array.isArray(view['closed']) ? view['closed'] : exports.initialView.closed;
    const range = isRecord(view['range']) ? view['range'] : {};
    const stretch = isRecord(view['stretch']) ? view['stretch'] : {};
    const zoom = isRecord(view['zoom']) ? view['zoom'] : {};
    const [start, end] = [finite(zoom['start']), finite(zoom['end'])];
    const [from, to] = [finite(stretch['from']), finite(stretch['to'])];
    const [offset, length] = [finite(range['offset']), finite(range['length'])];
    return {
        segment: typeof saved['segment'] === 'string' ? saved['segment'] : '',
        view: {
            peer: typeof view['peer'] === 'string' ? view['peer'] : undefined,
            event: finite(view['event']),
            range: offset === undefined || length === undefined ? undefined : { offset, length },
            moment: finite(view['moment']),
            follow: view['follow'] !== false,
            span: Math.min(Math.max(finite(view['span']) ?? exports.initialView.span, exports.shortestSpan), exports.longestSpan),
            end: finite(view['end']) ?? 0,
            zoom: start === undefined || end === undefined || end <= start ? undefined : { start, end },
            stretch: from === undefined || to === undefined ? undefined : { from, to },
            closed: exports.sections.filter((name) => closed.includes(name)),
            grids: looks(view['grids']),
            memory: memoryOf(view['memory']),
        },
        scroll: Object.fromEntries(Object.entries(scroll).filter((entry) => finite(entry[1]) !== undefined)),
    };
}
function memoryOf(saved) {
    const { column, everyMs } = isRecord(saved) ? saved : {};
    return typeof column === 'string' ? { column, everyMs: Math.max(0, finite(everyMs) ?? 1000) } : undefined;
}
function looks(saved) {
    const entries = isRecord(saved) ? Object.entries(saved) : [];
    return Object.fromEntries(entries.map(([name, look]) => {
        const { filter, sort, descending } = isRecord(look) ? look : {};
        return [
            name,
            {
                filter: typeof filter === 'string' ? filter : grid_model_1.plainLook.filter,
                sort: typeof sort === 'string' ? sort : undefined,
                descending: descending === true,
            },
        ];
    }));
}
function finite(value) {
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
function isRecord(value) {
    return typeof value === 'object' && value !== null;
}
