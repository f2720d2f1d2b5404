// SPDX-License-Identifier: MIT
//
// The IPC channel to the client, in front of the language-server library, which takes for granted that messages have the form that they should, and that whoever
// asks reads the answers: a `$/cancelRequest` without an id would end the process, ten thousand requests would all be begun.
//
//     client --message--> checked --> in line --one at a time--> library --answer--> client
//                           |            |  while more answers wait to be sent than the channel takes, the line stands
//                           |            refused: too many of its kind have no answer yet
//                           refused or ignored: malformed

import * as l10n from '@vscode/l10n';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  ErrorCodes,
  LSPErrorCodes,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
  type RequestMessage,
  type ResponseMessage,
} from 'vscode-languageserver/node';
import { channel as limits } from './budgets';

type Id = string | number;

const cancel = '$/cancelRequest';
/** The notifications that mean something to the server. */
const known = new Set([cancel, 'initialized', 'exit']);

/** As the process has it. */
export interface Port {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
  send?(message: unknown, handle: undefined, options: undefined, sent: (error: Error | null) => void): boolean;
}

export class Channel {
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
  private deliver: DataCallback | undefined;
  private line: Message[] = [];
  private scheduled = false;
  /** The requests that have no answer yet, each with its kind; and how many there are of each kind. */
  private readonly open = new Map<Id, string>();
  private readonly counts = new Map<string, number>();
  /** Given to the channel and not sent yet; and whether that is more than it likes to have. */
  private unsent = 0;
  private full = false;

  constructor(private readonly port: Port) {
    this.reader = new Reader(
      port,
      (deliver) => (this.deliver = deliver),
      (message) => this.received(message),
    );
    this.writer = new Writer(port, (message, sent) => this.send(message, sent));
  }

  /** The client takes nothing: some messages wait, and not only because they are long. */
  get isStuck(): boolean {
    return this.full && this.unsent >= limits.unsent;
  }

  private received(message: unknown): void {
    const { kind, id } = formOf(message);
    if (kind === 'malformed') this.refuse(id, ErrorCodes.InvalidRequest, l10n.t('This is no message of the protocol.'));
    else if (kind === 'notification') this.enter(message as Message);
    else if (kind === 'request') this.admit(message as RequestMessage & { id: Id });
  }

  private admit(request: RequestMessage & { id: Id }): void {
    const { id } = request;
    const kind = kindOf(request);
    const before = this.counts.get(kind) ?? 0;
    if (this.open.has(id)) this.refuse(null, ErrorCodes.InvalidRequest, l10n.t('This is no message of the protocol.'));
    else if (before >= limits.open) {
      const text = l10n.t('Too many requests of the kind {0} have no answer yet.', request.method.slice(0, limits.longestId));
      this.refuse(id, LSPErrorCodes.ServerCancelled, text);
    } else {
      this.open.set(id, kind);
      this.counts.set(kind, before + 1);
      this.enter(request);
    }
  }

  private enter(message: Message): void {
    this.line.push(message);
    this.goOn();
  }

  /** One message in each turn of the event loop: as fast as the library takes them, and each answer is in the channel before the next is begun. */
  private goOn(): void {
    if (this.scheduled || this.full || this.line.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.full) return;
      const message = this.line.shift();
      this.goOn();
      if (message) this.deliver?.(message);
    });
  }

  private refuse(id: Id | null, code: number, message: string): void {
    const response: ResponseMessage = { jsonrpc: '2.0', id, error: { code, message } };
    this.send(response, () => undefined);
  }

  private send(message: Message, sent: (error: Error | null) => void): void {
    if (isAnswer(message)) this.answered(message.id);
    this.unsent += 1;
    try {
      const room = this.port.send?.(message, undefined, undefined, (error) => {
        this.unsent -= 1;
        if (this.unsent === 0) this.full = false;
        this.goOn();
        sent(error);
      });
      if (room === false) this.full = true;
    } catch (error) {
      this.unsent -= 1;
      throw error;
    }
  }

  private answered(id: Id | null): void {
    const kind = id === null ? undefined : this.open.get(id);
    if (id === null || kind === undefined) return;
    this.open.delete(id);
    const left = (this.counts.get(kind) ?? 1) - 1;
    if (left > 0) this.counts.set(kind, left);
    else this.counts.delete(kind);
  }
}

class Reader extends AbstractMessageReader implements MessageReader {
  constructor(
    private readonly port: Port,
    private readonly listening: (deliver: DataCallback) => void,
    private readonly received: (message: unknown) => void,
  ) {
    super();
    port.on('error', (error) => this.fireError(error));
  }

  listen(deliver: DataCallback): Disposable {
    this.listening(deliver);
    this.port.on('message', this.received);
    return { dispose: () => this.port.off('message', this.received) };
  }
}

class Writer extends AbstractMessageWriter implements MessageWriter {
  private failures = 0;

  constructor(
    port: Port,
    private readonly send: (message: Message, sent: (error: Error | null) => void) => void,
  ) {
    super();
    port.on('error', (error) => this.fireError(error));
  }

  /** It does not wait for it to be sent. */
  write(message: Message): Promise<void> {
    try {
      this.send(message, (error) => {
        if (error) this.failed(error, message);
        else this.failures = 0;
      });
      return Promise.resolve();
    } catch (error) {
      this.failed(error, message);
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  end(): void {
    // The channel ends with the process.
  }

  private failed(error: unknown, message: Message): void {
    this.failures += 1;
    this.fireError(error, message, this.failures);
  }
}

/** Answers are ignored, for the server asks nothing; and so is what tells of something that it does not know. */
function formOf(message: unknown): { kind: 'request' | 'notification' | 'ignored' | 'malformed'; id: Id | null } {
  if (typeof message !== 'object' || message === null) return { kind: 'malformed', id: null };
  const { id: given, method, params } = message as { id?: unknown; method?: unknown; params?: unknown };
  const id = isId(given) ? given : null;
  if (method === undefined) return { kind: 'result' in message || 'error' in message ? 'ignored' : 'malformed', id: null };
  if (typeof method !== 'string') return { kind: 'malformed', id };
  if (given !== undefined) return { kind: id === null ? 'malformed' : 'request', id };
  if (!known.has(method)) return { kind: 'ignored', id };
  if (method === cancel)
    return { kind: isId((params as { id?: unknown } | null | undefined)?.id) ? 'notification' : 'malformed', id };
  return { kind: 'notification', id };
}

function isId(value: unknown): value is Id {
  return typeof value === 'string' ? value.length <= limits.longestId : Number.isSafeInteger(value);
}

function isAnswer(message: Message): message is ResponseMessage {
  return 'id' in message && !('method' in message);
}

/** Of one segment each: whoever has one that takes long holds up no other. */
function kindOf({ method, params }: RequestMessage): string {
  const { segment } = (params ?? {}) as { segment?: unknown };
  const of = typeof segment === 'string' ? segment.slice(0, limits.longestId) : '';
  return `${method.slice(0, limits.longestId)} ${of}`;
}
