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
// about each peer, and take at most a tenth of one core: after one that took t, the next comes 9 t later at the earliest.  They are taken on threads of their
// own, in turn (turns.ts).
//
// What is told has a rate (flow.ts).  Events beyond it count as missed; changes of state become one change.

import type { Observer, PackedEvents, Snapshot as AddonSnapshot } from '../../native/addon/index';
import { countOf, join } from '../protocol/batch';
import { diff, isEmpty, type SnapshotDelta } from '../protocol/delta';
import type { Snapshot } from '../protocol/model';
import type { LeftOut, Method, Notifications } from '../protocol/requests';
import type { Addon } from './addon';
import { looks, telling } from './budgets';
import { toWire } from './convert';
import { bytesOf, Flow } from './flow';
import { Pace } from './pace';
import type { Cancellation, Turns } from './turns';
import type { UnderWay } from './under-way';

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

/** What all watches share. */
interface Shared {
  turns: Turns;
  flow: Flow;
  underWay: UnderWay;
  listener: Listener;
}

class Watch {
  /** Undefined until the first snapshot. */
  private base: Base | undefined;
  /** The last event that was reported, or that the first snapshot already knows. */
  private last = 0;
  private pending: NodeJS.Timeout | undefined;
  /** Read and not told yet. */
  private drained: PackedEvents[] = [];
  private hurrying: NodeJS.Timeout | undefined;
  private toldAt = 0;
  private restUntil = 0;
  private looking = false;
  /** Something changed while it could not be looked at. */
  private again = false;
  /** A look that could not be told: it comes before any more events. */
  private owed = false;
  private closed = false;
  private readonly leftOut: LeftOut = { events: 0, changes: 0 };
  private readonly pace = new Pace();

  constructor(
    readonly observer: Observer,
    private readonly shared: Shared,
  ) {}

  /** What follows is told as changes of this. */
  async begin(): Promise<Base> {
    // In this order, so that no change falls between the two.
    this.noting(() => this.observer.watch(() => this.changed()));
    const base = await this.inTurn((snapshot) => (this.base ??= { snapshot: toWire(snapshot), revision: 1 }));
    this.last = base.snapshot.header?.eventHead ?? 0;
    this.changedMeanwhile();
    return base;
  }

  /** The state now, whole: what follows is told as changes of that. */
  async rebase(): Promise<Base> {
    const { delta } = await this.inTurn((snapshot) => this.advance(snapshot));
    const base = this.base as Base; // of advance()
    return (this.base = isEmpty(delta) ? { ...base, revision: base.revision + 1 } : base);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.pending);
    clearTimeout(this.hurrying);
    this.observer.close();
    this.shared.flow.forget(this.observer.name);
  }

  /**
   * A look, all of it under way as one: what comes before it, the look itself, when it was really taken, without the time in the line, and what is made of it.
   */
  private inTurn<T>(see: (snapshot: AddonSnapshot, began: number, ended: number) => T, before = () => {}): Promise<T> {
    const { turns, underWay } = this.shared;
    const segment = this.observer.name;
    return turns.take(segment, () =>
      underWay.during({ method: 'peermap/watch', segment }, async () => {
        before();
        const began = performance.now();
        const snapshot = await this.observer.snapshotAsync({ withinMs: looks.ms });
        return see(snapshot, began, performance.now());
      }),
    );
  }

  /** It may be closed while anything is awaited. */
  private isOpen(): boolean {
    return !this.closed;
  }

  private changed(): void {
    if (this.looking || !this.base) this.again = true;
    else this.lookSoon();
    if (this.base && (this.looking || this.pending)) this.tellEvents();
  }

  private changedMeanwhile(): void {
    if (!this.again || this.closed) return;
    this.again = false;
    this.lookSoon();
  }

  private lookSoon(): void {
    const now = performance.now();
    const [ofLooking, ofTelling] = [this.restUntil - now, this.flowRest(now)];
    if (ofTelling > Math.max(0, ofLooking)) this.leftOut.changes += 1;
    const rest = Math.max(ofLooking, ofTelling);
    if (rest <= 0) void this.look();
    else this.pending ??= setTimeout(() => void this.look(), rest);
  }

  private async look(): Promise<void> {
    clearTimeout(this.pending);
    this.pending = undefined;
    if (this.looking || !this.isOpen()) return;
    this.looking = true;
    try {
      // The events first: the snapshot may take longer than the ring takes to come round.
      await this.inTurn(
        (snapshot, began, ended) => {
          if (this.isOpen()) this.see(snapshot, began, ended);
        },
        () => this.drain(),
      );
    } catch (error) {
      if (this.isOpen()) this.shared.listener.failed(this.observer.name, error);
    } finally {
      this.looking = false;
      this.changedMeanwhile();
    }
  }

  private see(next: AddonSnapshot, began: number, ended: number): void {
    this.restUntil = ended + (ended - began) * (1 / shareOfTime - 1);
    this.owed = this.flowRest(ended) > 0;
    if (this.owed) this.again = true;
    else this.tell(this.advance(next), began, ended);
  }

  private flowRest(now: number): number {
    return this.shared.flow.rest(this.observer.name, now);
  }

  private tellEvents(): void {
    const { base } = this;
    if (!base) return;
    const began = performance.now();
    this.attempt(() => {
      this.drain();
      if (!this.owed && this.flowRest(began) <= 0)
        this.tell({ base: base.revision, revision: base.revision, delta: {} }, began, performance.now());
    });
  }

  private tell(
    { base, revision, delta }: { base: number; revision: number; delta: SnapshotDelta },
    began: number,
    ended: number,
  ): void {
    const segment = this.observer.name;
    this.toldAt = ended;
    const batch = join(this.drained, this.last);
    this.drained = [];
    const sampling = this.pace.with(began, ended);
    if (isEmpty(delta) && batch.rows.length === 0 && batch.missed === 0) return;
    this.shared.flow.told(segment, batch.rows.byteLength + bytesOf(delta), ended);
    const leftOut = this.leftOut.events + this.leftOut.changes > 0 ? { leftOut: { ...this.leftOut } } : {};
    this.shared.listener.changed({ segment, base, revision, delta, batch, sampling: { ...sampling, ...leftOut } });
  }

  private drain(): void {
    const batch = this.observer.packedEvents(this.last, eventsAtOnce);
    this.last = batch.last;
    this.drained.push(batch);
    this.keepNewest();
    if (countOf(batch) >= many) this.hurry();
  }

  /** Where more waits than may be told, the oldest count as missed. */
  private keepNewest(): void {
    let waiting = this.drained.reduce((sum, batch) => sum + countOf(batch), 0);
    for (let [oldest, next] = this.drained; oldest && next && waiting > telling.events; [oldest, next] = this.drained) {
      const count = countOf(oldest);
      waiting -= count;
      this.leftOut.events += count;
      this.drained.splice(0, 2, { ...next, missed: oldest.missed + count + next.missed });
    }
  }

  private hurry(): void {
    this.hurrying ??= setTimeout(() => {
      this.hurrying = undefined;
      if (performance.now() - this.toldAt >= tellMs) {
        this.tellEvents();
        return;
      }
      this.hurry(); // what was read is still to be told
      this.attempt(() => this.drain());
    }, hurryMs);
  }

  /** All that is made of what others wrote may be the end of the server. */
  private noting<T>(work: () => T): T {
    return this.shared.underWay.during({ method: 'peermap/watch', segment: this.observer.name }, work);
  }

  private attempt(work: () => void): void {
    try {
      this.noting(work);
    } catch (error) {
      this.shared.listener.failed(this.observer.name, error);
    }
  }

  private advance(next: AddonSnapshot): { base: number; revision: number; delta: SnapshotDelta } {
    const after = toWire(next);
    this.base ??= { snapshot: after, revision: 1 };
    const { snapshot, revision: base } = this.base;
    const delta = diff(snapshot, after);
    const revision = isEmpty(delta) ? base : base + 1;
    if (revision !== base) this.base = { snapshot: after, revision };
    return { base, revision, delta };
  }
}

interface Asked {
  method: Method;
  /** Of others who ask with the same method: who may have the same answer. */
  name?: string;
  token?: Cancellation;
}

export class Watches {
  private readonly watches = new Map<string, Watch>();
  private readonly flow: Flow;

  constructor(
    private readonly addon: Addon,
    private readonly turns: Turns,
    private readonly underWay: UnderWay,
    private readonly listener: Listener,
    /** Whether the client takes nothing. */
    isStuck: () => boolean = () => false,
  ) {
    this.flow = new Flow(telling, isStuck);
  }

  /** Watching twice is watching once; but if the object was removed and there is another of its name, that one is watched now. */
  async watch(segment: string): Promise<Base> {
    const existing = this.watches.get(segment);
    if (existing) {
      const base = await existing.rebase();
      if (!isGone(base.snapshot)) return base;
      if (this.watches.get(segment) === existing) this.unwatch(segment);
    }
    const { turns, flow, underWay, listener } = this;
    const observer = underWay.during({ method: 'peermap/watch', segment }, () => new this.addon.Observer(segment));
    const watch = new Watch(observer, { turns, flow, underWay, listener });
    this.unwatch(segment); // of somebody who asked at the same time
    this.watches.set(segment, watch);
    try {
      return await watch.begin();
    } catch (error) {
      if (this.watches.get(segment) === watch) this.unwatch(segment);
      throw error;
    }
  }

  unwatch(segment: string): void {
    this.watches.get(segment)?.close();
    this.watches.delete(segment);
  }

  /** Looks at a segment, whether it is watched or not: for what takes long, in its turn. */
  inTurn<T>(segment: string, look: (observer: Observer) => Promise<T>, { method, name = '', token }: Asked): Promise<T> {
    if (typeof segment !== 'string') throw new TypeError('segment must be a string');
    const work = () => this.underWay.during({ method, segment }, () => this.lookLong(segment, look));
    return this.turns.take(segment, work, { name: `${method} ${name}`, ...(token ? { token } : {}) });
  }

  private async lookLong<T>(segment: string, look: (observer: Observer) => Promise<T>): Promise<T> {
    const watched = this.watches.get(segment);
    if (watched) return look(watched.observer);
    const observer = new this.addon.Observer(segment);
    try {
      return await look(observer);
    } finally {
      observer.close();
    }
  }

  snapshot(segment: string, token?: Cancellation): Promise<AddonSnapshot> {
    const take = (observer: Observer) => observer.snapshotAsync({ withinMs: looks.ms });
    return this.inTurn(segment, take, { method: 'peermap/snapshot', name: 'numbers', ...(token ? { token } : {}) });
  }

  /** As it is told. */
  wireSnapshot(segment: string, strangers: boolean, token?: Cancellation): Promise<Snapshot> {
    const withinMs = strangers ? looks.longMs : looks.ms;
    const take = async (observer: Observer) => toWire(await observer.snapshotAsync({ strangers, withinMs }));
    return this.inTurn(segment, take, { method: 'peermap/snapshot', name: String(strangers), ...(token ? { token } : {}) });
  }

  /** The same at once: for what is a few reads. */
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
