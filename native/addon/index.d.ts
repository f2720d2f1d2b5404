// SPDX-License-Identifier: MIT
//
// The addon's face: everything that native/addon/*.cc exports, and nothing else.
//
// Two sides.  `Segment` is a peer: attaching enters the process into the segment's registry, with an agent thread of its own.
// `Observer` and the functions below it only look: they open everything read-only and never enter a registry.
//
// The objects are in model.d.ts.  Everything is a copy, but for Segment.view(): its ArrayBuffers are the shared memory itself, and lose it
// before it goes away.
//
// Errors are thrown (or reject) as Error with `code` ("PEERMAP_ETIMEDOUT"), `errno` where the system gave one, and for a failed round
// `round`.  Arguments of a wrong type, and options that do not exist, throw TypeError; values that cannot be, RangeError.

import type {
  Census,
  ErrorCode,
  EventBatch,
  EventKind,
  Heap,
  HeapCount,
  HeapPeer,
  Method,
  Op,
  PackedEvents,
  PeerResult,
  Problem,
  ProcessUse,
  Removal,
  Round,
  SegmentSummary,
  Snapshot,
} from './model';
export type * from './model';

/** Buffer, where the types of Node are there. */
export type Bytes = typeof globalThis extends { Buffer: { alloc(size: number): infer Buffer } } ? Buffer : Uint8Array;

/** Every code, in the order of PEERMAP_ERRORS in peermap.h. */
export const errorCodes: readonly { code: ErrorCode; number: number; text: string }[];

/** What the numbers in PackedEvents stand for: each the index of its word. */
export const eventWords: {
  readonly kinds: readonly EventKind[];
  readonly methods: readonly Method[];
  readonly ops: readonly Op[];
};

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
  /** Creation: roots that there can be, at most 1048576.  Default 64; with `heap` 1048576, which take memory as they come. */
  maxRoots?: number;
  mode?: number;
  /** Creation: bytes mapped past the active ones.  Default: as many as are active, at least 64 MiB, and up to 16 times that while it grows fast. */
  ahead?: number;
  allowLate?: boolean;
  relocatable?: boolean;
  /** Creation: nobody maps past the active size, so that every growth asks each peer. */
  strict?: boolean;
  /** Nobody uses ptrace on this peer; at creation: on any peer. */
  noPtrace?: boolean;
  /** Growths of this handle populate the new pages in every peer before they return. */
  prefault?: boolean;
  /** Creation: huge pages where the system gives them. */
  huge?: boolean;
  /** Creation: the memory is a heap. */
  heap?: boolean;
  /** When allocations of this handle grow the heap, it doubles, but by no more than this.  Default 64 MiB. */
  heapStep?: number;
  /** Attaching: the uid whose segment it must be.  Default: this process's user, and any other's is PEERMAP_EACCES with errno EREMOTE. */
  owner?: number;
  /** Attaching: whosever segment it is. */
  foreign?: boolean;
  /** Attaching: to read.  What would change the segment is PEERMAP_EREADONLY; a write to an ArrayBuffer of view() ends the process (SIGSEGV), since JavaScript has none to read only. */
  readOnly?: boolean;
}

export interface AllocationOptions {
  /** A power of two up to 2 MiB.  Default 16. */
  alignment?: number;
  zeroed?: boolean;
}

/** Whether this runtime allows views.  Node does; a runtime whose JavaScript lives in a memory cage, as Electron's, does not. */
export const canView: boolean;

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
  /** Of this attachment, and of no other ever. */
  id: bigint;
  readOnly: boolean;
}

/** A live object of the heap: peermap_object of peermap.h. */
export interface ObjectRow {
  offset: number;
  /** As it was asked for. */
  size: number;
  /** Of the attachment that allocated it; 'unknown' where that has left the registry, or cannot be told. */
  state: 'alive' | 'late' | 'dead' | 'unknown';
  /** `id` of that; without it, that is not known, as the two below. */
  owner?: bigint;
  pid?: number;
  name?: string;
  /** To four seconds, by a clock that goes round in 194 days. */
  allocatedAtMs?: number;
}

/** Of a wait: the addon puts `now` into it, and a call of that ends the wait soon. */
export interface Stop {
  now?(): void;
}

/** peermap_root_copy of peermap.h. */
export interface RootCopy {
  offset: number;
  size: number;
  /** '' if it was set without one. */
  type: string;
  /** Another one whenever the root was set. */
  version: number;
}

/**
 * One attachment.  Rounds run off the main thread, one at a time; the deadline of each counts from its call, also while it waits for its turn.  Detached when collected, and
 * when its environment ends: the end of a worker waits for what changes something and is under way, a round or a detach, until its deadline at most, and for no look or wait.
 */
export class Segment {
  /** Of create(), attach() and open(), also in a derived class; anybody else's call throws TypeError. */
  protected constructor(name: string);
  static create<T>(this: { prototype: T }, name: string, options?: SegmentOptions): T;
  static attach<T>(this: { prototype: T }, name: string, options?: SegmentOptions): T;
  static open<T>(this: { prototype: T }, name: string, options?: SegmentOptions): T;
  /** The same on a thread of its own: they may wait, until the deadline, for whoever holds the segment's lock. */
  static createAsync<T>(this: { prototype: T }, name: string, options?: SegmentOptions): Promise<T>;
  static attachAsync<T>(this: { prototype: T }, name: string, options?: SegmentOptions): Promise<T>;
  static openAsync<T>(this: { prototype: T }, name: string, options?: SegmentOptions): Promise<T>;
  readonly name: string;
  readonly base: bigint;
  readonly size: number;
  /** Bytes of the pages that the system gives the data. */
  readonly pageSize: number;
  readonly epoch: number;
  /** Attached to read. */
  readonly readOnly: boolean;
  grow(bytes: number): Promise<Round>;
  /** Makes it at least so large; of any number that see the same need, one makes the growth. */
  growTo(size: number): Promise<Round>;
  shrink(bytes: number): Promise<Round>;
  /** Without pid: every peer. */
  remap(pid?: number): Promise<Round>;
  mapPeer(pid?: number): Promise<Round>;
  /** How each peer came to the last round of this attachment. */
  results(): PeerResult[];
  peers(): RegisteredPeer[];
  /** This attachment's own row of peers(). */
  me(): RegisteredPeer;
  pidOf(peerName: string): number | undefined;
  /** Frees the slots of dead peers: of these, and of nobody who has died since; without them, of all. */
  reap(peers?: readonly { id: bigint }[]): number;
  /** The same off the main thread, in turn with the rounds. */
  reapAsync(peers?: readonly { id: bigint }[]): Promise<number>;
  /** Whether no thread of that process can touch the memory any more: one that is 'dead' may have threads that run for a moment more. */
  peerEnded(peer: { id: bigint }): boolean;
  /** Waits for that, like waitRoot(); false if it was not so by the deadline. */
  waitEnded(peer: { id: bigint }, deadlineMs?: number, stop?: Stop): Promise<boolean>;
  setRoot(root: string, offset: number, size: number, type?: string): void;
  removeRoot(root: string): void;
  /** Sets the root, or with null instead of an offset removes it, if it has this version still (0: there is none).  Whether it did; if not, nothing is changed. */
  compareExchangeRoot(root: string, version: number, offset: number | null, size?: number, type?: string): boolean;
  roots(): (RootCopy & { name: string })[];
  root(root: string): RootCopy | undefined;
  /**
   * Waits, off the main thread, until the root's version is another than this (0: until there is such a root).  Undefined if it was removed.  Rejects with
   * `code: 'ETIMEDOUT'` if it was not so by the deadline (0: the segment's), and until then keeps the process alive; with PEERMAP_EDETACHED at a detach.
   */
  waitRoot(root: string, version?: number, deadlineMs?: number, stop?: Stop): Promise<RootCopy | undefined>;
  /** Waits until the number of changes of any root is another than this, and resolves with it; otherwise likewise. */
  waitRoots(changes?: number, deadlineMs?: number, stop?: Stop): Promise<number>;
  /** Waits until at least so many bytes are active, and resolves with the size then: it looks every 20 ms.  Otherwise likewise. */
  waitSize(bytes: number, deadlineMs?: number, stop?: Stop): Promise<number>;
  /**
   * Waits, off the main thread, until the 32 bits at the offset, a multiple of 4, are another than this value; false if they were not by the deadline (0: the
   * segment's).  Keeps the process alive until then.  Whoever changes them calls notify(); a change that nobody told of is found within 50 ms.
   */
  wait(offset: number, value: number, deadlineMs?: number, stop?: Stop): Promise<boolean>;
  /** The same in this thread, which does nothing else meanwhile. */
  waitSync(offset: number, value: number, deadlineMs?: number): boolean;
  /** Wakes up to so many threads, of whichever process, that wait for these 32 bits; how many it woke. */
  notify(offset: number, count?: number): number;
  /** A copy of [offset, offset + length); RangeError outside the active memory, PEERMAP_ELOST where the object was cut short from outside. */
  read(offset: number, length: number): Bytes;
  write(offset: number, bytes: Uint8Array): void;
  /**
   * The memory itself, from an offset that is a multiple of 8; at most 4 GiB; RangeError outside the active memory.  While there is a view, no
   * peer's shrink takes the active memory of now away (it waits, then fails with PEERMAP_EBUSY).  PEERMAP_EOS where `canView` is false.
   */
  view(offset: number, length: number): ArrayBuffer;
  /** Until dropPin(), no shrink takes the bytes away that it returns, from the beginning on.  They count. */
  addPin(): number;
  /** Nothing happens without an addPin(). */
  dropPin(): void;
  /** Ends a view of this segment: the buffer is detached, and has no bytes.  Nothing happens to one that has none already. */
  release(view: ArrayBuffer): void;
  /** Offset of a new object.  PEERMAP_EINVAL without a heap; PEERMAP_ENOSPC says what is in the way; PEERMAP_ELOST if the object was cut short from outside. */
  allocate(bytes: number, options?: AllocationOptions): number;
  /**
   * Allocates an object of zeroes and puts its offset into the 64 bits at `slot`, a multiple of 8, which must be 0, in one step: whoever is killed in here leaves no object,
   * or one that the slot names.  PEERMAP_EEXIST if it is not 0.
   */
  allocateTo(slot: number, bytes: number): number;
  /** The live objects from the cursor on, which is 0n at first, in the order of offsets; without a cursor it was the end. */
  objectsFrom(cursor: bigint, limit?: number): { objects: ObjectRow[]; cursor?: bigint };
  /** Where the object is now.  Its views end first, even if it cannot be had. */
  reallocate(offset: number, bytes: number): number;
  /** Ends the object's views, and frees it.  PEERMAP_EINVAL if there is no live object, or it was written past its end. */
  deallocate(offset: number): void;
  /** The size that the object was asked for; 0 if no live object begins there. */
  objectSize(offset: number): number;
  heapStats(): Heap;
  heapPeers(): HeapPeer[];
  /** Gives all free memory of the heap back to the system. */
  trim(): Promise<Round>;
  /**
   * Waits for a running round, ends all waits and views, then leaves.  Idempotent.  Every other call afterwards throws PEERMAP_EDETACHED.
   * Memory that was moved out of a view, by ArrayBuffer.prototype.transfer() or in a byte stream, stays mapped until it is collected: then
   * the segment is left only when that has happened.
   */
  detach(): void;
  /** The same on a thread of its own; the views end at once. */
  detachAsync(): Promise<void>;
}

/** TypeError for an option that is none of those known, with the one that was perhaps meant. */
export function checkOptions(options: object | undefined, known: readonly string[]): void;

/** Removes the segment's name; who is attached keeps the memory. */
export function unlink(name: string): void;
/** The same on a thread of its own. */
export function unlinkAsync(name: string): Promise<void>;

// ---- the observer's side ----

/** Watches one segment; opened read-only. */
export class Observer {
  /** Throws PEERMAP_ENOENT, PEERMAP_ENAME, PEERMAP_EACCES, PEERMAP_EFORMAT (not a regular file).  Garbage is no error: snapshot() tells. */
  constructor(name: string);
  readonly name: string;
  /** `strangers: true` looks through all processes of the machine for unregistered mappings: tens of milliseconds. */
  snapshot(options?: { strangers?: boolean }): Snapshot;
  /**
   * The same on a thread of its own; after `withinMs` with what was seen by then, and a problem 'left-out' that says what was not.  Does not keep the
   * process alive.
   */
  snapshotAsync(options?: { strangers?: boolean; withinMs?: number }): Promise<Snapshot>;
  /** Events with seq > after, oldest first, at most `limit` (default 4096). */
  events(after: number, limit?: number): EventBatch;
  /** The same as rows of numbers, without an object for each: for many. */
  packedEvents(after: number, limit?: number): PackedEvents;
  /**
   * Up to `length` bytes of the data at `offset`, by pread; shorter at the end of the object.  The header is before the data, at negative
   * offsets; RangeError before that.  PEERMAP_EFORMAT without a header.
   */
  read(offset: number, length: number): Bytes;
  /** The heap, counted from outside: reads about 17 KiB for each MiB of it.  Undefined if the segment has none; PEERMAP_EFORMAT without a header. */
  heap(): HeapCount | undefined;
  /** The same on a thread of its own; after `withinMs` with what was counted by then, and a problem 'left-out'. */
  heapAsync(options?: { withinMs?: number }): Promise<HeapCount | undefined>;
  /**
   * Calls back when something changed: a round, an attach, a death, the object's removal.  Costs nothing while nothing happens;
   * bursts are one call: the next comes at the earliest `intervalMs` (default 16) after the last.  Does not keep the process alive.
   */
  watch(changed: () => void, options?: { intervalMs?: number }): void;
  unwatch(): void;
  /** Idempotent.  Unwatches.  Every other call afterwards throws PEERMAP_EDETACHED. */
  close(): void;
}

/** The objects named peermap.* on this machine, by name: 4096 of them at most, those of this user before those of others. */
export function list(): SegmentSummary[];
/** The same on a thread of its own, no longer than `withinMs`. */
export function listAsync(options?: { withinMs?: number }): Promise<{
  segments: SegmentSummary[];
  /** How many more there are. */ leftOut: number;
  /** Otherwise so many at least: the look was over before all had been counted. */ whole: boolean;
}>;

/** The local processes that map a segment, whether they are registered or not: 1024 of them at most, each with 256 segments at most. */
export function processes(): ProcessUse[];
/** The same on a thread of its own, no longer than `withinMs`. */
export function processesAsync(options?: { withinMs?: number }): Promise<{
  processes: ProcessUse[];
  /** None was left out, and no segment of one. */ whole: boolean;
  /** Users who have more than their share, and processes that could not be asked. */ problems: Problem[];
}>;

/**
 * Up to `limit` bytes of /proc/PID/FILE from `from` on: of those files for which the kernel takes the lock of that process's address space, which a process may hold for
 * ever.  Read on threads that are left behind then: `errno` of the error is EBUSY; EAGAIN if too many have been; ETIME after `withinMs`.
 */
export function processFileAsync(
  pid: number,
  file: 'cmdline' | 'maps' | 'smaps' | 'pagemap',
  options?: { from?: number; limit?: number; withinMs?: number },
): Promise<Bytes>;

/**
 * A descriptor of a regular file by the name that a process has for it: in that process's root folder, out of which no symbolic link leads; without a name, of what it
 * runs. None of a file that the kernel makes up, as those of /proc. `errno` of the error is ENOSYS before Linux 5.6; EBUSY, EAGAIN or ETIME where a file
 * system does not answer, which is waited for no longer than a moment.
 */
export function openProgram(pid: number, path?: string): number;
/** Up to `length` bytes of what was opened so, 1 MiB at most. It is waited for likewise: a file system may cease to answer. */
export function readProgram(pid: number, descriptor: number, offset: number, length: number): Bytes;
/** Likewise. */
export function programFacts(
  pid: number,
  descriptor: number,
): { dev: bigint; ino: bigint; uid: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint };
/** Closes it; where that waits for ever, nobody waits for it. */
export function closeProgram(pid: number, descriptor: number): void;

/** All shared memory of this machine, whosever it is: asks each process once, never by smaps. */
export function census(): Census;
/** The same on a thread of its own; after `withinMs` with what was seen by then, and a problem 'left-out'. */
export function censusAsync(options?: { withinMs?: number }): Promise<Census>;

/**
 * Removes a POSIX object or a System V segment that nobody has, for certain: the kernel is asked, and if it cannot be, nothing is removed.  What
 * is removed is the object that is meant, and no other that has its name by now.  That it is not done is no error: the answer says why.
 */
export function remove(target: RemovalTarget): Removal;
/** The same on a thread of its own. */
export function removeAsync(target: RemovalTarget): Promise<Removal>;

export type RemovalTarget =
  | {
      kind: 'posix';
      /** Below /dev/shm. */
      name: string;
      device: number;
      inode: number;
      /** As of SharedObject: that one alone. */
      bornNs?: bigint;
      /** Whoever has it: its name goes, and they keep the memory. */
      anyway?: boolean;
    }
  | { kind: 'sysv'; id: number };
