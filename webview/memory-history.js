"use strict";
// SPDX-License-Identifier: MIT
//
// Back and forward through the places that somebody jumped from.  Pure.
Object.defineProperty(exports, "__esModule", { value: true });
exports.noHistory = void 0;
exports.jumped = jumped;
exports.gone = gone;
exports.noHistory = { places: [], at: 0 };
const most = 100;
/** A jump: where it left from and where it leads.  What was forward is forgotten. */
function jumped({ places, at }, from, to) {
    const kept = [...places.slice(0, at), from].filter((place, index, all) => index === 0 || place !== all[index - 1]);
    const next = [...kept, to].slice(-most);
    return { places: next, at: next.length - 1 };
}
function gone(history, step) {
    const at = history.at + step;
    const to = history.places[at];
    return to === undefined ? undefined : { history: { ...history, at }, to };
}
