// SPDX-License-Identifier: MIT
//
// The addon's classes, with what JavaScript makes better of them: objects with bytes, events, `using`.

import { threadId } from 'node:worker_threads';
import type { AllocationOptions, ObjectRow, RootCopy, SegmentOptions } from '../addon/index';
import type { Round } from '../addon/model';
import { addon, failure } from './addon';
import { checkInteger, refuseClones, waiting, type WaitOptions } from './arguments';
import { Events, type EventsOptions } from './events';
import { Growing, HeapObject, Pin, Range, Root, checkArrayType, type ArrayType } from './range';

/** What a segment can be attached by in another thread, or in another process of this machine; a plain object, which can be posted, cloned and written as JSON. */
export interface SegmentHandle {
  name: string;
  /** Only where it was attached so. */
  readOnly?: true;
}

/** One attachment of this process.  Everything is done when the call returns, but for grow(), growTo(), shrink(), remap(), mapPeer() and trim(), and what is called …Async(). */
export class Segment extends addon.Segment implements Disposable, AsyncDisposable {
  readonly #events = new Set<Events>();
  readonly #rounds = new Set<Promise<Round>>();

  protected constructor(name: string) {
    super(name);
    refuseClones(
      this,
      'a Segment is an attachment of this thread, and can be neither cloned nor posted: post segment.handle(), and there use Segment.from(handle)',
    );
  }

  // ---- other threads ----

  /** For Segment.from(), in a worker or wherever it can be sent to. */
  handle(): SegmentHandle {
    return this.readOnly ? { name: this.name, readOnly: true } : { name: this.name };
  }

  toJSON(): SegmentHandle {
    return this.handle();
  }

  /**
   * Attaches to the segment of that handle(), as it was attached there: by its name, so that it must not have been unlinked meanwhile.  `relocatable` unless that is
   * false, and in a worker under a peerName of its own.
   */
  static from<T>(this: { prototype: T }, handle: SegmentHandle, options: SegmentOptions = {}): T {
    if (typeof handle !== 'object' || typeof (handle as Partial<SegmentHandle>).name !== 'string')
      throw new TypeError('handle must be what segment.handle() gave');
    const own = threadId === 0 ? {} : { peerName: `worker-${process.pid}-${threadId}` };
    return addon.Segment.attach.call(this, handle.name, {
      relocatable: true,
      ...own,
      ...(handle.readOnly && { readOnly: true }),
      ...options,
    }) as T;
  }

  /** Whether this runtime allows views of the memory itself; where it does not, read() and write() copy. */
  get canView(): boolean {
    return addon.canView;
  }

  // ---- the memory ----

  /** Any part of the active memory. */
  range(offset: number, byteLength: number): Range {
    const range = new Range(this, offset, byteLength);
    if (offset + byteLength > this.size)
      throw new RangeError(`offset ${offset} and length ${byteLength} are outside the active memory of ${this.size} bytes`);
    return range;
  }

  /** An ArrayBuffer cannot be had to read only. */
  override view(offset: number, length: number): ArrayBuffer {
    if (!this.readOnly) return super.view(offset, length);
    throw failure(
      'PEERMAP_EREADONLY',
      `segment ${this.name} was attached to read, and an ArrayBuffer could be written: use read(), or typed() and bytes of a range`,
    );
  }

  /** The memory itself from `offset`, a multiple of the element's size. */
  typed<T>(type: ArrayType<T>, offset: number, length: number): T {
    checkArrayType(type);
    checkInteger(length, 'length');
    return this.range(offset, length * type.BYTES_PER_ELEMENT).typed(type, length);
  }

  /** All of the memory from `offset` on: its `array` is renewed when the segment has grown. */
  growing<T extends { readonly byteLength: number }>(type: ArrayType<T>, offset = 0): Growing<T> {
    return new Growing(this, type, offset);
  }

  /**
   * Waits until at least so many bytes are active, whoever grows it, which it sees within 20 ms; the size then.  Rejects with `code: 'ETIMEDOUT'` at the deadline, which is
   * the segment's if none is given.
   */
  override waitSize(bytes: number, options?: number | WaitOptions): Promise<number> {
    return waiting(options, (deadlineMs, stop) => super.waitSize(bytes, deadlineMs, stop));
  }

  /**
   * Waits until the 32 bits at the offset, a multiple of 4, or at the beginning of a range, are another than `value`: false if they were not by the deadline, which is the
   * segment's if none is given.  The process can do other things meanwhile.  Whoever changes them calls notify(); a change that nobody told of, as by who was killed
   * after it, is found within 50 ms.
   */
  override wait(at: Range | number, value: number, options?: number | WaitOptions): Promise<boolean> {
    return waiting(options, (deadlineMs, stop) => super.wait(this.#placeOf(at), value, deadlineMs, stop));
  }

  /** The same, and this thread does nothing else meanwhile: for workers. */
  override waitSync(at: Range | number, value: number, deadlineMs?: number): boolean {
    return super.waitSync(this.#placeOf(at), value, deadlineMs);
  }

  /** Wakes up to so many threads, of whichever process, that wait for these 32 bits; how many it woke.  Call it after the change. */
  override notify(at: Range | number, count?: number): number {
    return super.notify(this.#placeOf(at), count);
  }

  /** Keeps every peer from shrinking away what is active now: `using pin = segment.pin()`.  Growths go on. */
  pin(): Pin {
    return new Pin(this, this.addPin());
  }

  #placeOf(at: Range | number): number {
    if (!(at instanceof Range)) return at;
    this.#requireOwn(at);
    return at.offset;
  }

  #requireOwn(range: Range): void {
    if (range.segment === this) return;
    const other = range.segment.name === this.name ? 'another attachment to it' : `segment ${range.segment.name}`;
    throw failure('PEERMAP_EINVAL', `that is a part of ${other}, and not of this attachment to segment ${this.name}`);
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
    if (!(object instanceof HeapObject)) throw new TypeError('object must be what alloc() or object() gave');
    this.#requireOwn(object);
    object.free();
  }

  /**
   * A new object of zeroes, whose offset is put into 64 bits of the segment in the same step: at an offset that is a multiple of 8, or at the beginning of a range. They must
   * be 0.  So whoever is killed meanwhile leaves no object, or one that they name.
   */
  allocTo(slot: Range | number, bytes: number): HeapObject {
    return new HeapObject(this, this.allocateTo(this.#placeOf(slot), bytes), bytes);
  }

  /** The live objects, in the order of offsets, to find what nothing refers to any more: `segment.object(row.offset).free()`.  What is allocated or freed meanwhile is met or not. */
  *objects(): Generator<ObjectRow, void, undefined> {
    for (let cursor: bigint | undefined = 0n; cursor !== undefined;) {
      const batch: { objects: ObjectRow[]; cursor?: bigint } = this.objectsFrom(cursor);
      yield* batch.objects;
      cursor = batch.cursor;
    }
  }

  // ---- roots ----

  override setRoot(root: string, range: Range, type?: string): void;
  override setRoot(root: string, offset: number, size: number, type?: string): void;
  override setRoot(root: string, at: Range | number, second?: number | string, type?: string): void {
    if (at instanceof Range) {
      this.#requireOwn(at);
      super.setRoot(root, at.offset, at.byteLength, second as string | undefined);
    } else {
      super.setRoot(root, at, second as number, type);
    }
  }

  /**
   * Like setRoot(), or with null instead of a range removeRoot(), if the root is still what root() gave: `was`, or undefined for none.  False, and nothing is changed, if
   * somebody else was first.  Of any number that try at once, one succeeds.
   */
  override compareExchangeRoot(root: string, was: Root | number | undefined, range: Range | null, type?: string): boolean;
  override compareExchangeRoot(
    root: string,
    was: Root | number | undefined,
    offset: number,
    size: number,
    type?: string,
  ): boolean;
  override compareExchangeRoot(
    root: string,
    was: Root | number | undefined,
    at: Range | number | null,
    second?: number | string,
    type?: string,
  ): boolean {
    const version = this.#versionOf(root, was) ?? 0;
    if (!(at instanceof Range)) return super.compareExchangeRoot(root, version, at, second as number | undefined, type);
    this.#requireOwn(at);
    return super.compareExchangeRoot(root, version, at.offset, at.byteLength, second as string | undefined);
  }

  /**
   * With a type: PEERMAP_ETYPE if it was set with another one.  Blanks do not count beyond one between two words, nor `struct` and its kind at the beginning, which C++ leaves out.
   */
  override root(root: string, type?: string): Root | undefined {
    const found = this.#rootOf(root, super.root(root));
    if (found && type !== undefined && plainType(found.type) !== plainType(type))
      throw failure('PEERMAP_ETYPE', `root "${root}" is ${found.type === '' ? 'of no type' : `"${found.type}"`}, not "${type}"`);
    return found;
  }

  /** All of them, in no order. */
  override roots(): Root[] {
    return super.roots().map(({ name, offset, size, type, version }) => new Root(this, name, offset, size, type, version));
  }

  /**
   * Waits until the root is another than it `was`, or without that until there is one; undefined if it was removed.  Rejects with `code: 'ETIMEDOUT'` if it was
   * not so by the deadline, which is the segment's if none is given.
   */
  override waitRoot(root: string, was?: Root | number, options?: number | WaitOptions): Promise<Root | undefined> {
    return waiting(options, async (deadlineMs, stop) => {
      const version = this.#versionOf(root, was);
      return this.#rootOf(root, await super.waitRoot(root, version, deadlineMs, stop));
    });
  }

  /** Waits until the number of changes of any root is another than this, and resolves with what it is then; otherwise likewise.  Look at the roots after each. */
  override waitRoots(changes?: number, options?: number | WaitOptions): Promise<number> {
    return waiting(options, (deadlineMs, stop) => super.waitRoots(changes, deadlineMs, stop));
  }

  override waitEnded(peer: { id: bigint }, options?: number | WaitOptions): Promise<boolean> {
    return waiting(options, (deadlineMs, stop) => super.waitEnded(peer, deadlineMs, stop));
  }

  #versionOf(root: string, was: Root | number | undefined): number | undefined {
    if (!(was instanceof Root)) return was;
    this.#requireOwn(was);
    if (was.name !== root) throw failure('PEERMAP_EINVAL', `what it was is root "${was.name}", and not "${root}"`);
    return was.version;
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

  override growTo(size: number): Promise<Round> {
    return this.#track(super.growTo(size));
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

/** As it compares: native/include/peermap_types.hpp has the same for C++. */
function plainType(type: string): string {
  const spaced = type.trim().replace(/\s+/g, ' ');
  const canonical = spaced.replace(/(?<![\w*>]) | (?!\w)/g, '').replaceAll(',', ', ');
  return canonical.replace(/__cxx11::|__1::/g, '').replace(/^(?:struct|class|union|enum) /, '');
}

/** Watches a segment without entering its registry. */
export class Observer extends addon.Observer implements Disposable {
  constructor(name: string) {
    super(name);
    refuseClones(this, 'an Observer can be neither cloned nor posted: make another one, of the same name');
  }

  /** What happens from now on; a death is told of when some peer has noticed it. */
  stream(options?: EventsOptions): Events {
    return new Events(this.name, options);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
