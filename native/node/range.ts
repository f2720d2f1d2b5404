// SPDX-License-Identifier: MIT
//
// A part of a segment: any range, an object of the heap, or what a root names.
//
// `read` and `write` copy, and work everywhere.  `bytes` and `typed` are the shared memory itself, where the runtime allows that.

import type { Bytes } from '../addon/index';
import type { Segment } from './segment';
import { addon, failure } from './addon';
import { checkInteger, waiting, type WaitOptions } from './arguments';
import { readOnly } from './reader';

/** Int32Array, Float64Array, … */
export interface ArrayType<T> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
}

export function checkArrayType(type: unknown): void {
  if (typeof type !== 'function' || !('BYTES_PER_ELEMENT' in type))
    throw new TypeError('type must be the class of a typed array, such as Float64Array');
}

export class Range {
  #offset: number;
  #byteLength: number;
  #view: ArrayBuffer | undefined;

  constructor(
    readonly segment: Segment,
    offset: number,
    byteLength: number,
  ) {
    checkInteger(offset, 'offset');
    checkInteger(byteLength, 'byteLength');
    this.#offset = offset;
    this.#byteLength = byteLength;
  }

  /** In the segment's data: the same in every process. */
  get offset(): number {
    return this.#offset;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** In this process, and in every other that is not relocated. */
  get address(): bigint {
    return this.segment.base + BigInt(this.offset);
  }

  /** The memory itself; of a segment that was attached to read, a Buffer that cannot be written.  While it is in use no peer can shrink the segment: see release(). */
  get bytes(): Bytes {
    return this.#guarded(Buffer.from(this.#memory(), this.#before, this.#byteLength));
  }

  /**
   * The memory itself, as numbers; of a segment that was attached to read, an array that cannot be written.  RangeError if the range does not begin where such numbers
   * may, or without a length does not consist of whole ones.
   */
  typed<T>(type: ArrayType<T>, length?: number): T {
    checkArrayType(type);
    const { name, BYTES_PER_ELEMENT: each } = type;
    if (length !== undefined) checkInteger(length, 'length');
    else if (this.#byteLength % each !== 0)
      throw new RangeError(`${this.#byteLength} bytes are no whole number of elements of ${each}, as a ${name} has them`);
    const count = length ?? this.#byteLength / each;
    if (count * each > this.#byteLength)
      throw new RangeError(`${count} elements of a ${name} are ${count * each} bytes, and the range has ${this.#byteLength}`);
    if (this.offset % each !== 0)
      throw new RangeError(`a ${name} begins at a multiple of ${each}, and not at offset ${this.#offset}`);
    return this.#guarded(new type(this.#memory(), this.#before, count) as T & object & { readonly buffer: ArrayBufferLike });
  }

  /** A copy. */
  read(at = 0, length = this.#byteLength - at): Bytes {
    this.#require(at, length);
    return this.segment.read(this.offset + at, length);
  }

  write(bytes: Uint8Array, at = 0): void {
    if (!(bytes instanceof Uint8Array)) throw new TypeError('bytes must be a Uint8Array');
    this.#require(at, bytes.byteLength);
    this.segment.write(this.offset + at, bytes);
  }

  /** Waits until the 32 bits `at` bytes from its beginning are another than this value: see Segment.wait(). */
  wait(value: number, at = 0, options?: number | WaitOptions): Promise<boolean> {
    return waiting(options, (deadlineMs, stop) => {
      this.#require(at, 4);
      return addon.Segment.prototype.wait.call(this.segment, this.offset + at, value, deadlineMs, stop);
    });
  }

  /** Wakes who waits for them: see Segment.notify(). */
  notify(at = 0, count?: number): number {
    this.#require(at, 4);
    return this.segment.notify(this.offset + at, count);
  }

  /** Ends what `bytes` and `typed` gave: those have no bytes then.  The next use of them is a new view. */
  release(): void {
    if (this.#view) this.segment.release(this.#view);
    this.#view = undefined;
  }

  toJSON(): unknown {
    return { segment: this.segment.name, offset: this.#offset, byteLength: this.#byteLength };
  }

  protected move(offset: number, byteLength: number): void {
    this.#view = undefined;
    this.#offset = offset;
    this.#byteLength = byteLength;
  }

  /** A view begins at a multiple of 8. */
  get #before(): number {
    return this.#offset % 8;
  }

  #memory(): ArrayBuffer {
    const begin = this.offset - this.#before;
    if (this.#byteLength === 0) return new ArrayBuffer(this.#before);
    // One that has lost its memory, or gave it away, is of no use any more.
    if (!this.#view?.byteLength)
      this.#view = addon.Segment.prototype.view.call(this.segment, begin, this.#before + this.#byteLength);
    return this.#view;
  }

  #guarded<T extends object & { readonly buffer: ArrayBufferLike }>(view: T): T {
    const { name } = this.segment;
    if (!this.segment.readOnly) return view;
    return readOnly(view, () => {
      throw failure(
        'PEERMAP_EREADONLY',
        `segment ${name} was attached to read, and its memory cannot be written: attach without { readOnly: true }`,
      );
    });
  }

  #require(at: number, length: number): void {
    checkInteger(at, 'at');
    checkInteger(length, 'length');
    if (at + length > this.#byteLength)
      throw new RangeError(`offset ${at} and length ${length} are outside the range of ${this.#byteLength} bytes`);
  }
}

/** An object of the heap.  Every peer may use it, and any peer may free it. */
export class HeapObject extends Range {
  #freed = false;

  override get offset(): number {
    if (this.#freed) throw failure('PEERMAP_EINVAL', 'the object was freed');
    return super.offset;
  }

  /** Ends its views, and frees it. */
  free(): void {
    this.segment.deallocate(this.offset);
    this.#freed = true;
    this.move(0, 0);
  }

  /** Ends its views; it may have another offset then.  If it cannot be had, the object is what it was. */
  resize(bytes: number): this {
    this.move(this.segment.reallocate(this.offset, bytes), bytes);
    return this;
  }
}

/** What a root names. */
export class Root extends Range {
  constructor(
    segment: Segment,
    readonly name: string,
    offset: number,
    /** As `byteLength`. */
    readonly size: number,
    /** '' if it was set without one. */
    readonly type: string,
    /** Another one whenever the root was set. */
    readonly version: number,
  ) {
    super(segment, offset, size);
  }
}

/** All of a segment from an offset on, as numbers, however much it grows. */
export class Growing<T extends { readonly byteLength: number }> implements Disposable {
  #range: Range;
  #array: T | undefined;

  constructor(
    readonly segment: Segment,
    readonly type: ArrayType<T>,
    readonly offset: number,
  ) {
    checkArrayType(type);
    this.#range = segment.range(offset, 0);
  }

  /** The same array until the size of the segment changes; then another one, and the one before keeps its length. */
  get array(): T {
    const each = this.type.BYTES_PER_ELEMENT;
    const byteLength = Math.max(0, Math.floor((this.segment.size - this.offset) / each) * each);
    if (this.#array?.byteLength === byteLength) return this.#array;
    this.#range = new Range(this.segment, this.offset, byteLength);
    this.#array = this.#range.typed(this.type);
    return this.#array;
  }

  /** Ends the last array: it has no elements then.  The next use of `array` is a new one. */
  release(): void {
    this.#range.release();
    this.#array = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Keeps every peer from shrinking the segment below `bytes`, until it is released, or the segment is detached. */
export class Pin implements Disposable {
  #held = true;

  constructor(
    readonly segment: Segment,
    /** What no shrink takes away, from the beginning on. */
    readonly bytes: number,
  ) {}

  /** Idempotent. */
  release(): void {
    if (this.#held) this.segment.dropPin();
    this.#held = false;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
