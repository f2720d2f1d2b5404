// SPDX-License-Identifier: MIT
//
// A part of a segment: any range, an object of the heap, or what a root names.
//
// `read` and `write` copy, and work everywhere.  `buffer`, `bytes` and `typed` are the shared memory itself, where the runtime allows that.

import type { Segment } from './segment';
import { failure } from './addon';

/** Int32Array, Float64Array, … */
export interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
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
    return this.segment.base + BigInt(this.#offset);
  }

  /** The memory itself.  While it is in use no peer can shrink the segment: see release(). */
  get bytes(): Buffer {
    return Buffer.from(this.#memory(), this.#before, this.#byteLength);
  }

  /** The memory itself, as numbers; RangeError if the range does not begin where such numbers may. */
  typed<T>(type: ArrayType<T>, length = Math.floor(this.#byteLength / type.BYTES_PER_ELEMENT)): T {
    if (!(length * type.BYTES_PER_ELEMENT <= this.#byteLength))
      throw new RangeError(`${length} elements are more than there are`);
    return new type(this.#memory(), this.#before, length);
  }

  /** A copy. */
  read(at = 0, length = this.#byteLength - at): Buffer {
    this.#require(at, length);
    return this.segment.read(this.#offset + at, length);
  }

  write(bytes: Uint8Array, at = 0): void {
    this.#require(at, bytes.byteLength);
    this.segment.write(this.#offset + at, bytes);
  }

  /** Ends what `bytes` and `typed` gave: those have no bytes then.  The next use of them is a new view. */
  release(): void {
    if (this.#view) this.segment.release(this.#view);
    this.#view = undefined;
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
    if (this.#byteLength === 0) return new ArrayBuffer(this.#before);
    // One that has lost its memory, or gave it away, is of no use any more.
    if (!this.#view?.byteLength) this.#view = this.segment.view(this.#offset - this.#before, this.#before + this.#byteLength);
    return this.#view;
  }

  #require(at: number, length: number): void {
    if (!(at >= 0 && length >= 0 && at + length <= this.#byteLength))
      throw new RangeError(`outside the range of ${this.#byteLength} bytes`);
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
