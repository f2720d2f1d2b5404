// SPDX-License-Identifier: MIT
//
// The requests and notifications between client and server: names and types.  Each side makes its own RequestType of them, since
// the two halves of the language-server library may carry different versions of vscode-jsonrpc.
//
//     client --request-->  server --> addon
//     client <--changed--  server <-- Observer.watch
//
// An answer is partial by nature: `value` is what could be had, `problems` what could not.  A ResponseError means that the request
// made no sense or that the round it asked for failed; its data is a Failure.

import type { SnapshotDelta } from './delta';
import type {
  Census,
  ErrorCode,
  EventBatch,
  HeapCount,
  MemoryRange,
  PackedEvents,
  Peer,
  Problem,
  ProcessFacts,
  ProcessUse,
  Residency,
  Round,
  SegmentSummary,
  Snapshot,
  Structure,
} from './model';
import type { ObjectId } from './object-id';

export interface Answer<T> {
  value: T;
  problems: Problem[];
}

/** ResponseError.data of a failed operation. */
export interface Failure {
  code: ErrorCode;
  errno?: number;
  round?: Round;
  /** PEERMAP_EACCES: this object is another user's than the server's, and the request has no word for it. */
  foreign?: Foreign;
}

/** An object of another user. */
export interface Foreign extends ObjectId {
  /** By uid. */
  owner: number;
}

/** InitializeParams.initializationOptions. */
export interface StartOptions {
  /** Refuse every request in `writes`. */
  readOnly: boolean;
  /** The messages in the language of the person looking: a bundle of @vscode/l10n. */
  words?: Record<string, string | { message: string; comment: string[] }>;
  /** A file to write down what is under way: undertaking.ts.  What was there is gone. */
  underWay?: string;
}

/** InitializeResult.capabilities.experimental. */
export interface StartReport {
  /** Why the server can do nothing at all: every request will be refused. */
  unavailable?: string;
}

export interface OfSegment {
  segment: string;
}

/** `agreed` of what takes something away: what the person was shown when they agreed.  If there is another by now, nothing is taken away. */
export type OfObject = ObjectId;

/** One attachment of a peer. */
export type Attachment = Pick<Peer, 'slot' | 'generation'>;

/** Of what makes the server a peer: the other user, by uid, whose segment it may be; agreed to by the person for this request. */
export interface OfOwner extends Partial<ObjectId> {
  /** With an object, if they were asked about that one of the user's: that one, and no other of the name. */
  owner?: number;
}

/** Every request: its parameters and its result.  The keys are the method names. */
export interface Requests {
  'peermap/list': { params: Record<string, never>; result: Answer<SegmentSummary[]> };
  'peermap/processes': { params: Record<string, never>; result: Answer<ProcessUse[]> };
  'peermap/snapshot': { params: OfSegment & { strangers?: boolean }; result: Answer<Snapshot> };
  'peermap/events': { params: OfSegment & { after: number; limit?: number }; result: Answer<EventBatch> };
  /**
   * From now on `changed` tells about this segment, beginning with what changes in the snapshot of this revision.  Watching twice is watching
   * once: whoever lost the base of a change asks again.
   */
  'peermap/watch': { params: OfSegment; result: Answer<Snapshot> & { revision: number } };
  'peermap/unwatch': { params: OfSegment; result: null };
  /** The server joins the segment as a peer and stays one until detach.  Answers its descriptive name. */
  'peermap/attach': { params: OfSegment & OfOwner; result: { peerName: string } };
  'peermap/detach': { params: OfSegment; result: null };
  /** Rounds: the server is a peer for as long as the round takes if it is not attached. */
  'peermap/grow': { params: OfSegment & OfOwner & { bytes: number; allowLate?: boolean }; result: Round };
  'peermap/shrink': {
    params: OfSegment & OfOwner & { bytes: number; allowLate?: boolean; agreed?: OfObject & { /** Active. */ size: number } };
    result: Round;
  };
  'peermap/remap': { params: OfSegment & OfOwner & { pid?: number }; result: Round };
  /** With `agreed`: those alone, whoever else has died by now. */
  'peermap/reap': {
    params: OfSegment & OfOwner & { agreed?: OfObject & { dead: Attachment[] } };
    result: { freed: number };
  };
  'peermap/create': {
    params: OfSegment & {
      bytes: number;
      reserve?: number;
      /** Nobody maps past the active size: every growth asks each peer. */ strict?: boolean;
      /** Nobody uses ptrace on a peer. */ noPtrace?: boolean;
      /** Objects are allocated in it. */ heap?: boolean;
    };
    result: { size: number };
  };
  /** The name goes, the memory stays for who has it.  With an object: of that one alone, not of another that has the name by now. */
  'peermap/destroy': { params: OfSegment & Partial<ObjectId>; result: null };
  /** The heap, counted from outside; null if the segment has none.  Reads about 17 KiB for each MiB of it. */
  'peermap/heap': { params: OfSegment; result: Answer<HeapCount | null> };
  /** `length` is at most 1 MiB; less comes back where the object ends. */
  'peermap/read': { params: OfSegment & { offset: number; length: number }; result: MemoryRange };
  /** Where `pattern` (base64) is next, from `from` on or, backwards, before it.  Looks at no more than 64 MiB at once. */
  'peermap/search': {
    params: OfSegment & { from: number; pattern: string; backwards?: boolean };
    result: {
      /** Undefined: not in what was looked at. */ found?: number;
      /** Looked at up to here. */ until: number;
      end: boolean;
    };
  };
  /** Reads /proc/PID/smaps of each peer, which holds each of them up a little: only when a person asks. */
  'peermap/residency': {
    params: OfSegment & { /** Offsets in the object, ascending, at which mappings are told in pieces. */ bounds?: number[] };
    result: Answer<Residency[]>;
  };
  /** What /proc says of processes; those that are gone are left out. */
  'peermap/facts': { params: { pids: number[] }; result: Answer<ProcessFacts[]> };
  /** A root as the struct that it is, from the debug information of a program that maps it. */
  'peermap/structure': { params: OfSegment & { root: string }; result: Answer<Structure | null> };
  /** All shared memory of the machine, whosever it is. */
  'peermap/census': { params: Record<string, never>; result: Answer<Census> };
  /** Removes a POSIX object or a System V segment that nobody has, for certain; refuses otherwise, and if it is another one by now. */
  'peermap/remove': {
    params: ObjectId & { kind: 'posix' | 'sysv'; name: string; id?: number };
    result: null;
  };
}

export type Method = keyof Requests;

/** Requests that make the server a peer, if it is not one. */
export type Joining = { [M in Method]: Required<Requests[M]['params']> extends Required<OfOwner> ? M : never }[Method];

/**
 * What a request does to what others have: it looks; it changes something, and takes nothing from anybody; or it takes something away, of the kind that is
 * named here, and is not sent unless a person has agreed (extension/client/consent.ts).
 */
export const effects = {
  'peermap/list': 'looks',
  'peermap/processes': 'looks',
  'peermap/snapshot': 'looks',
  'peermap/events': 'looks',
  'peermap/watch': 'looks',
  'peermap/unwatch': 'looks',
  'peermap/attach': 'changes',
  'peermap/detach': 'changes',
  'peermap/grow': 'changes',
  'peermap/shrink': 'shrink',
  'peermap/remap': 'changes',
  'peermap/reap': 'reap',
  'peermap/create': 'changes',
  'peermap/destroy': 'destroy',
  'peermap/heap': 'looks',
  'peermap/read': 'looks',
  'peermap/search': 'looks',
  'peermap/residency': 'looks',
  'peermap/facts': 'looks',
  'peermap/structure': 'looks',
  'peermap/census': 'looks',
  'peermap/remove': 'remove',
} as const satisfies Record<Method, 'looks' | 'changes' | 'destroy' | 'shrink' | 'reap' | 'remove'>;

type Effect<M extends Method> = (typeof effects)[M];
/** The requests that take something away, and what each of them takes. */
export type Taking = { [M in Method]: Effect<M> extends 'looks' | 'changes' ? never : M }[Method];
export type Harmless = Exclude<Method, Taking>;
export type TakenBy<M extends Taking> = Effect<M>;

/** Requests that write.  Never replayed after a restart, refused in an untrusted workspace. */
export const writes: ReadonlySet<Method> = new Set(
  (Object.keys(effects) as Method[]).filter((method) => effects[method] !== 'looks'),
);

/** What looking costs: how often the server looks at a segment, and how long that takes each time. */
export interface Sampling {
  looksPerSecond: number;
  lookMs: number;
  /** If there is more than may be told. */
  leftOut?: LeftOut;
}

/** What was not told of a segment that changes faster than may be told, since it is watched: events, which count as missed, and states in between. */
export interface LeftOut {
  events: number;
  changes: number;
}

export interface Notifications {
  /** A watched segment changed: how, and the events since the last notification. */
  'peermap/changed': {
    segment: string;
    /** What leads from the snapshot of revision `base` to that of `revision`; the same one if only events came. */
    base: number;
    revision: number;
    delta: SnapshotDelta;
    batch: PackedEvents;
    sampling: Sampling;
  };
  /** A segment appeared or went: ask for the list. */
  'peermap/listChanged': Record<string, never>;
}
