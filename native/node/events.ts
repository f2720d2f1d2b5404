// SPDX-License-Identifier: MIT
//
// What happens to a segment, as it happens: an EventEmitter, and for each `for await` an iterator of its own.
//
//     event ring --observer.watch--> Events --emit--> listeners
//                                           \--next--> iterators, each with its own place in the ring
//
// Nobody queues: who is slow finds less in the ring, and is told how much is missing.

import type { EventBatch, EventKind, PeermapEvent } from '../addon/model';
import { addon } from './addon';
import { emitter, type EmitterOf, type Signal } from './emitter';

export interface EventsOptions {
  /** Events with seq > after: 0 for all that the ring still holds.  Default: those from now on. */
  after?: number;
  /**
   * Whether waiting for events keeps the process alive until close(), as ref() does, or never does, as after unref().  By default listeners alone do not, and an iteration
   * does while it waits for the next event.
   */
  persistent?: boolean;
  /** Closes it when it is aborted. */
  signal?: Signal;
  /** Bursts are told of at most this often.  Default 16. */
  intervalMs?: number;
}

/** That many events were overwritten before they could be read. */
export interface Missed {
  kind: 'missed';
  missed: number;
}

export interface EventMap {
  /** A round ended, well ("round-end") or not ("rollback"). */
  round: [PeermapEvent];
  /** A peer attached ("create", "attach"), or was started again ("restart"). */
  attach: [PeermapEvent];
  detach: [PeermapEvent];
  /** A peer ended without detaching. */
  death: [PeermapEvent];
  /** Any event, those above among them. */
  event: [PeermapEvent];
  /** After the events of a burst. */
  change: [EventBatch];
  missed: [number];
  error: [Error];
  close: [];
}

const named: Partial<Record<EventKind, 'round' | 'attach' | 'detach' | 'death'>> = {
  'round-end': 'round',
  rollback: 'round',
  create: 'attach',
  attach: 'attach',
  restart: 'attach',
  detach: 'detach',
  'peer-died': 'death',
};

const told = ['round', 'attach', 'detach', 'death', 'event', 'change', 'missed'] as const;

/** An EventEmitter. */
export class Events extends (emitter as EmitterOf<EventMap>) implements AsyncIterable<PeermapEvent | Missed>, Disposable {
  readonly #observer;
  readonly #look: () => void;
  readonly #waiting = new Set<() => void>();
  readonly #start: number;
  #last: number;
  #failed: Error | undefined;
  #closed = false;
  /** Kept by a timer that never comes. */
  readonly #alive: NodeJS.Timeout;
  #persistent: boolean | undefined;
  readonly #signal: Signal | undefined;
  readonly #aborted = () => this.close();

  /** Of the segment of this name; `look` is called before each look into the ring. */
  constructor(name: string, options: EventsOptions = {}, look: () => void = () => undefined) {
    super();
    addon.checkOptions(options, ['after', 'persistent', 'signal', 'intervalMs']);
    this.#observer = new addon.Observer(name);
    this.#look = look;
    this.#start = this.#last = options.after ?? this.#observer.snapshot().header?.eventHead ?? 0;
    this.#observer.watch(() => this.#changed(), options.intervalMs === undefined ? {} : { intervalMs: options.intervalMs });
    this.#alive = setInterval(() => undefined, 2 ** 31 - 1);
    this.#persistent = options.persistent;
    this.#settle();
    this.#signal = options.signal;
    this.#signal?.addEventListener('abort', this.#aborted);
    if (this.#signal?.aborted) this.close();
    (this as unknown as NodeJS.EventEmitter).on('newListener', () => setImmediate(() => this.#emit()));
  }

  /** Waiting for events keeps the process alive; as a timer's, and any number of times. */
  ref(): this {
    this.#persistent = true;
    return this.#settle();
  }

  /** It does not, nor does an iteration. */
  unref(): this {
    this.#persistent = false;
    return this.#settle();
  }

  #settle(): this {
    if (this.#persistent ?? this.#waiting.size > 0) this.#alive.ref();
    else this.#alive.unref();
    return this;
  }

  /** Ends every iteration, and tells no listener of anything any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#alive);
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#observer.close();
    this.#wake();
    this.emit('close');
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PeermapEvent | Missed, void, undefined> {
    let last = this.#start;
    while (!this.#over()) {
      const batch = this.#observer.events(last);
      last = batch.last;
      if (batch.missed > 0) yield { kind: 'missed', missed: batch.missed };
      for (const event of batch.events) {
        if (this.#over()) break;
        yield event;
      }
      if (batch.events.length === 0 && !this.#over()) await this.#next();
    }
    if (this.#failed) throw this.#failed;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      this.#settle();
    });
  }

  /** Asked anew each time: it may be by then. */
  #over(): boolean {
    return this.#closed;
  }

  #changed(): void {
    if (this.#closed) return;
    this.#guard(this.#look);
    this.#wake();
    this.#emit();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    this.#settle();
  }

  /** Without a listener nothing is read: the first one gets what has happened until then. */
  #emit(): void {
    while (!this.#closed && told.some((name) => this.listenerCount(name) > 0)) {
      const batch = this.#guard(() => this.#observer.events(this.#last));
      if (!batch || (batch.events.length === 0 && batch.missed === 0)) return;
      this.#last = batch.last;
      this.#tell(batch);
    }
  }

  #tell(batch: EventBatch): void {
    if (batch.missed > 0) this.emit('missed', batch.missed);
    for (const event of batch.events) {
      if (this.#closed) return;
      const name = named[event.kind];
      if (name) this.emit(name, event);
      this.emit('event', event);
    }
    this.emit('change', batch);
  }

  /** What cannot be read any more ends everything. */
  #guard<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.#failed = error instanceof Error ? error : new Error(String(error));
      this.close();
      if (this.listenerCount('error') > 0) this.emit('error', this.#failed);
      return undefined;
    }
  }
}
