// SPDX-License-Identifier: MIT
//
// What the server tells about segments: the addon's objects as they travel.  Derived, so that they cannot drift: addresses, bigint
// there, are hexadecimal strings here; everything else is the same.  What each field means is in native/addon/model.d.ts.

import type * as addon from '../../native/addon/model';

export type Address = `0x${string}`;

/** T with every bigint an Address. */
export type Wire<T> = T extends bigint
  ? Address
  : T extends readonly (infer E)[]
    ? Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

export type ErrorCode = addon.ErrorCode;
export type Problem = Wire<addon.Problem>;
export type Mapping = Wire<addon.Mapping>;
export type Peer = Wire<addon.Peer>;
export type Root = Wire<addon.Root>;
export type Header = Wire<addon.Header>;
export type Snapshot = Wire<addon.Snapshot>;
export type PeermapEvent = Wire<addon.PeermapEvent>;
export type EventBatch = Wire<addon.EventBatch>;
export type PackedEvents = addon.PackedEvents;
export type SegmentSummary = Wire<addon.SegmentSummary>;
export type ProcessUse = Wire<addon.ProcessUse>;
export type PeerResult = Wire<addon.PeerResult>;
export type Round = Wire<addon.Round>;
export type Heap = Wire<addon.Heap>;
export type HeapCount = Wire<addon.HeapCount>;
export type Census = Wire<addon.Census>;
export type SharedObject = Wire<addon.SharedObject>;
export type MemoryUser = Wire<addon.MemoryUser>;
export type UseReason = addon.UseReason;
export type Removal = addon.Removal;

/** Bytes of a segment as they were at one moment.  `offset` counts from the beginning of the data; the header is before it, at negative ones. */
export interface MemoryRange {
  offset: number;
  /** base64 */
  bytes: string;
  takenAtMs: number;
}

/** What /proc/PID/smaps says of one process's mappings of the segment, and what it cost to ask. */
export interface Residency {
  pid: number;
  /** In the order of the addresses, one for each mapping, or for each piece of it between two bounds. */
  ranges: {
    address: Address;
    length: number;
    /** In the object, so the data begins at Header.headerLength. */
    offset: number;
    permissions: string;
    /**
     * Bytes in this process's page tables; its proportional share of them; of them dirty; swapped out.  The kernel tells the latter three of
     * whole mappings: of a piece they are in proportion to what of it is resident.
     */
    resident: number;
    proportional: number;
    dirty: number;
    swapped: number;
  }[];
  /** How long reading took: for about as long the process could not change its mappings. */
  tookNs: number;
}

/** What /proc says of a process beside what the registry says. */
export interface ProcessFacts {
  pid: number;
  /** In its own pid namespace, if that is another than ours. */
  containerPid?: number;
  user: string;
  uid: number;
  /** Path; empty if it may not be read. */
  executable: string;
  commandLine: string;
  /** Of the process itself, not of its attachment; ms since 1970. */
  startedAtMs: number;
  threads: number;
  /** Who traces it: a debugger. */
  tracer?: { pid: number; command: string };
  /** The container that it runs in, as its cgroup names it: "docker 3f2a…". */
  container?: string;
}

/** A root as its program's debug information describes it. */
export interface Structure {
  root: string;
  type: string;
  /** Whose debug information it is, and by what it was read: "/usr/bin/indexer", "gdb 13.1". */
  source: { file: string; reader: string };
  offset: number;
  size: number;
  fields: StructureField[];
  takenAtMs: number;
}

export interface StructureField {
  /** "next", or "[3]" of an array. */
  name: string;
  type: string;
  /** From the beginning of the data. */
  offset: number;
  size: number;
  /** As a person reads it: "42", "0x7e8000001000", "\"quotes\""; empty where there are only fields. */
  value: string;
  /** Where a pointer that leads into the segment leads to, from the beginning of the data. */
  target?: number;
  fields?: StructureField[];
  /** Fields that are there and were left out: a long array, a deep structure. */
  omitted?: number;
}

export type { EventKind, Method, Op, PeerState, ProblemCode, SegmentFlag } from '../../native/addon/model';
