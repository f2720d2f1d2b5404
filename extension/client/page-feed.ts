// SPDX-License-Identifier: MIT
//
// What an inspector's page has been told, and what it is told next: the snapshot whole once, then what changed, with the events since.
//
//     changed, changed, changed --(one frame)--> one 'delta' message
//
// A page draws once a frame at most, so it is sent no more than one change a frame, however many come.

import { after, countOf, join } from '../protocol/batch';
import { diff, isEmpty } from '../protocol/delta';
import type { EventBatch, PackedEvents, Snapshot } from '../protocol/model';
import type { Sampling } from '../protocol/requests';
import type { ToView } from '../protocol/view';

export const frameMs = 16;

type Whole = Omit<Extract<ToView, { kind: 'snapshot' }>, 'kind' | 'revision'>;

export class PageFeed {
  /** What the page shows, once it has been told. */
  private shown: Snapshot | undefined;
  private next: Snapshot | undefined;
  private revision = 0;
  /** The last event that the page has, or will have with the next message; undefined while the past is being fetched. */
  private last: number | undefined;
  private batches: PackedEvents[] = [];
  private sampling: Sampling | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sentAt = -Infinity;

  /** `send` answers whether there was a page to send it to. */
  constructor(private readonly send: (message: ToView) => boolean) {}

  get generation(): string | undefined {
    return this.shown?.header?.generation;
  }

  /** Everything, at once: there is no knowing what the page has. */
  whole(message: Whole): boolean {
    this.flush();
    this.revision += 1;
    this.shown = this.next = message.snapshot;
    const { sampling } = this;
    return this.send({ kind: 'snapshot', ...message, revision: this.revision, ...(sampling ? { sampling } : {}) });
  }

  /** The past is being fetched: events that come meanwhile are in it. */
  awaitPast(): void {
    this.last = undefined;
    this.batches = [];
  }

  past(batch: EventBatch): void {
    if (this.send({ kind: 'events', batch, reset: true })) this.last = batch.last;
  }

  changed(snapshot: Snapshot, batch: PackedEvents, sampling: Sampling): void {
    this.next = snapshot;
    this.sampling = sampling;
    if (this.last !== undefined && batch.last > this.last) {
      this.batches.push(after(batch, this.last));
      this.last = batch.last;
    }
    const wait = this.sentAt + frameMs - performance.now();
    if (wait <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), wait);
  }

  /** There is no page any more, or nothing to show on it. */
  forget(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.shown = this.next = undefined;
    this.awaitPast();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { shown, next, sampling, revision: base, last } = this;
    if (!shown || !next) return;
    const batch = last !== undefined && this.batches.length > 0 ? join(this.batches, last) : undefined;
    const delta = diff(shown, next);
    this.batches = [];
    if (isEmpty(delta) && !(batch && (countOf(batch) > 0 || batch.missed > 0))) return;
    this.revision += 1;
    this.shown = next;
    this.sentAt = performance.now();
    const rest = { ...(batch ? { batch } : {}), ...(sampling ? { sampling } : {}) };
    this.send({ kind: 'delta', base, revision: this.revision, delta, ...rest });
  }
}
