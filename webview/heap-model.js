"use strict";
// SPDX-License-Identifier: MIT
//
// What a count of the heap amounts to: how full it is, how broken up, how it grew, and when it will grow again.  Pure.
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
exports.usedClasses = usedClasses;
exports.fragmentationOf = fragmentationOf;
exports.sampled = sampled;
exports.forecastOf = forecastOf;
exports.durationText = durationText;
exports.growthsOf = growthsOf;
exports.heapProblems = heapProblems;
const l10n = __importStar(require("@vscode/l10n"));
/** The classes that are in use, and what is larger than all of them as one more. */
function usedClasses({ classes }) {
    return classes.filter(({ spans, objects }) => spans > 0 || objects > 0);
}
/**
 * Free inside spans is what their live objects leave over.  Free outside is what is there and what went back to the system alike, since an
 * allocation may take either; how broken up that is, is how much of it is not in its longest run.
 */
function fragmentationOf(heap) {
    const live = heap.classes.reduce((sum, { stride, objects }) => sum + stride * objects, 0);
    const insideBytes = Math.max(0, heap.spanBytes - live);
    const outsideBytes = heap.freeBytes + heap.holeBytes;
    return {
        insideBytes,
        outsideBytes,
        largestFree: heap.largestFree,
        outside: outsideBytes === 0 ? 0 : Math.max(0, 1 - heap.largestFree / outsideBytes),
        inside: heap.spanBytes === 0 ? 0 : insideBytes / heap.spanBytes,
    };
}
/** What is kept for the trend. */
const historyMs = 15 * 60e3;
const mostSamples = 900;
/** A heap of another size than before may be another heap: the caller begins anew when the segment is another one. */
function sampled(samples, sample) {
    return [...samples.filter(({ atMs }) => atMs >= sample.atMs - historyMs), sample].slice(-mostSamples);
}
const leastMs = 20e3;
const leastSamples = 6;
/** Of the variance of what is used, what a straight line explains; less is no trend. */
const leastFit = 0.6;
/** The line through the samples with the least squares, continued. */
function forecastOf(samples, reserved) {
    const [first, last] = [samples[0], samples.at(-1)];
    const observedMs = first && last ? last.atMs - first.atMs : 0;
    if (!first || !last || observedMs < leastMs || samples.length < leastSamples)
        return { kind: 'early', observedMs };
    const mean = (of) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
    const [meanAt, meanUsed] = [mean(({ atMs }) => atMs), mean(({ used }) => used)];
    const both = mean(({ atMs, used }) => (atMs - meanAt) * (used - meanUsed));
    const [spreadAt, spreadUsed] = [mean(({ atMs }) => (atMs - meanAt) ** 2), mean(({ used }) => (used - meanUsed) ** 2)];
    const fit = spreadAt === 0 || spreadUsed === 0 ? 0 : both ** 2 / (spreadAt * spreadUsed);
    const perMs = spreadAt === 0 ? 0 : both / spreadAt;
    if (perMs <= 0 || fit < leastFit)
        return { kind: 'no-trend', observedMs };
    const bytesPerSecond = perMs * 1000;
    return {
        kind: 'trend',
        observedMs,
        bytesPerSecond,
        growsInS: Math.max(0, last.size - last.used) / bytesPerSecond,
        fullInS: Math.max(0, reserved - last.used) / bytesPerSecond,
    };
}
/** "3 min": as exactly as a forecast can be. */
function durationText(seconds) {
    if (seconds < 60)
        return l10n.t('{0} s', Math.max(1, Math.round(seconds)));
    if (seconds < 3600)
        return l10n.t('{0} min', Math.round(seconds / 60));
    if (seconds < 2 * 86_400)
        return l10n.t('{0} h', Math.round(seconds / 3600));
    return seconds < 2 * 365 * 86_400 ? l10n.t('{0} days', Math.round(seconds / 86_400)) : l10n.t('years');
}
/** The growths that the event ring still tells of, the oldest first. */
function growthsOf(events) {
    const found = [];
    let size;
    for (const { kind, op, seq, timeNs, size: to } of events) {
        if (kind !== 'create' && !(kind === 'round-end' && (op === 'grow' || op === 'inside' || op === 'shrink')))
            continue;
        if (size !== undefined && to > size)
            found.push({ seq, timeNs, from: size, to });
        size = to;
    }
    return found;
}
function heapProblems({ faults, reclaimed, lostThreads, problems }) {
    const found = [];
    const say = (key, severity, text) => found.push({ key, severity, text });
    if (faults > 0)
        say('faults', 'error', faults === 1
            ? l10n.t('1 fault: a bad free, or a write past the end of an object. The timeline says who found it.')
            : l10n.t('{0} faults: bad frees, or writes past the end of an object. The timeline says who found them.', faults));
    if (lostThreads > 0)
        say('lost', 'warning', lostThreads === 1
            ? l10n.t('1 thread ended without giving back what it held. Reaping gives it back.')
            : l10n.t('{0} threads ended without giving back what they held. Reaping gives it back.', lostThreads));
    if (reclaimed > 0)
        say('reclaimed', 'warning', reclaimed === 1
            ? l10n.t('1 object was taken back from a peer that ended while it was about to get it.')
            : l10n.t('{0} objects were taken back from peers that ended while they were about to get them.', reclaimed));
    for (const { where, text } of problems)
        say(`${where} ${text}`, 'error', `${where}: ${text}`);
    return found;
}
