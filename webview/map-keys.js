"use strict";
// SPDX-License-Identifier: MIT
//
// The address map's keyboard.  Pure: a key and where we are give what is to be done.
Object.defineProperty(exports, "__esModule", { value: true });
exports.mapKey = mapKey;
const map_zoom_1 = require("./map-zoom");
const page = 10;
function mapKey({ key, ctrlKey, metaKey, altKey, shiftKey }, { at, count, scale, whole, bounds, zoom, range }) {
    if (metaKey || altKey)
        return undefined;
    const lane = (to) => ({ kind: 'lane', at: Math.min(Math.max(to, 0), count - 1) });
    if (ctrlKey)
        return key === 'Home' ? lane(0) : key === 'End' ? lane(count - 1) : undefined;
    // About what is selected, if it is in sight.
    const middle = (scale.start + scale.end) / 2;
    const chosen = range ? range.offset + range.length / 2 : middle;
    const about = chosen >= scale.start && chosen <= scale.end ? chosen : middle;
    switch (key) {
        case 'ArrowDown':
            return lane(at + 1);
        case 'ArrowUp':
            return lane(at - 1);
        case 'PageDown':
            return lane(at + page);
        case 'PageUp':
            return lane(at - page);
        case 'End':
            return lane(count - 1);
        case 'ArrowRight':
            return shiftKey ? { kind: 'zoom', zoom: (0, map_zoom_1.pannedBy)(scale, zoom, bounds, 0.15) } : { kind: 'piece', by: 1 };
        case 'ArrowLeft':
            return shiftKey ? { kind: 'zoom', zoom: (0, map_zoom_1.pannedBy)(scale, zoom, bounds, -0.15) } : { kind: 'piece', by: -1 };
        case '+':
        case '=':
            return { kind: 'zoom', zoom: (0, map_zoom_1.zoomedBy)(scale, whole, bounds, 0.5, about) };
        case '-':
            return { kind: 'zoom', zoom: (0, map_zoom_1.zoomedBy)(scale, whole, bounds, 2, about) };
        case 'Home':
            return { kind: 'zoom', zoom: undefined };
        case 'Escape':
            return { kind: 'clear' };
        default:
            return undefined;
    }
}
