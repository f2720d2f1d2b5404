// SPDX-License-Identifier: MIT
//
// The process that loads the addon, for the extension (or any client that speaks extension/protocol).  It may die: then the client
// starts another, and nothing is lost but what it watched and where it was attached.
//
// Composition only: the connection, and which part answers which request.

import './no-polling';
import * as l10n from '@vscode/l10n';
import { createConnection } from 'vscode-languageserver';
import { createProtocolConnection, ErrorCodes, ResponseError, type InitializeResult } from 'vscode-languageserver/node';
import type { Observer } from '../../native/addon/index';
import {
  writes,
  type Method,
  type Notifications,
  type Requests,
  type StartOptions,
  type StartReport,
} from '../protocol/requests';
import { objectOf } from '../protocol/undertaking';
import { loadAddon, type Addon } from './addon';
import { looks } from './budgets';
import { Channel } from './channel';
import { toResponseError, toWire } from './convert';
import { factsOf } from './facts';
import { readMemory, searchMemory } from './memory';
import { integer, refusal } from './parameters';
import { removeMemory } from './removal';
import { residencyOf } from './residency';
import { Rounds } from './rounds';
import { SharedMemory } from './shared-memory';
import { Structures } from './structures';
import { System } from './system';
import { Turns, type Cancellation } from './turns';
import { UnderWay } from './under-way';
import { Watches } from './watches';

type Handlers = {
  [M in Method]: (params: Requests[M]['params'], token: Cancellation) => Requests[M]['result'] | Promise<Requests[M]['result']>;
};

const watchdog = {
  shutdownReceived: false,
  initialize: () => undefined,
  exit: (code: number) => process.exit(code),
};
const channel = new Channel(process);
const connection = createConnection((logger) => createProtocolConnection(channel.reader, channel.writer, logger), watchdog);

/** As many as a page draws, in one message. */
const mostEvents = 65_536;

let readOnly = true;
let initialized = false;
const underWay = new UnderWay();

function notify<N extends keyof Notifications>(method: N, params: Notifications[N]): void {
  connection.sendNotification(method, params).catch((error: unknown) => console.error(error));
}

function handlersOf(addon: Addon): Handlers {
  const rounds = new Rounds(addon, underWay);
  const memory = new SharedMemory(() => notify('peermap/listChanged', {}));
  const turns = new Turns(looks);
  const system = new System(addon, turns, underWay);
  const listener = {
    changed: (change: Notifications['peermap/changed']) => notify('peermap/changed', change),
    failed: (segment: string, error: unknown) => connection.console.error(`${segment} could not be looked at: ${String(error)}`),
  };
  const watches = new Watches(addon, turns, underWay, listener, () => channel.isStuck);
  const structures = new Structures(addon, watches, system, underWay);
  return {
    'peermap/list': async (_, token) => {
      const { value, problems } = await system.list(token);
      return { value, problems: [...problems, ...(memory.problem ? [memory.problem] : [])] };
    },
    'peermap/processes': (_, token) => system.processes(token),
    'peermap/snapshot': async ({ segment, strangers = false }, token) => {
      const snapshot = await watches.wireSnapshot(segment, strangers, token);
      return { value: snapshot, problems: snapshot.problems };
    },
    'peermap/events': ({ segment, after, limit = 4096 }) => {
      const most = integer(limit, 'limit', 1, mostEvents);
      const read = () => watches.look(segment, (observer) => observer.events(after, most));
      return underWay.during({ method: 'peermap/events', segment }, () => ({ value: toWire(read()), problems: [] }));
    },
    'peermap/watch': async ({ segment }) => {
      const { snapshot, revision } = await watches.watch(segment);
      return { value: snapshot, problems: snapshot.problems, revision };
    },
    'peermap/unwatch': ({ segment }) => {
      watches.unwatch(segment);
      return null;
    },
    'peermap/attach': (params) => rounds.attach(params),
    'peermap/detach': (params) => rounds.detach(params),
    'peermap/grow': (params) => rounds.grow(params).then(toWire),
    'peermap/shrink': (params) => rounds.shrink(params).then(toWire),
    'peermap/remap': (params) => rounds.remap(params).then(toWire),
    'peermap/reap': (params) => rounds.reap(params),
    'peermap/create': (params) => rounds.create(params),
    'peermap/destroy': (params) => rounds.destroy(params),
    'peermap/heap': async ({ segment }, token) => {
      const count = async (observer: Observer) => toWire(await observer.heapAsync({ withinMs: looks.ms }));
      const heap = await watches.inTurn(segment, count, { method: 'peermap/heap', token });
      return { value: heap ?? null, problems: heap?.problems ?? [] };
    },
    'peermap/read': (params) =>
      underWay.during({ method: 'peermap/read', segment: params.segment }, () =>
        readMemory((look) => watches.look(params.segment, look), params),
      ),
    'peermap/search': (params) =>
      underWay.during({ method: 'peermap/search', segment: params.segment }, () =>
        searchMemory((look) => watches.look(params.segment, look), params),
      ),
    'peermap/residency': async ({ segment, bounds }, token) => {
      const snapshot = await watches.snapshot(segment, token);
      return underWay.during({ method: 'peermap/residency', segment }, () => residencyOf(addon, snapshot, bounds));
    },
    'peermap/facts': ({ pids }) => factsOf(addon, pids, underWay),
    'peermap/structure': (params, token) => structures.structure(params, token),
    'peermap/census': (_, token) => system.census(token),
    'peermap/remove': (params) =>
      underWay.during({ method: 'peermap/remove', object: objectOf(params) }, () => removeMemory(addon, params)),
  };
}

function answer(handlers: Handlers, method: Method): void {
  const handle = handlers[method] as (params: unknown, token: Cancellation) => unknown;
  connection.onRequest(method, async (params: unknown, token: Cancellation) => {
    if (readOnly && writes.has(method))
      throw refusal('PEERMAP_EACCES', l10n.t('Peermap is read-only here: it shows segments and does not change them.'));
    try {
      return await handle(params, token);
    } catch (error) {
      throw toResponseError(error);
    }
  });
}

// Without the addon the server starts all the same, and says why it is of no use: a client would take a failed start for a crash.
connection.onInitialize(({ initializationOptions }): InitializeResult => {
  // What may be written is said once.
  if (initialized) throw new ResponseError(ErrorCodes.InvalidRequest, l10n.t('The server has been initialized already.'));
  initialized = true;
  const options = initializationOptions as StartOptions | undefined;
  readOnly = options?.readOnly ?? false;
  if (options?.words) l10n.config({ contents: options.words });
  if (options?.underWay !== undefined) underWay.open(options.underWay);
  const report: StartReport = {};
  try {
    const handlers = handlersOf(loadAddon());
    for (const method of Object.keys(handlers) as Method[]) answer(handlers, method);
  } catch (error) {
    const text = l10n.t(
      'The native part of Peermap cannot be loaded: {0}',
      error instanceof Error ? error.message : String(error),
    );
    report.unavailable = text;
    connection.onRequest(() => {
      throw refusal('PEERMAP_EOS', text);
    });
  }
  return { capabilities: { experimental: report }, serverInfo: { name: 'peermap' } };
});

process.on('disconnect', () => process.exit());
connection.listen();
