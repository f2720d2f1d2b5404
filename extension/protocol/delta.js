"use strict";
// SPDX-License-Identifier: MIT
//
// From one snapshot of a segment to the next: what changed, and the snapshot after it.  Pure; for plain data.
//
//     apply(before, diff(before, after)) equals after, and shares with `before` every object that did not change
//
// Peers are told apart by their slots, field by field; a slot that changed hands is one with many changed fields.
Object.defineProperty(exports, "__esModule", { value: true });
exports.isEmpty = isEmpty;
exports.diff = diff;
exports.apply = apply;
function isEmpty(delta) {
    return Object.keys(delta).length === 0;
}
function diff(before, after) {
    if (before === after)
        return {};
    const { header: oldHeader, peers: oldPeers, ...old } = before;
    const { header, peers, ...rest } = after;
    const delta = peersBetween(oldPeers, peers);
    const { set } = fieldsBetween(old, rest) ?? {};
    if (set)
        delta.fields = set;
    const headerFields = header && fieldsBetween(oldHeader ?? {}, header);
    if (headerFields)
        delta.header = headerFields;
    else if (oldHeader && !header)
        delta.header = null;
    return delta;
}
function apply(before, delta) {
    if (isEmpty(delta))
        return before;
    const { header: oldHeader, ...old } = before;
    const after = { ...old, ...delta.fields, peers: peersAfter(before.peers, delta) };
    const header = delta.header === null ? undefined : delta.header ? withFields(oldHeader, delta.header) : oldHeader;
    if (header)
        after.header = header;
    return after;
}
function peersBetween(before, after) {
    if (before === after)
        return {};
    if (!inOrder(before) || !inOrder(after))
        return same(before, after) ? {} : { allPeers: after };
    const old = new Map(before.map((peer) => [peer.slot, peer]));
    const changed = {};
    for (const peer of after) {
        const fields = fieldsBetween(old.get(peer.slot) ?? {}, peer);
        if (fields)
            changed[peer.slot] = fields;
        old.delete(peer.slot);
    }
    const delta = {};
    if (Object.keys(changed).length > 0)
        delta.peers = changed;
    if (old.size > 0)
        delta.gone = [...old.keys()];
    return delta;
}
function peersAfter(before, { peers, gone = [], allPeers }) {
    if (allPeers)
        return allPeers;
    if (!peers && gone.length === 0)
        return before;
    const bySlot = new Map(before.map((peer) => [peer.slot, peer]));
    for (const slot of gone)
        bySlot.delete(slot);
    let more = false;
    for (const [key, fields] of Object.entries(peers ?? {})) {
        const slot = Number(key);
        more ||= !bySlot.has(slot);
        bySlot.set(slot, withFields(bySlot.get(slot), fields));
    }
    const after = [...bySlot.values()];
    return more ? after.sort((a, b) => a.slot - b.slot) : after;
}
/** By rising slots, each once: as a server lists them, but what travels is not to depend on that. */
function inOrder(peers) {
    return peers.every(({ slot }, at) => at === 0 || slot > (peers[at - 1]?.slot ?? slot));
}
function fieldsBetween(before, after) {
    if (before === after)
        return undefined;
    const keys = Object.keys(after);
    const changed = keys.filter((key) => !same(before[key], after[key]));
    const unset = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
    if (changed.length === 0 && unset.length === 0)
        return undefined;
    const fields = {};
    if (changed.length > 0)
        fields.set = Object.fromEntries(changed.map((key) => [key, after[key]]));
    if (unset.length > 0)
        fields.unset = unset;
    return fields;
}
function withFields(before, { set, unset = [] }) {
    const after = { ...before, ...set };
    for (const key of unset)
        Reflect.deleteProperty(after, key);
    return after;
}
function same(a, b) {
    if (Object.is(a, b))
        return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
        return false;
    if (Array.isArray(a) !== Array.isArray(b))
        return false;
    const before = a;
    const after = b;
    const keys = Object.keys(after);
    return (keys.length === Object.keys(before).length && keys.every((key) => Object.hasOwn(before, key) && same(before[key], after[key])));
}
