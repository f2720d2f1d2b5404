"use strict";
// SPDX-License-Identifier: MIT
//
// Which of many lanes are in sight: the rest are not drawn.
Object.defineProperty(exports, "__esModule", { value: true });
exports.lanesIn = lanesIn;
exports.useSight = useSight;
exports.reveal = reveal;
const hooks_1 = require("preact/hooks");
/** Lanes drawn beyond the edges, so that scrolling does not show emptiness before the next frame. */
const margin = 4;
/** `tops`: where each lane begins, and where the last one ends. */
function lanesIn(tops, top, height) {
    const count = Math.max(0, tops.length - 1);
    let low = 0;
    let high = count;
    while (low < high) {
        const middle = (low + high) >> 1;
        if ((tops[middle + 1] ?? 0) <= top)
            low = middle + 1;
        else
            high = middle;
    }
    let end = low;
    while (end < count && (tops[end] ?? 0) < top + height)
        end += 1;
    return { first: Math.max(0, low - margin), end: Math.min(count, end + margin) };
}
/** Follows a scroller; `tops` are below `head` CSS pixels that stay at its top. */
function useSight(scroller, tops) {
    const [view, setView] = (0, hooks_1.useState)({ top: 0, height: 480 });
    const sight = lanesIn(tops, view.top, view.height);
    const latest = (0, hooks_1.useRef)({ tops, sight });
    latest.current = { tops, sight };
    (0, hooks_1.useLayoutEffect)(() => {
        const element = scroller.current;
        if (!element)
            return;
        const look = () => {
            const next = { top: element.scrollTop, height: element.clientHeight };
            const { first, end } = lanesIn(latest.current.tops, next.top, next.height);
            // Within what is drawn already, scrolling is the browser's alone.
            if (first !== latest.current.sight.first || end !== latest.current.sight.end)
                setView(next);
        };
        look();
        element.addEventListener('scroll', look, { passive: true });
        const observer = new ResizeObserver(look);
        observer.observe(element);
        return () => {
            element.removeEventListener('scroll', look);
            observer.disconnect();
        };
    }, []);
    return sight;
}
/** Scrolls just as far as it takes to have a lane in sight. */
function reveal(element, top, bottom, head = 0) {
    if (!element)
        return;
    if (top < element.scrollTop)
        element.scrollTop = top;
    else if (bottom + head > element.scrollTop + element.clientHeight)
        element.scrollTop = bottom + head - element.clientHeight;
}
