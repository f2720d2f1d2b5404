// SPDX-License-Identifier: MIT
//
// The server as a real client has it: dist/server.js in a process of its own, JSON-RPC over its IPC channel.

import { fork, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type InitializeResult,
  type MessageConnection,
} from 'vscode-languageserver-protocol/node';
import { unpack } from '../../extension/protocol/batch';
import { apply } from '../../extension/protocol/delta';
import type { EventBatch, Snapshot } from '../../extension/protocol/model';
import type { Failure, Method, Notifications, Requests } from '../../extension/protocol/requests';
import { root } from '../peers/drive';

export interface Refusal {
  code: number;
  message: string;
  data?: Failure;
}

/** A notification, and what it leads to. */
export interface Change {
  segment: string;
  snapshot: Snapshot;
  batch: EventBatch;
  told: Notifications['peermap/changed'];
}

export class Client {
  readonly changes: Change[] = [];
  private readonly bases = new Map<string, { snapshot: Snapshot; revision: number }>();
  listChanges = 0;
  started: InitializeResult | undefined;
  private static readonly running = new Set<Client>();

  private constructor(
    readonly process: ChildProcess,
    readonly connection: MessageConnection,
  ) {
    connection.onNotification('peermap/changed', (told: Notifications['peermap/changed']) => this.changed(told));
    connection.onNotification('peermap/listChanged', () => {
      this.listChanges += 1;
    });
    connection.onNotification('window/logMessage', ({ message }: { message: string }) => console.error(`server: ${message}`));
    connection.onError(() => undefined);
    connection.onClose(() => connection.dispose());
    connection.listen();
    Client.running.add(this);
  }

  static async start(
    options: { readOnly?: boolean; module?: string; env?: NodeJS.ProcessEnv; underWay?: string } = {},
  ): Promise<Client> {
    const arguments_ = ['--node-ipc', `--clientProcessId=${process.pid}`];
    const child = fork(options.module ?? path.join(root, 'dist/server.js'), arguments_, {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: options.env ?? process.env,
    });
    const client = new Client(child, createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child)));
    client.started = await client.connection.sendRequest<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
      initializationOptions: {
        readOnly: options.readOnly ?? false,
        ...(options.underWay === undefined ? {} : { underWay: options.underWay }),
      },
    });
    await client.connection.sendNotification('initialized', {});
    return client;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get peerName(): string {
    return `vscode-${this.pid}`;
  }

  async request<M extends Method>(method: M, params: Requests[M]['params']): Promise<Requests[M]['result']> {
    const result = await this.connection.sendRequest<Requests[M]['result']>(method, params);
    if (method === 'peermap/watch') {
      const { value, revision } = result as Requests['peermap/watch']['result'];
      this.bases.set((params as { segment: string }).segment, { snapshot: value, revision });
    }
    return result;
  }

  private changed(told: Notifications['peermap/changed']): void {
    const { segment, delta, revision } = told;
    const base = this.bases.get(segment);
    if (base?.revision !== told.base) throw new Error(`a change of revision ${told.base}; known is ${base?.revision ?? 'none'}`);
    const snapshot = apply(base.snapshot, delta);
    this.bases.set(segment, { snapshot, revision });
    this.changes.push({ segment, snapshot, batch: unpack(told.batch), told });
  }

  /** What the request was refused with. */
  async refusal<M extends Method>(method: M, params: Requests[M]['params']): Promise<Refusal> {
    try {
      await this.request(method, params);
    } catch (error) {
      return error as Refusal;
    }
    throw new Error(`${method} was not refused`);
  }

  kill(): Promise<void> {
    return this.end(() => this.process.kill('SIGKILL'));
  }

  static async endAll(): Promise<void> {
    await Promise.all([...Client.running].map((client) => client.kill()));
  }

  /** Resolves with the exit code when the process is gone. */
  async end(how: () => void): Promise<void> {
    Client.running.delete(this);
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const closed = new Promise((resolve) => this.process.once('exit', resolve));
    how();
    await closed;
  }
}
