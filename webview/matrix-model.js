"use strict";
// SPDX-License-Identifier: MIT
//
// Ranges of the object against processes: what each of them has mapped of each.  Pure.
//
// Now, a cell is the kernel's word.  Of a moment that has passed there is only what the events say: sizes, and who acknowledged which.
Object.defineProperty(exports, "__esModule", { value: true });
exports.noSizes = exports.rangeLimit = void 0;
exports.sizesAfter = sizesAfter;
exports.sizesOf = sizesOf;
exports.eventsUntil = eventsUntil;
exports.extentsOf = extentsOf;
exports.rangesNow = rangesNow;
exports.holdersNow = holdersNow;
exports.holdersThen = holdersThen;
exports.cellOf = cellOf;
exports.lackers = lackers;
const address_1 = require("../extension/protocol/address");
const peer_1 = require("./peer");
/** More rows than this tell nobody anything: the oldest become one. */
exports.rangeLimit = 36;
exports.noSizes = { last: 0, bounds: [] };
/** What a shrinking cut off is gone; growths beyond what is shown are counted together. */
function sizesAfter(before, events) {
    const [newest] = events.slice(-1);
    if (!newest)
        return before;
    const bounds = before.bounds.slice();
    for (const { kind, op, size, ns, seq } of events) {
        if (kind === 'create')
            reach(bounds, { size, growths: 0 });
        else if (kind === 'round-begin' && op === 'grow')
            reach(bounds, { size: ns, growths: 0 });
        else if (kind === 'round-end' && op === 'shrink')
            reach(bounds, { size, growths: 0 });
        else if (kind === 'round-end' && (op === 'grow' || op === 'inside'))
            reach(bounds, { size, growths: 1, seq });
        if (bounds.length > 4 * exports.rangeLimit)
            bounds.splice(0, 2 * exports.rangeLimit, merged(bounds.slice(0, 2 * exports.rangeLimit)));
    }
    return { last: newest.seq, bounds };
}
function reach(bounds, bound) {
    while ((bounds.at(-1)?.size ?? 0) > bound.size)
        bounds.pop();
    if (bound.size > 0 && bounds.at(-1)?.size !== bound.size)
        bounds.push(bound);
}
function merged(bounds) {
    return { size: bounds.at(-1)?.size ?? 0, growths: bounds.reduce((sum, { growths }) => sum + growths, 0) };
}
/** Of so many events at most the sizes are looked for: what is older is one range. */
const eventsRead = 50_000;
/** The sizes that a log tells of, given what was known of an earlier one. */
function sizesOf(before, log) {
    const known = log.last < before.last ? exports.noSizes : before;
    let from = log.length;
    const first = Math.max(0, log.length - eventsRead);
    // A frame brings few: from the end is near.
    while (from > first && log.seqAt(from - 1) > known.last)
        from -= 1;
    return sizesAfter(known, log.events(from));
}
/** The events up to the one with this number, as far back as they are read; none if it is not kept. */
function eventsUntil(log, seq) {
    const at = log.indexOf(seq);
    return at < 0 ? [] : log.events(Math.max(0, at + 1 - eventsRead), at + 1);
}
function extentsOf(sizes, active) {
    const bounds = sizes.bounds.slice();
    if (active !== undefined)
        reach(bounds, { size: active, growths: 0 });
    const excess = bounds.length - exports.rangeLimit;
    if (excess > 0)
        bounds.splice(0, excess + 1, merged(bounds.slice(0, excess + 1)));
    return bounds.map(({ size, growths, seq }, at) => {
        const offset = bounds[at - 1]?.size ?? 0;
        const newest = at === bounds.length - 1;
        return { key: `extent ${offset}`, kind: 'extent', offset, length: size - offset, growths, seq, newest };
    });
}
function rangesNow(sizes, header) {
    const { active, horizon, reserved, headerLength } = header;
    const ends = Math.max(active, horizon);
    const part = (kind, from, to) => to > from ? [{ key: kind, kind, offset: from, length: to - from, growths: 0, newest: false }] : [];
    return [
        ...part('header', -headerLength, 0),
        ...extentsOf(sizes, active),
        ...part('ahead', active, ends),
        ...part('reserved', ends, reserved),
    ];
}
/** A holder that says the same as before is the same object. */
function holdersNow(snapshot, last) {
    const peers = snapshot.peers.map((peer) => {
        const key = (0, peer_1.peerKey)(peer);
        const known = last.get(key);
        return known?.peer === peer ? known : { key, name: peer.name, pid: peer.pid, peer, mappings: peer.mappings };
    });
    const strangers = snapshot.strangers.map(({ pid, command, mappings }) => {
        const key = (0, peer_1.strangerKey)(pid);
        const known = last.get(key);
        return known?.mappings === mappings ? known : { key, name: command, pid, mappings };
    });
    return [...peers, ...strangers];
}
/** Who was attached after these events, the last of them at `atMs`, and how much each had acknowledged, as far as they tell. */
function holdersThen(events, atMs, snapshot, names) {
    const found = new Map();
    for (const { slot, pid, name, attachedAtMs } of snapshot.peers)
        if (attachedAtMs <= atMs)
            found.set(`${slot}:${pid}`, { key: (0, peer_1.peerKey)({ slot, name }), name, pid });
    for (const { kind, slot, pid, size } of events) {
        const who = `${slot}:${pid}`;
        const name = names[who] ?? '';
        if (kind === 'attach' || kind === 'restart' || kind === 'map-ack')
            found.set(who, { key: (0, peer_1.peerKey)({ slot, name }), name, pid, acknowledged: size });
        else if (kind === 'detach' || kind === 'peer-died' || kind === 'reap')
            found.delete(who);
    }
    return [...found.values()];
}
function cellOf(holder, range, headerLength) {
    const { mappings, acknowledged, peer } = holder;
    if (acknowledged !== undefined) {
        const bytes = Math.min(Math.max(acknowledged - range.offset, 0), range.length);
        const state = bytes === range.length ? 'mapped' : bytes > 0 ? 'partly' : 'not';
        return { state, bytes, permissions: '', lacks: state !== 'mapped' };
    }
    if (!mappings) {
        const dead = peer?.state === 'dead';
        return { state: dead ? 'not' : 'unknown', bytes: 0, permissions: '', lacks: false };
    }
    const from = range.offset + headerLength;
    const to = from + range.length;
    const inside = mappings.filter(({ offset, length }) => offset < to && offset + length > from);
    const [first] = inside;
    let bytes = 0;
    for (const { offset, length } of inside)
        bytes += Math.min(offset + length, to) - Math.max(offset, from);
    const state = bytes >= range.length ? 'mapped' : bytes > 0 ? 'partly' : 'not';
    const takesPart = peer !== undefined && peer.state !== 'dead' && peer.state !== 'attaching';
    return {
        state,
        bytes,
        address: first && (0, address_1.plus)(first.address, Math.max(0, from - first.offset)),
        permissions: [...new Set(inside.map(({ permissions }) => permissions))].join(' '),
        lacks: takesPart && range.kind === 'extent' && state !== 'mapped',
    };
}
/** Peers that have not mapped all that is active. */
function lackers(peers) {
    return peers.filter((peer) => (0, peer_1.lacking)(peer) > 0).length;
}
