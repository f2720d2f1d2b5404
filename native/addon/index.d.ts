// SPDX-License-Identifier: MIT
//
// The addon's face: everything that native/addon/*.cc exports, and nothing else.
//
// Two sides.  `Segment` is a peer: attaching enters the process into the segment's registry, with an agent thread of its own.
// `Observer` and the functions below it only look: they open everything read-only and never enter a registry.
//
// The objects are in model.d.ts.  Nothing here refers to shared memory: everything is a copy.
//
// Errors are thrown (or reject) as Error with `code` ("PEERMAP_ELATE"), `errno` where the system gave one, and for a failed round
// `round`.  Arguments of a wrong type throw TypeError.

import type { ErrorCode, EventBatch, PeerAnswer, ProcessUse, Round, SegmentSummary, Snapshot } from './model';
export type * from './model';

/** Every code, in the order of PEERMAP_ERRORS in peermap.h. */
export const errorCodes: readonly { code: ErrorCode; number: number; text: string }[];

export interface PeermapError extends Error {
  code: ErrorCode;
  errno?: number;
  round?: Round;
}

// ---- the peer's side ----

/** peermap_options of peermap.h. */
export interface SegmentOptions {
  peerName?: string;
  initialSize?: number;
  reserveSize?: number;
  deadlineMs?: number;
  maxPeers?: number;
  mode?: number;
  /** Creation: bytes mapped past the active ones.  Default: as many as are active, at least 64 MiB, and up to 16 times that while it grows fast. */
  ahead?: number;
  allowLate?: boolean;
  relocatable?: boolean;
  /** Creation: nobody maps past the active size, so that every growth asks each peer. */
  strict?: boolean;
  /** Nobody uses ptrace on this peer; at creation: on any peer. */
  noInject?: boolean;
  /** Growths of this handle populate the new pages in every peer before they return. */
  prefault?: boolean;
  /** Creation: huge pages where the system gives them. */
  huge?: boolean;
  /** Creation: the memory is a heap. */
  heap?: boolean;
  /** When allocations of this handle grow the heap, it doubles, but by no more than this.  Default 64 MiB. */
  heapStep?: number;
}

/** peermap_peer of peermap.h. */
export interface RegisteredPeer {
  pid: number;
  uid: number;
  name: string;
  state: 'alive' | 'late' | 'dead';
  base: bigint;
  mapped: number;
  epochRequested: number;
  epochAcked: number;
}

/** One attachment.  Rounds run off the main thread, one at a time.  Detached when collected, and when its environment ends. */
export class Segment {
  private constructor();
  static create(name: string, options?: SegmentOptions): Segment;
  static attach(name: string, options?: SegmentOptions): Segment;
  static open(name: string, options?: SegmentOptions): Segment;
  readonly name: string;
  readonly base: bigint;
  readonly size: number;
  /** Bytes of the pages that the system gives the data. */
  readonly pageSize: number;
  readonly epoch: number;
  grow(bytes: number): Promise<Round>;
  shrink(bytes: number): Promise<Round>;
  /** Without pid: every peer. */
  remap(pid?: number): Promise<Round>;
  mapPeer(pid?: number): Promise<Round>;
  /** How each peer came to the last round of this attachment. */
  answers(): PeerAnswer[];
  peers(): RegisteredPeer[];
  pidOf(peerName: string): number | undefined;
  reap(): number;
  setRoot(root: string, offset: number, size: number, type?: string): void;
  removeRoot(root: string): void;
  root(root: string): { offset: number; size: number } | undefined;
  /** A copy of [offset, offset + length); RangeError outside the active memory. */
  read(offset: number, length: number): Buffer;
  write(offset: number, bytes: Uint8Array): void;
  /** Waits for a running round, then leaves.  Idempotent.  Every other call afterwards throws PEERMAP_EDETACHED. */
  detach(): void;
}

/** Removes the segment's name; who is attached keeps the memory. */
export function destroy(name: string): void;

// ---- the observer's side ----

/** Watches one segment; opened read-only. */
export class Observer {
  /** Throws PEERMAP_ENOENT, PEERMAP_ENAME, PEERMAP_EACCES, PEERMAP_EFORMAT (not a regular file).  Garbage is no error: snapshot() tells. */
  constructor(name: string);
  readonly name: string;
  /** `strangers: true` looks through all processes of the machine for unregistered mappings: tens of milliseconds. */
  snapshot(options?: { strangers?: boolean }): Snapshot;
  /** Events with seq > after, oldest first, at most `limit` (default 4096). */
  events(after: number, limit?: number): EventBatch;
  /** Up to `length` bytes of the data at `offset`, by pread; shorter at the end of the object.  PEERMAP_EFORMAT without a header. */
  read(offset: number, length: number): Buffer;
  /**
   * Calls back when something changed: a round, an attach, a death, the object's removal.  Costs nothing while nothing happens;
   * bursts are one call: the next comes at the earliest `intervalMs` (default 16) after the last.  Does not keep the process alive.
   */
  watch(changed: () => void, options?: { intervalMs?: number }): void;
  unwatch(): void;
  /** Idempotent.  Unwatches.  Every other call afterwards throws PEERMAP_EDETACHED. */
  close(): void;
}

/** Every object named peermap.* on this machine, by name. */
export function list(): SegmentSummary[];

/** The local processes that map a segment, whether they are registered or not. */
export function processes(): ProcessUse[];
