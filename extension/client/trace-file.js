"use strict";
// SPDX-License-Identifier: MIT
//
// The event ring as a trace in Chrome's JSON format, which ui.perfetto.dev and chrome://tracing open, and as a table.
//
//     process "peermap demo":   track "rounds"      slices: a growth, a shrink
//                               counter "size"      bytes active
//                               track "search"      slices: a request until its acknowledgement; instants: attached, died
//                               arrows              from a round to each answer
//
// Times are microseconds from the first event; ns keep their three decimals.
Object.defineProperty(exports, "__esModule", { value: true });
exports.toTrace = toTrace;
exports.toCsv = toCsv;
const trace = { pid: 1, rounds: 1 };
/** Slots count from 0. */
const trackOf = (slot) => slot + 2;
function toTrace({ snapshot, events: { events, missed }, host, exportedAt, extension }) {
    const from = Math.min(...events.slice(0, 1).map(({ timeNs, ns, kind }) => timeNs - (isTimed(kind) ? ns : 0)), snapshot.monotonicNs);
    const at = (ns) => Math.round(ns - from) / 1e3;
    const made = events.flatMap((event) => traced(event, at));
    made.sort((a, b) => a.ts - b.ts);
    return {
        traceEvents: [...tracks(snapshot, events), ...made],
        displayTimeUnit: 'ns',
        otherData: { segment: snapshot.name, host, exportedAt, extension: `peermap ${extension}`, missed: String(missed) },
    };
}
function tracks(snapshot, events) {
    const meta = (name, tid, args) => ({
        ph: 'M',
        name,
        pid: trace.pid,
        tid,
        ts: 0,
        args,
    });
    const slots = [...new Set(events.flatMap(({ slot, bySlot }) => [slot, bySlot]))]
        .filter((slot) => slot >= 0)
        .sort((a, b) => a - b);
    const nameOf = (slot) => {
        const peer = snapshot.peers.find((each) => each.slot === slot);
        const pid = peer?.pid ?? events.findLast((event) => event.slot === slot)?.pid;
        return peer ? `${peer.name} (${peer.pid})` : `slot ${slot}${pid ? ` (${pid})` : ''}`;
    };
    return [
        meta('process_name', trace.rounds, { name: `peermap ${snapshot.name}` }),
        meta('thread_name', trace.rounds, { name: 'rounds' }),
        meta('thread_sort_index', trace.rounds, { sort_index: 0 }),
        ...slots.flatMap((slot) => [
            meta('thread_name', trackOf(slot), { name: nameOf(slot) }),
            meta('thread_sort_index', trackOf(slot), { sort_index: trackOf(slot) }),
        ]),
    ];
}
const timed = ['attach', 'restart', 'map-ack', 'map-late', 'round-end', 'rollback'];
const isTimed = (kind) => timed.includes(kind);
/** What one event adds: those with a duration tell it themselves, so that one whose beginning was overwritten is whole all the same. */
function traced(event, at) {
    const { kind, op, epoch, seq, slot, pid, byPid, error, size, ns, timeNs, method } = event;
    const args = { epoch, seq, pid, byPid, ...(error === 0 ? {} : { errno: error }) };
    const cat = 'peermap';
    const begins = at(timeNs - ns);
    const flow = `${epoch}/${slot}`;
    switch (kind) {
        case 'round-end':
        case 'rollback': {
            const name = kind === 'rollback' ? 'rolled back' : op === 'inside' ? 'grow (mapped ahead)' : op;
            const slice = {
                ph: 'X',
                cat,
                name,
                pid: trace.pid,
                tid: trace.rounds,
                ts: begins,
                dur: ns / 1e3,
                args: { ...args, size },
            };
            return kind === 'rollback' ? [slice] : [slice, counter(at(timeNs), size)];
        }
        case 'map-ack':
        case 'map-late': {
            const tid = trackOf(slot);
            const name = kind === 'map-late' ? 'late' : method;
            return [
                { ph: 's', cat, name: 'request', id: flow, pid: trace.pid, tid: trace.rounds, ts: begins },
                { ph: 'X', cat, name, pid: trace.pid, tid, ts: begins, dur: ns / 1e3, args },
                { ph: 'f', cat, name: 'request', id: flow, bp: 'e', pid: trace.pid, tid, ts: begins },
            ];
        }
        case 'create':
            return [instant(event, at), counter(at(timeNs), size)];
        case 'round-begin':
        case 'map-request':
            // Their ends tell of them.
            return [];
        default:
            return [instant(event, at)];
    }
}
function counter(ts, size) {
    return { ph: 'C', name: 'size', pid: trace.pid, tid: trace.rounds, ts, args: { bytes: size } };
}
function instant({ kind, slot, epoch, seq, pid, byPid, error, timeNs }, at) {
    const tid = slot >= 0 ? trackOf(slot) : trace.rounds;
    return {
        ph: 'i',
        cat: 'peermap',
        name: kind,
        s: 't',
        pid: trace.pid,
        tid,
        ts: at(timeNs),
        args: { epoch, seq, pid, byPid, errno: error },
    };
}
const columns = [
    'seq',
    'timeNs',
    'epoch',
    'kind',
    'method',
    'op',
    'slot',
    'pid',
    'bySlot',
    'byPid',
    'error',
    'size',
    'ns',
];
/** A line for each event: words and numbers only, which need no quotes. */
function toCsv({ events: { events } }) {
    return [columns.join(','), ...events.map((event) => columns.map((column) => event[column]).join(','))].join('\r\n') + '\r\n';
}
