// SPDX-License-Identifier: MIT
//
// The segments that the client watches.
//
//     Observer.watch --> Watch.changed --> drain: the events     each time, for the ring does not wait
//                                     \--> look: a snapshot      at its pace
//                                                 \--> peermap/changed: both, as far as they are new
//
// Nothing runs while nothing changes.  While a segment changes all the time, events are read with every call of the observer's watch, sixty
// times a second, which is cheap; while they come so fast that the ring might come round in between, more often.  Snapshots ask the kernel
// about each peer, and take at most a tenth of one core: after one that took t, the next comes 9 t later at the earliest.

import type { Observer, PackedEvents, Snapshot as AddonSnapshot } from '../../native/addon/index';
import { countOf, join } from '../protocol/batch';
import { diff, isEmpty, type SnapshotDelta } from '../protocol/delta';
import type { Snapshot } from '../protocol/model';
import type { Notifications } from '../protocol/requests';
import type { Addon } from './addon';
import { toWire } from './convert';
import { Pace } from './pace';

const shareOfTime = 1 / 10;
/** More than a ring holds by default; a longer one is read in several turns. */
const eventsAtOnce = 16_384;
/** After so many, a quarter of a ring, the next are read without waiting for the watch's call. */
const many = 1_024;
const hurryMs = 4;
/** They are told no more often than the watch calls. */
const tellMs = 16;

/** Where a Watch reports to.  Neither may throw. */
export interface Listener {
  changed(change: Notifications['peermap/changed']): void;
  failed(segment: string, error: unknown): void;
}

/** A snapshot that the client has whole, under the number by which the next delta calls it. */
export interface Base {
  snapshot: Snapshot;
  revision: number;
}

class Watch {
  private base: Base;
  /** The last event that was reported, or that the first snapshot already knows. */
  private last: number;
  private pending: NodeJS.Timeout | undefined;
  /** Read and not told yet. */
  private drained: PackedEvents[] = [];
  private hurrying: NodeJS.Timeout | undefined;
  private toldAt = 0;
  private restUntil = 0;
  private readonly pace = new Pace();

  constructor(
    readonly observer: Observer,
    private readonly listener: Listener,
  ) {
    // In this order, so that no change falls between the two.
    observer.watch(() => this.changed());
    this.base = { snapshot: toWire(observer.snapshot()), revision: 1 };
    this.last = this.base.snapshot.header?.eventHead ?? 0;
  }

  /** The state now, whole: what follows is told as changes of that. */
  rebase(): Base {
    const { delta } = this.advance(this.observer.snapshot());
    if (isEmpty(delta)) this.base = { ...this.base, revision: this.base.revision + 1 };
    return this.base;
  }

  get first(): Base {
    return this.base;
  }

  close(): void {
    clearTimeout(this.pending);
    clearTimeout(this.hurrying);
    this.observer.close();
  }

  private changed(): void {
    const rest = this.restUntil - performance.now();
    if (rest <= 0) {
      this.look();
      return;
    }
    this.pending ??= setTimeout(() => this.look(), rest);
    this.tellEvents();
  }

  private look(): void {
    clearTimeout(this.pending);
    this.pending = undefined;
    const began = performance.now();
    this.tell(() => this.advance(this.observer.snapshot()));
    const ended = performance.now();
    this.restUntil = ended + (ended - began) * (1 / shareOfTime - 1);
  }

  private tellEvents(): void {
    const { revision } = this.base;
    this.tell(() => ({ base: revision, revision, delta: {} }));
  }

  private tell(state: () => { base: number; revision: number; delta: SnapshotDelta }): void {
    const segment = this.observer.name;
    const began = performance.now();
    this.toldAt = began;
    try {
      // The events first: the snapshot may take longer than the ring takes to come round.
      this.drain();
      const { base, revision, delta } = state();
      const batch = join(this.drained);
      this.drained = [];
      const sampling = this.pace.with(began, performance.now());
      if (isEmpty(delta) && batch.rows.length === 0 && batch.missed === 0) return;
      this.listener.changed({ segment, base, revision, delta, batch, sampling });
    } catch (error) {
      this.listener.failed(segment, error);
    }
  }

  private drain(): void {
    const batch = this.observer.packedEvents(this.last, eventsAtOnce);
    this.last = batch.last;
    this.drained.push(batch);
    if (countOf(batch) >= many) this.hurry();
  }

  private hurry(): void {
    this.hurrying ??= setTimeout(() => {
      this.hurrying = undefined;
      if (performance.now() - this.toldAt >= tellMs) {
        this.tellEvents();
        return;
      }
      this.hurry(); // what was read is still to be told
      try {
        this.drain();
      } catch (error) {
        this.listener.failed(this.observer.name, error);
      }
    }, hurryMs);
  }

  private advance(next: AddonSnapshot): { base: number; revision: number; delta: SnapshotDelta } {
    const { snapshot, revision: base } = this.base;
    const after = toWire(next);
    const delta = diff(snapshot, after);
    const revision = isEmpty(delta) ? base : base + 1;
    if (revision !== base) this.base = { snapshot: after, revision };
    return { base, revision, delta };
  }
}

export class Watches {
  private readonly watches = new Map<string, Watch>();

  constructor(
    private readonly addon: Addon,
    private readonly listener: Listener,
  ) {}

  /** Watching twice is watching once; but if the object was removed and there is another of its name, that one is watched now. */
  watch(segment: string): Base {
    const existing = this.watches.get(segment);
    if (existing) {
      const base = existing.rebase();
      if (!isGone(base.snapshot)) return base;
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
