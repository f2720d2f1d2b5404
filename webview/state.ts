// SPDX-License-Identifier: MIT
//
// Everything the inspector knows, and how each message and each choice changes it.  Pure: the same state and action give the same
// state, so all of this is tested without a browser.

import { unpack } from '../extension/protocol/batch';
import { apply } from '../extension/protocol/delta';
import type { Snapshot } from '../extension/protocol/model';
import type { Sampling } from '../extension/protocol/requests';
import type { ByteRange, ToView, ViewCommand } from '../extension/protocol/view';
import { emptyLog, type EventLog } from './event-log';
import { peerKey, strangerKey } from './peer';
import { Samples } from './samples';
import { share } from './share';
import { initialView, type View } from './view-state';

export interface Running {
  id: number;
  command: ViewCommand;
  pid: number | undefined;
}

export interface State {
  /** Empty until a snapshot or a saved state names it. */
  segment: string;
  snapshot?: Snapshot | undefined;
  /** What a delta must refer to; undefined if none can be applied. */
  revision?: number | undefined;
  /** performance.now() when the snapshot came: what its clocks are told forward from. */
  receivedAt: number;
  /** Wall clock at CLOCK_MONOTONIC 0, in ms.  Held still against the jitter of reading two clocks. */
  wallMs: number;
  attached: boolean;
  /** Why nothing can be changed, if so. */
  readOnly?: string | undefined;
  /** The machine that all of it is on. */
  host?: string | undefined;
  /** What looking costs: how often the server looks at the segment, and for how long each time. */
  sampling?: Sampling | undefined;
  /** Where it comes from, if it is not live. */
  file?: { exportedAt: string; host: string } | undefined;
  server: { state: 'running' | 'restarting' | 'failed'; text: string; leftOut?: readonly string[] };
  gone: boolean;
  log: EventLog;
  /** What snapshots told of the sizes. */
  samples: Samples;
  /** Who was who: names by "slot:pid", so that events of peers that left keep their names. */
  names: Readonly<Record<string, string>>;
  running: readonly Running[];
  nextId: number;
  failure?: string | undefined;
  view: View;
  /** The epoch of a round that shall be selected as soon as its events come. */
  awaited?: number | undefined;
}

export type Action =
  | { kind: 'message'; message: ToView; at: number }
  | { kind: 'view'; change: Partial<View> }
  | { kind: 'started'; command: ViewCommand; pid: number | undefined }
  | { kind: 'dismiss' };

export function initialState(segment: string, view: View): State {
  return {
    segment,
    receivedAt: 0,
    wallMs: 0,
    attached: false,
    server: { state: 'running', text: '' },
    gone: false,
    log: emptyLog,
    samples: new Samples(),
    names: {},
    running: [],
    nextId: 1,
    view,
  };
}

export function reduce(state: State, action: Action): State {
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

function received(state: State, message: ToView, at: number): State {
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
        server: { state: message.state, text: message.text, ...(message.leftOut ? { leftOut: message.leftOut } : {}) },
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

function withSnapshot(state: State, message: ToView & { kind: 'snapshot' }, at: number): State {
  const { attached, readOnly, host, file } = message;
  const snapshot = share(state.snapshot, message.snapshot);
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
  if (Math.abs(wallMs - state.wallMs) > clockJitterMs) next.wallMs = wallMs;
  next.names = learned(state.names, snapshot);
  // A panel shown again for another segment starts afresh.
  if (state.segment !== '' && state.segment !== snapshot.name) {
    return {
      ...next,
      log: emptyLog,
      samples: new Samples().with(snapshot),
      names: learned({}, snapshot),
      view: { ...initialView, closed: state.view.closed },
    };
  }
  // The segment was destroyed and made again under its name: what was known of the old one's events is history of another.
  const before = state.snapshot?.header;
  const after = snapshot.header;
  if (before && after && before.generation !== after.generation && state.log.last > after.eventHead) next.log = emptyLog;
  const { peer } = state.view;
  if (peer !== undefined && !isThere(snapshot, peer)) next.view = { ...state.view, peer: undefined };
  return next;
}

/** If it is a change of what is not here, nothing changes but that no delta fits any more, until there is a snapshot again. */
function withDelta(state: State, message: ToView & { kind: 'delta' }, at: number): State {
  const { base, revision, delta, batch, sampling } = message;
  if (!state.snapshot || base !== state.revision) return { ...state, revision: undefined };
  const { attached, readOnly, file } = state;
  const snapshot = apply(state.snapshot, delta);
  const optional = {
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(file === undefined ? {} : { file }),
    ...(sampling === undefined ? {} : { sampling }),
  };
  const next = withSnapshot(state, { kind: 'snapshot', snapshot, attached, revision, ...optional }, at);
  return batch ? received(next, { kind: 'events', batch: unpack(batch), reset: false }, at) : next;
}

function withSection(state: State, section: string | undefined, range: ByteRange | undefined): State {
  return section === undefined ? state : { ...state, view: { ...state.view, ...opened(state.view, section, range) } };
}

/** Selects the end of the round that is awaited, in the middle of a timeline that stands still. */
function revealed(state: State): State {
  if (state.awaited === undefined) return state;
  // What is awaited has just happened, or is about to.
  const end = state.log
    .events(state.log.length - awaitedAmong)
    .findLast(({ kind, epoch }) => epoch === state.awaited && (kind === 'round-end' || kind === 'rollback'));
  if (!end) return state;
  const span = Math.max(end.ns * 2, 1e6);
  const closed = state.view.closed.filter((section) => section !== 'timeline');
  const view = { ...state.view, event: end.seq, follow: false, span, end: end.timeNs + span / 4, closed };
  return { ...state, awaited: undefined, view };
}

const awaitedAmong = 20_000;

function isThere(snapshot: Snapshot, key: string): boolean {
  return snapshot.peers.some((peer) => peerKey(peer) === key) || snapshot.strangers.some(({ pid }) => strangerKey(pid) === key);
}

const clockJitterMs = 50;
const namesLimit = 2_000;

function learned(names: State['names'], snapshot: Snapshot): State['names'] {
  // Who created the segment took its first slot, and may have left it since.
  const creator = snapshot.header ? [{ slot: 0, ...snapshot.header.creator }] : [];
  const known = [...creator, ...snapshot.peers];
  const fresh = known.filter(({ slot, pid, name }) => name !== '' && names[`${slot}:${pid}`] !== name);
  if (fresh.length === 0) return names;
  const entries = [...Object.entries(names), ...fresh.map((peer) => [`${peer.slot}:${peer.pid}`, peer.name] as const)];
  return Object.fromEntries(entries.slice(-namesLimit));
}

/** Opens a section, at these bytes. */
export function opened(view: View, section: string, range: ByteRange | undefined): Partial<View> {
  return { closed: view.closed.filter((name) => name !== section), ...(range ? { range } : {}) };
}

/** Selects a process, or lets go of it if it is selected. */
export function toggled(peer: string | undefined): (state: State) => Partial<View> {
  return ({ view }) => ({ peer: view.peer === peer ? undefined : peer });
}

/** CLOCK_MONOTONIC of the segment's machine, told forward from the last snapshot.  Undefined before anything is known. */
export function nowNs(state: State, at: number): number | undefined {
  const lastEvent = state.log.lastTime;
  if (!state.snapshot) return lastEvent;
  // A server that is away, or a segment that is gone or in a file, makes no more events: time stands still.
  const passed =
    state.gone || state.file !== undefined || state.server.state !== 'running' ? 0 : Math.max(0, at - state.receivedAt) * 1e6;
  return Math.max(state.snapshot.monotonicNs + passed, lastEvent ?? 0);
}
