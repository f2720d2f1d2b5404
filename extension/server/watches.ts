// SPDX-License-Identifier: MIT
//
// The segments that the client watches.
//
//     Observer.watch --> Watch.changed --(at its pace)--> Watch.look --> peermap/changed
//
// Nothing runs while nothing changes.  While a segment changes all the time, looking at it takes at most a tenth of one core: after
// a look that took t, the next comes 9 t later at the earliest, with all the events in between.

import type { EventBatch, Observer, Snapshot } from '../../native/addon/index';
import type { Addon } from './addon';

const shareOfTime = 1 / 10;
const eventsAtOnce = 4096;

/** Where a Watch reports to.  Neither may throw. */
export interface Listener {
  changed(segment: string, snapshot: Snapshot, batch: EventBatch): void;
  failed(segment: string, error: unknown): void;
}

class Watch {
  readonly first: Snapshot;
  /** The last event that was reported, or that the first snapshot already knows. */
  private last: number;
  private pending: NodeJS.Timeout | undefined;
  private restUntil = 0;

  constructor(
    readonly observer: Observer,
    private readonly listener: Listener,
  ) {
    // In this order, so that no change falls between the two.
    observer.watch(() => this.changed());
    this.first = observer.snapshot();
    this.last = this.first.header?.eventHead ?? 0;
  }

  close(): void {
    clearTimeout(this.pending);
    this.observer.close();
  }

  private changed(): void {
    if (this.pending) return;
    this.pending = setTimeout(() => this.look(), Math.max(0, this.restUntil - performance.now()));
  }

  private look(): void {
    this.pending = undefined;
    const began = performance.now();
    try {
      const batch = this.observer.events(this.last, eventsAtOnce);
      this.last = batch.last;
      this.listener.changed(this.observer.name, this.observer.snapshot(), batch);
      if (batch.events.length === eventsAtOnce) this.changed();
    } catch (error) {
      this.listener.failed(this.observer.name, error);
    }
    const ended = performance.now();
    this.restUntil = ended + (ended - began) * (1 / shareOfTime - 1);
  }
}

export class Watches {
  private readonly watches = new Map<string, Watch>();

  constructor(
    private readonly addon: Addon,
    private readonly listener: Listener,
  ) {}

  /** Watching twice is watching once; but if the object was removed and there is another of its name, that one is watched now. */
  watch(segment: string): Snapshot {
    const existing = this.watches.get(segment);
    if (existing) {
      const snapshot = existing.observer.snapshot();
      if (!isGone(snapshot)) return snapshot;
      this.unwatch(segment);
    }
    const watch = new Watch(new this.addon.Observer(segment), this.listener);
    this.watches.set(segment, watch);
    return watch.first;
  }

  unwatch(segment: string): void {
    this.watches.get(segment)?.close();
    this.watches.delete(segment);
  }

  /** Looks once at a segment, whether it is watched or not. */
  look<T>(segment: string, look: (observer: Observer) => T): T {
    const watched = this.watches.get(segment);
    if (watched) return look(watched.observer);
    const observer = new this.addon.Observer(segment);
    try {
      return look(observer);
    } finally {
      observer.close();
    }
  }
}

function isGone(snapshot: Snapshot): boolean {
  return snapshot.problems.some((problem) => problem.code === 'gone');
}
