// SPDX-License-Identifier: MIT
//
// The addon's classes, with what JavaScript makes better of them: objects with bytes, events, `using`.

import type { AllocationOptions, RootCopy } from '../addon/index';
import type { Round } from '../addon/model';
import { addon, failure } from './addon';
import { Events, type EventsOptions } from './events';
import { HeapObject, Range, Root, type ArrayType } from './range';

/** One attachment of this process.  Everything is done when the call returns, but for grow(), shrink(), remap(), mapPeer() and trim(), and what is called …Async(). */
export class Segment extends addon.Segment implements Disposable, AsyncDisposable {
  readonly #events = new Set<Events>();
  readonly #rounds = new Set<Promise<Round>>();

  /** Whether this runtime allows views of the memory itself; where it does not, read() and write() copy. */
  get canView(): boolean {
    return addon.canView;
  }

  // ---- the memory ----

  /** Any part of the active memory. */
  range(offset: number, byteLength: number): Range {
    return new Range(this, offset, byteLength);
  }

  /** The memory itself from `offset`, a multiple of the element's size. */
  typed<T>(type: ArrayType<T>, offset: number, length: number): T {
    return this.range(offset, length * type.BYTES_PER_ELEMENT).typed(type, length);
  }

  // ---- the heap ----

  /** A new object.  Grows the segment when it must, and then waits until every peer has it mapped. */
  alloc(bytes: number, options?: AllocationOptions): HeapObject {
    return new HeapObject(this, this.allocate(bytes, options), bytes);
  }

  /** The live object that begins there, whoever allocated it; PEERMAP_EINVAL if there is none, or one of no bytes. */
  object(offset: number): HeapObject {
    const bytes = this.objectSize(offset);
    if (bytes === 0) throw failure('PEERMAP_EINVAL', `no live object begins at offset ${offset}`);
    return new HeapObject(this, offset, bytes);
  }

  free(object: HeapObject): void {
    if (object.segment !== this) throw failure('PEERMAP_EINVAL', 'the object is not of this attachment');
    object.free();
  }

  // ---- roots ----

  override setRoot(root: string, range: Range, type?: string): void;
  override setRoot(root: string, offset: number, size: number, type?: string): void;
  override setRoot(root: string, at: Range | number, second?: number | string, type?: string): void {
    if (at instanceof Range) super.setRoot(root, at.offset, at.byteLength, second as string | undefined);
    else super.setRoot(root, at, second as number, type);
  }

  override root(root: string): Root | undefined {
    const found = super.root(root);
    return this.#rootOf(root, found);
  }

  /**
   * Waits until the root is another than it `was`, or without that until there is one; undefined if it was removed.  Rejects with `code: 'ETIMEDOUT'` if it was
   * not so by the deadline, which is the segment's if none is given.
   */
  override async waitRoot(root: string, was?: Root | number, deadlineMs?: number): Promise<Root | undefined> {
    const version = was instanceof Root ? was.version : was;
    return this.#rootOf(root, await super.waitRoot(root, version, deadlineMs));
  }

  #rootOf(name: string, found: RootCopy | undefined): Root | undefined {
    return found && new Root(this, name, found.offset, found.size, found.type, found.version);
  }

  // ---- events ----

  /** What happens from now on.  Closed when the segment is detached. */
  events(options?: EventsOptions): Events {
    // A death is told of by the first peer that looks.
    const events = new Events(this.name, options, () => void this.peers());
    this.#events.add(events);
    return events.once('close', () => this.#events.delete(events));
  }

  // ---- rounds ----

  override grow(bytes: number): Promise<Round> {
    return this.#track(super.grow(bytes));
  }

  override shrink(bytes: number): Promise<Round> {
    return this.#track(super.shrink(bytes));
  }

  override remap(pid?: number): Promise<Round> {
    return this.#track(super.remap(pid));
  }

  override mapPeer(pid?: number): Promise<Round> {
    return this.#track(super.mapPeer(pid));
  }

  override trim(): Promise<Round> {
    return this.#track(super.trim());
  }

  // ---- the end ----

  override detach(): void {
    for (const events of this.#events) events.close();
    super.detach();
  }

  override detachAsync(): Promise<void> {
    for (const events of this.#events) events.close();
    return super.detachAsync();
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** Lets the rounds that were asked for end first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#rounds);
    this.detach();
  }

  #track(round: Promise<Round>): Promise<Round> {
    this.#rounds.add(round);
    const forget = () => this.#rounds.delete(round);
    round.then(forget, forget);
    return round;
  }
}

/** Watches a segment without entering its registry. */
export class Observer extends addon.Observer implements Disposable {
  /** What happens from now on; a death is told of when some peer has noticed it. */
  stream(options?: EventsOptions): Events {
    return new Events(this.name, options);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
