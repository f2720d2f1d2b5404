// SPDX-License-Identifier: MIT
//
// The server process as the rest of the client sees it: typed requests, two events, and a state.
//
//     starting -> running -> restarting -> running ...       it died, and is started again by itself
//                         -> failed                          it died too often, or cannot start: `start` tries again
//
// A request that was under way when the server died is rejected and never sent again.  What it was in the middle of is left out from then on (left-out.ts).

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CloseAction, ForkOptions, LanguageClient, LanguageClientOptions } from 'vscode-languageclient/node';
import {
  effects,
  type Answer,
  type Harmless,
  type Method,
  type Notifications,
  type Requests,
  type StartOptions,
  type StartReport,
  type TakenBy,
  type Taking,
} from '../protocol/requests';
import { wordsOf, type Undertaking } from '../protocol/undertaking';
import { Consent, type Taken } from './consent';
import { PeermapFailure, sentenceOf, toFailure, type Remedy } from './failure';
import { LeftOut, type Ending } from './left-out';
import { RestartPolicy } from './restart-policy';
import { UnderWayFile } from './under-way-file';

export type ServerState = 'starting' | 'running' | 'restarting' | 'failed' | 'stopped';

export interface ServerStatus {
  state: ServerState;
  text: string;
}

/** After its connection has ended, a server has ended too: soon. */
const endingMs = 2_000;

/** Reads and runs a file of 380 KB with the first call. */
function languageClient(): typeof import('./language-client') {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the bundle beside ours, not before it is needed
  return require('./language-client') as typeof import('./language-client');
}

export class ServerConnection {
  private client: LanguageClient | undefined;
  private policy = new RestartPolicy();
  private turn: Promise<void> = Promise.resolve();
  private current: ServerStatus = { state: 'stopped', text: '' };
  private readonly statusChanged = new vscode.EventEmitter<ServerStatus>();
  private readonly segmentChanged = new vscode.EventEmitter<Notifications['peermap/changed']>();
  private readonly listChanged = new vscode.EventEmitter<void>();
  private readonly leftOutChanged = new vscode.EventEmitter<readonly Undertaking[]>();
  private readonly leaving = new LeftOut();

  readonly onDidChangeStatus = this.statusChanged.event;
  readonly onDidChangeSegment = this.segmentChanged.event;
  readonly onDidChangeList = this.listChanged.event;
  /** With what is left out from now on; with nothing, if something may be asked again. */
  readonly onDidChangeLeftOut = this.leftOutChanged.event;

  constructor(
    private readonly module: string,
    private readonly underWayFile: UnderWayFile,
    private readonly log: vscode.LogOutputChannel,
    private readonly readOnly: () => boolean,
  ) {}

  get status(): ServerStatus {
    return this.current;
  }

  /** Undefined while there is no server process. */
  get pid(): number | undefined {
    return this.client?.serverProcess?.pid;
  }

  /** Starts the server, or replaces the one that runs by a new one.  A failure is a state, not an exception. */
  start(): Promise<void> {
    return this.inTurn(async () => {
      this.change('starting', l10n.t('The Peermap server is starting.'));
      await this.end();
      // Whoever asks for this while the window starts need not wait for it.
      await new Promise((resolve) => setImmediate(resolve));
      this.policy = new RestartPolicy();
      const client = this.createClient();
      this.client = client;
      await client.start().catch((error: unknown) => {
        if (client.state === languageClient().State.Running) return;
        const why = this.current.state === 'restarting' ? l10n.t('It ended while it was starting.') : sentenceOf(error);
        this.change('failed', l10n.t('The Peermap server cannot start. {0}', why));
      });
    });
  }

  stop(): Promise<void> {
    return this.inTurn(async () => {
      this.change('stopped', '');
      await this.end();
    });
  }

  /** `what` is asked for, for the sentence that says it failed: "the growth of demo".  What takes something away is not sent without consent to that. */
  async request<M extends Harmless>(
    method: M,
    params: Requests[M]['params'],
    what: string,
    token?: vscode.CancellationToken,
  ): Promise<Requests[M]['result']>;
  async request<M extends Taking>(
    method: M,
    params: Requests[M]['params'],
    what: string,
    consent: Consent<TakenBy<M>>,
  ): Promise<Requests[M]['result']>;
  async request<M extends Method>(
    method: M,
    params: Requests[M]['params'],
    what: string,
    more?: Consent<Taken> | vscode.CancellationToken,
  ): Promise<Requests[M]['result']> {
    const effect = effects[method];
    if (effect !== 'looks' && effect !== 'changes' && !(more instanceof Consent && more.to === effect))
      throw new Error(`${method} without consent`);
    await this.turn; // while one server is replaced by another, requests wait for the new one
    const { state, text } = this.current;
    if (!this.client || state === 'failed')
      throw new PeermapFailure('PEERMAP_SERVER', text || l10n.t('The Peermap server is not running.'));
    const allowed = this.allowed(method, params);
    const token = more instanceof Consent ? undefined : more;
    try {
      const result = await this.client.sendRequest<Requests[M]['result']>(method, allowed.params, token);
      if (allowed.problems.length > 0) (result as Answer<unknown>).problems.push(...allowed.problems);
      return result;
    } catch (error) {
      throw toFailure(error, what);
    }
  }

  /** What is not asked for because the server ended at it: of a segment and in general; of all without a segment. */
  leftOut(segment?: string): readonly Undertaking[] {
    return segment === undefined ? this.leaving.all : this.leaving.of(segment);
  }

  /** A person wants it: what concerns that segment may be asked again, or everything. */
  tryAgain(segment?: string): void {
    if (this.leaving.tryAgain(segment)) this.leftOutChanged.fire([]);
  }

  private allowed<M extends Method>(method: M, params: Requests[M]['params']): ReturnType<typeof this.leaving.allowed<M>> {
    try {
      return this.leaving.allowed(method, params);
    } catch (error) {
      const { segment } = params as { segment?: string };
      const apply = () => {
        this.tryAgain(segment);
        return Promise.resolve();
      };
      const remedy: Remedy = { title: l10n.t('Try Again'), apply };
      throw error instanceof PeermapFailure ? new PeermapFailure(error.code, error.sentence, undefined, remedy) : error;
    }
  }

  private createClient(): LanguageClient {
    const { ErrorAction, QuietClient, RevealOutputChannelOn, State, TransportKind } = languageClient();
    const options: ForkOptions & { serialization: 'advanced' } = { serialization: 'advanced' };
    const server = { module: this.module, transport: TransportKind.ipc, options };
    const unknown: Promise<Ending> = Promise.resolve(undefined);
    let ended = unknown;
    const clientOptions: LanguageClientOptions = {
      documentSelector: [],
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: (): StartOptions => ({
        readOnly: this.readOnly(),
        underWay: this.underWayFile.next(),
        ...(vscode.l10n.bundle ? { words: vscode.l10n.bundle } : {}),
      }),
      errorHandler: {
        // Writing to a server that just died: `closed` follows.
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: async () => ({ action: await this.died(client, ended), handled: true }),
      },
    };
    const client = new QuietClient('peermap', 'Peermap', server, clientOptions);
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) ended = unknown; // not that of the process before
      if (client !== this.client || newState !== State.Running) return;
      const { serverProcess } = client;
      ended = new Promise((resolve) => serverProcess?.once('exit', (_, signal) => resolve(signal)));
      const { unavailable } = client.initializeResult?.capabilities.experimental as StartReport;
      const restarted = this.current.state === 'restarting';
      if (unavailable !== undefined) this.change('failed', unavailable);
      else this.change('running', restarted ? l10n.t('The Peermap server restarted.') : '');
    });
    client.onNotification('peermap/changed', (params: Notifications['peermap/changed']) => this.segmentChanged.fire(params));
    client.onNotification('peermap/listChanged', () => this.listChanged.fire());
    return client;
  }

  private async died(client: LanguageClient, ended: Promise<Ending>): Promise<CloseAction> {
    const { CloseAction } = languageClient();
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), endingMs));
    const ending = await Promise.race([ended, late]);
    // Another took its place while it was started again: state, policy and the file of what is under way are that one's.
    if (client !== this.client) return CloseAction.DoNotRestart;
    const leftOut = this.leaving.ended(this.underWay(), ending);
    const why = leftOut.map((what) => l10n.t('It ended while it was {0}, which is left out from now on.', wordsOf(what)));
    if (leftOut.length > 0) this.leftOutChanged.fire(leftOut);
    if (this.policy.died(Date.now(), leftOut.length > 0)) {
      this.change('restarting', [l10n.t('The Peermap server ended unexpectedly and is started again.'), ...why].join(' '));
      return CloseAction.Restart;
    }
    this.change('failed', l10n.t('The Peermap server ended five times within three minutes and is not started again by itself.'));
    return CloseAction.DoNotRestart;
  }

  private underWay(): Undertaking[] {
    try {
      return this.underWayFile.read();
    } catch (error) {
      this.log.debug(sentenceOf(error));
      return [];
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // A client that failed, or whose server hangs, cannot be stopped in good order; its process is ended all the same.
    await client?.dispose().catch((error: unknown) => this.log.debug(l10n.t('Stopping the server: {0}', sentenceOf(error))));
    this.underWayFile.remove();
  }

  private change(state: ServerState, text: string): void {
    if (state === this.current.state && text === this.current.text) return;
    this.current = { state, text };
    if (text !== '') this.log.info(text);
    this.statusChanged.fire(this.current);
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work, work);
    return this.turn;
  }
}
