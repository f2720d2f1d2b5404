"use strict";
// SPDX-License-Identifier: MIT
//
// Everything the inspector knows, and how each message and each choice changes it.  Pure: the same state and action give the same
// state, so all of this is tested without a browser.
Object.defineProperty(exports, "__esModule", { value: true });
exports.initialState = initialState;
exports.reduce = reduce;
exports.opened = opened;
exports.toggled = toggled;
exports.nowNs = nowNs;
const batch_1 = require("../extension/protocol/batch");
const delta_1 = require("../extension/protocol/delta");
const event_log_1 = require("./event-log");
const peer_1 = require("./peer");
const samples_1 = require("./samples");
const share_1 = require("./share");
const view_state_1 = require("./view-state");
function initialState(segment, view) {
    return {
        segment,
        receivedAt: 0,
        wallMs: 0,
        attached: false,
        server: { state: 'running', text: '' },
        gone: false,
        log: event_log_1.emptyLog,
        samples: new samples_1.Samples(),
        names: {},
        running: [],
        nextId: 1,
        view,
    };
}
function reduce(state, action) {
    switch (action.kind) {
        case 'message':
            return received(state, action.message, action.at);
        case 'view':
            return { ...state, view: { ...state.view, ...action.change } };
        case 'started': {
            const { command, pid } = action;
            return {
                ...state,
                running: [...state.running, { id: state.nextId, command, pid }],
                nextId: state.nextId + 1,
                failure: undefined,
            };
        }
        case 'dismiss':
            return { ...state, failure: undefined };
    }
}
function received(state, message, at) {
    switch (message.kind) {
        case 'snapshot':
            return withSnapshot(state, message, at);
        case 'delta':
            return withDelta(state, message, at);
        case 'events':
            return revealed({ ...state, log: state.log.append(message.batch, message.reset) });
        case 'reveal':
            return revealed(withSection({ ...state, awaited: message.epoch ?? state.awaited }, message.section, message.range));
        case 'server':
            // A server that ended takes its rounds with it: their ends will not be told.
            return {
                ...state,
                server: { state: message.state, text: message.text },
                running: message.state === 'running' ? state.running : [],
            };
        case 'gone':
            return { ...state, segment: message.segment, gone: true };
        case 'done':
            return {
                ...state,
                running: state.running.filter(({ id }) => id !== message.id),
                failure: message.error ?? state.failure,
            };
        default:
            // From a newer extension.
            return state;
    }
}
function withSnapshot(state, message, at) {
    const { attached, readOnly, host, file } = message;
    const snapshot = (0, share_1.share)(state.snapshot, message.snapshot);
    const next = {
        ...state,
        snapshot,
        segment: snapshot.name,
        attached,
        readOnly,
        host: host ?? state.host,
        file,
        revision: message.revision,
        sampling: message.sampling ?? state.sampling,
        samples: state.samples.with(snapshot),
        receivedAt: at,
        gone: false,
    };
    const wallMs = snapshot.takenAtMs - snapshot.monotonicNs / 1e6;
    if (Math.abs(wallMs - state.wallMs) > clockJitterMs)
        next.wallMs = wallMs;
    next.names = learned(state.names, snapshot);
    // A panel shown again for another segment starts afresh.
    if (state.segment !== '' && state.segment !== snapshot.name) {
        return {
            ...next,
            log: event_log_1.emptyLog,
            samples: new samples_1.Samples().with(snapshot),
            names: learned({}, snapshot),
            view: { ...view_state_1.initialView, closed: state.view.closed },
        };
    }
    // The segment was destroyed and made again under its name: what was known of the old one's events is history of another.
    const before = state.snapshot?.header;
    const after = snapshot.header;
    if (before && after && before.generation !== after.generation && state.log.last > after.eventHead)
        next.log = event_log_1.emptyLog;
    const { peer } = state.view;
    if (peer !== undefined && !isThere(snapshot, peer))
        next.view = { ...state.view, peer: undefined };
    return next;
}
/** If it is a change of what is not here, nothing changes but that no delta fits any more, until there is a snapshot again. */
function withDelta(state, message, at) {
    const { base, revision, delta, batch, sampling } = message;
    if (!state.snapshot || base !== state.revision)
        return { ...state, revision: undefined };
    const { attached, readOnly, file } = state;
    const snapshot = (0, delta_1.apply)(state.snapshot, delta);
    const optional = {
        ...(readOnly === undefined ? {} : { readOnly }),
        ...(file === undefined ? {} : { file }),
        ...(sampling === undefined ? {} : { sampling }),
    };
    const next = withSnapshot(state, { kind: 'snapshot', snapshot, attached, revision, ...optional }, at);
    return batch ? received(next, { kind: 'events', batch: (0, batch_1.unpack)(batch), reset: false }, at) : next;
}
function withSection(state, section, range) {
    return section === undefined ? state : { ...state, view: { ...state.view, ...opened(state.view, section, range) } };
}
/** Selects the end of the round that is awaited, in the middle of a timeline that stands still. */
function revealed(state) {
    if (state.awaited === undefined)
        return state;
    // What is awaited has just happened, or is about to.
    const end = state.log
        .events(state.log.length - awaitedAmong)
        .findLast(({ kind, epoch }) => epoch === state.awaited && (kind === 'round-end' || kind === 'rollback'));
    if (!end)
        return state;
    const span = Math.max(end.ns * 2, 1e6);
    const closed = state.view.closed.filter((section) => section !== 'timeline');
    const view = { ...state.view, event: end.seq, follow: false, span, end: end.timeNs + span / 4, closed };
    return { ...state, awaited: undefined, view };
}
const awaitedAmong = 20_000;
function isThere(snapshot, key) {
    return snapshot.peers.some((peer) => (0, peer_1.peerKey)(peer) === key) || snapshot.strangers.some(({ pid }) => (0, peer_1.strangerKey)(pid) === key);
}
const clockJitterMs = 50;
const namesLimit = 2_000;
function learned(names, snapshot) {
    // Who created the segment took its first slot, and may have left it since.
    const creator = snapshot.header ? [{ slot: 0, ...snapshot.header.creator }] : [];
    const known = [...creator, ...snapshot.peers];
    const fresh = known.filter(({ slot, pid, name }) => name !== '' && names[`${slot}:${pid}`] !== name);
    if (fresh.length === 0)
        return names;
    const entries = [...Object.entries(names), ...fresh.map((peer) => [`${peer.slot}:${peer.pid}`, peer.name])];
    return Object.fromEntries(entries.slice(-namesLimit));
}
/** Opens a section, at these bytes. */
function opened(view, section, range) {
    return { closed: view.closed.filter((name) => name !== section), ...(range ? { range } : {}) };
}
/** Selects a process, or lets go of it if it is selected. */
function toggled(peer) {
    return ({ view }) => ({ peer: view.peer === peer ? undefined : peer });
}
/** CLOCK_MONOTONIC of the segment's machine, told forward from the last snapshot.  Undefined before anything is known. */
function nowNs(state, at) {
    const lastEvent = state.log.lastTime;
    if (!state.snapshot)
        return lastEvent;
    // A server that is away, or a segment that is gone or in a file, makes no more events: time stands still.
    const passed = state.gone || state.file !== undefined || state.server.state !== 'running' ? 0 : Math.max(0, at - state.receivedAt) * 1e6;
    return Math.max(state.snapshot.monotonicNs + passed, lastEvent ?? 0);
}
