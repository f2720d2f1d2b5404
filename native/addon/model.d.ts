// SPDX-License-Identifier: MIT
//
// The plain objects of the addon's face: what rounds, snapshots and events look like.  No functions and nothing of Node, so that
// extension/protocol can derive the words on the wire from them, and the webview can be compiled against those.
//
// Addresses are bigint; sizes, offsets, epochs, sequence numbers and nanoseconds are number.  A value past 2^53 can only be
// damage, and is reported as a Problem; but for times: CLOCK_MONOTONIC passes it after 104 days, and is rounded to 2 ns then.

export type ErrorCode =
  | 'PEERMAP_EINVAL'
  | 'PEERMAP_ENAME'
  | 'PEERMAP_EEXIST'
  | 'PEERMAP_ENOENT'
  | 'PEERMAP_EFORMAT'
  | 'PEERMAP_EVERSION'
  | 'PEERMAP_EACCES'
  | 'PEERMAP_ENOSPC'
  | 'PEERMAP_ELIMIT'
  | 'PEERMAP_EADDR'
  | 'PEERMAP_EPEERNAME'
  | 'PEERMAP_ESLOTS'
  | 'PEERMAP_EROOTS'
  | 'PEERMAP_ESRCH'
  | 'PEERMAP_ETIMEDOUT'
  | 'PEERMAP_EBUSY'
  | 'PEERMAP_EDETACHED'
  | 'PEERMAP_EOS'
  | 'PEERMAP_ELOST'
  | 'PEERMAP_ETYPE'
  | 'PEERMAP_EREADONLY';

/** peermap_result of peermap.h: how one peer came to a round. */
export interface PeerResult {
  pid: number;
  name: string;
  /** "none" if it did not map the memory in time, or ended. */
  method: Method;
  /** errno of its mapping; of a late peer, why it could not be reached from outside. */
  error: number;
  nanoseconds: number;
}

/** peermap_round of peermap.h. */
export interface Round {
  epoch: number;
  size: number;
  peers: number;
  acked: number;
  late: number;
  died: number;
  /** Of the acked: their process was stopped, and their agent alone was let run. */
  unstopped: number;
  /** Of the acked: had it mapped before. */
  ahead: number;
  /** Peers that have every new page in their page tables; 0 unless `prefault` was asked for. */
  populated: number;
  nanoseconds: number;
  blocker?: { pid: number; name: string };
  /** One for each peer that was asked. */
  results: PeerResult[];
}

/** peermap_heap of peermap.h. */
export interface Heap {
  size: number;
  used: number;
  smallObjects: number;
  largeObjects: number;
  largeBytes: number;
  spanBytes: number;
  freeBytes: number;
  holeBytes: number;
  largestFree: number;
  grown: number;
  faults: number;
  reclaimed: number;
  lostThreads: number;
  metadata: number;
  classes: { stride: number; spans: number; objects: number; capacity: number; bytes: number }[];
}

/** peermap_heap_peer of peermap.h. */
export interface HeapPeer {
  /** 0: all that have ended. */
  pid: number;
  name: string;
  threads: number;
  spans: number;
  spanBytes: number;
  allocations: number;
  allocatedBytes: number;
  frees: number;
  freedBytes: number;
}

/** The heap of a segment, counted from outside while it is used: the numbers need not be of one moment. */
export interface HeapCount extends Heap {
  peers: HeapPeer[];
  /** How long it took to count, in nanoseconds. */
  tookNs: number;
  problems: Problem[];
}

/** A process that has a piece of shared memory. */
export interface MemoryUser {
  pid: number;
  uid: number;
  command: string;
  mappings: number;
  descriptors: number;
  /** Bytes. */
  mapped: number;
  /** Or could. */
  writes: boolean;
  /** Maps the data of a segment to read, as a peer that attached so does. */
  reads: boolean;
  /** Maps, at most, the header of a segment, and cannot write: an inspector, which keeps nothing in use. */
  looks: boolean;
}

/** A piece of shared memory, whoever made it. */
export interface SharedObject {
  kind: 'posix' | 'sysv' | 'memfd' | 'anonymous';
  /** Below /dev/shm, or as given to memfd_create(); may be empty. */
  name: string;
  device: number;
  inode: number;
  /** When it was made, ns since 1970: an inode number comes again.  Absent where its file system does not say, and of what has no name here. */
  bornNs?: bigint;
  /** Of another container. */
  elsewhere: boolean;
  /** Has no name any more, and ends with its last user. */
  removed: boolean;
  /** Whether the facts below are known; otherwise `size` is as much as is mapped of it. */
  known: boolean;
  size: number;
  /** Bytes in memory, or swapped out. */
  allocated: number;
  uid: number;
  gid: number;
  mode: number;
  /** Every user may write it: by its mode, of what can be reached by a name or an id. */
  worldWritable: boolean;
  sysv?: { key: number; id: number; creatorPid: number; lastPid: number; attached: number; swapped: number };
  users: MemoryUser[];
  /** "orphan" is certain; "unknown": nobody was seen to have it, which proves nothing. */
  orphan: 'in-use' | 'orphan' | 'unknown';
  /** How that is known, or why it is not. */
  reason: UseReason;
  /** Its removal was interrupted: what it was called, in the same folder. */
  nameBefore?: string;
}

/** PMO_REASONS of native/observer/use.h, which has their sentences. */
export type UseReason =
  // in use
  | 'seen' // by a process in `users`
  | 'counted' // the kernel counts its attachments
  | 'registered' // its registry has a live peer
  | 'unseen' // the kernel says that somebody has it
  // an orphan
  | 'leased' // the kernel granted a lease on it: nobody has it open or mapped
  | 'unattached' // the kernel counts no attachment
  // unknown: why
  | 'looked-at' // while an inspector has it open the kernel cannot tell whether somebody else has
  | 'not-owner' // the kernel tells only its owner and root
  | 'not-readable' // it may not be opened, so the kernel cannot be asked
  | 'no-lease' // the file system or the system grants no leases
  | 'contradicted' // nobody has it, and its registry has a live peer
  | 'mounted' // nobody has it, and it is mounted by itself somewhere else
  | 'changed' // while it was looked at
  | 'foreign-folder' // whose owner can exchange what is in it: of a removal only
  | 'failed';

/** What came of a removal. */
export interface Removal {
  /** "opened": by somebody meanwhile, and it is there as before.  "renamed": likewise, and its name was taken, so that it has another.
   * "undone": it was set aside by a removal that was interrupted, somebody has it, and it has its name again. */
  outcome:
    'removed' | 'gone' | 'replaced' | 'refused' | 'opened' | 'undone' | 'renamed' | 'not-permitted' | 'long-name' | 'failed';
  /** If it was not removed: as an error would have it, and the sentence. */
  code?: ErrorCode;
  text?: string;
  /** Why it was refused. */
  reason?: UseReason;
  errno?: number;
  /** Its name by now; or that of a live peer in its registry. */
  name?: string;
  /** Who has it, if anybody was seen; and how many others. */
  pid?: number;
  command?: string;
  others?: number;
}

/** All shared memory of the machine. */
export interface Census {
  /** By kind, then by name or number. */
  objects: SharedObject[];
  /** Processes that were asked, others that could not be, and how many of these are of this user. */
  asked: number;
  hidden: number;
  hiddenOwn: number;
  /** No other process of the machine can be there: this is its first pid namespace, and /proc hides none. */
  whole: boolean;
  /** What the system allows, in bytes; absent where it does not say. */
  limits: {
    directorySize?: number;
    directoryUsed?: number;
    directoryFree?: number;
    shmmax?: number;
    shmall?: number;
    shmmni?: number;
    resident?: number;
  };
  tookNs: number;
  problems: Problem[];
}

export type ProblemCode =
  | 'not-a-segment' // wrong magic
  | 'other-version' // a layout this build does not know
  | 'truncated' // the object is shorter than its header says
  | 'bad-field' // a header field contradicts the others; the field is named
  | 'bad-slot'
  | 'bad-root'
  | 'bad-event'
  | 'unstable' // kept changing while it was copied: the copy may mix two moments
  | 'gone' // the object was removed
  | 'copy' // of another object, or restored: what it says of processes is true of that one
  | 'world-writable' // its mode lets every user of the machine write it
  | 'no-access' // permission denied, the thing is named
  | 'no-process' // ended between two looks
  | 'left-out' // there is more of it than a look takes, or a process that is stuck in the kernel could not be asked
  | 'os'; // another system error, with its errno in the text

/** Something that could not be seen, or contradicts itself. */
export interface Problem {
  code: ProblemCode;
  /** What it is about: "header.base", "slot 3", "/proc/123/maps". */
  where: string;
  text: string;
}

/** A piece of one process's address space that maps the segment's object, as the kernel tells it. */
export interface Mapping {
  address: bigint;
  length: number;
  /** In the object, so the data begins at Header.headerLength. */
  offset: number;
  /** As in /proc/PID/maps: "rw-s". */
  permissions: string;
}

export type PeerState = 'alive' | 'late' | 'dead' | 'attaching';
export type Method = 'none' | 'attach' | 'agent' | 'self' | 'unstop' | 'ahead';
export type SegmentFlag =
  | 'strict' // nobody maps past the active size: every growth asks each peer
  | 'noPtrace' // nobody uses ptrace on a peer
  | 'huge' // made for pages of 2 MiB
  | 'heap'; // objects are allocated in it
export type Op = 'none' | 'grow' | 'shrink' | 'remap' | 'map' | 'recover' | 'ahead' | 'inside';

export interface Peer {
  slot: number;
  /** Grows each time the slot changes hands: slot and generation together name one attachment. */
  generation: number;
  pid: number;
  /** As whom its process works, by the kernel's word.  Absent if that is not known to be seen. */
  uid?: number;
  /** As whom it says that it works, where that is another user, as in a user namespace of its own, or where there is no `uid`. */
  claimedUid?: number;
  startTime: number;
  name: string;
  state: PeerState;
  /** The kernel's word on the process, where /proc shows it: "R", "S", "T" (stopped), "t" (traced) … of a thread that runs. */
  processState?: string;
  /** Its cgroup is frozen, as a paused container is: by `thaw`, written to `file`, it goes on, and by nothing else.  Both absent where that is not in sight. */
  frozen?: { file?: string; thaw?: string };
  /** False if the process with this pid is not the one that registered (pid reused, or another pid namespace), or has ended. */
  samePid: boolean;
  /** Its process's number here: another than `pid` for one of a pid namespace below this one.  Absent if it is not known to be seen. */
  pidHere?: number;
  /** Likewise, of a process that may be it, where which namespace that is of may not be asked. */
  pidPerhaps?: number;
  base: bigint;
  relocated: boolean;
  /** Nobody uses ptrace on it. */
  noPtrace: boolean;
  /** It attached to read: it has the whole reservation mapped so, and no round asks it or waits for it. */
  readOnly?: true;
  /** The registry's claim: data bytes mapped, those ahead of the active ones included. */
  mapped: number;
  /** Behind is who acked less than was requested: the header's epoch grows without either. */
  requested: number;
  acked: number;
  /** Epoch for which another peer lets its agent run, because its process is stopped. */
  unstopped: number;
  /** Epoch for which it has populated the new pages. */
  populated: number;
  method: Method;
  /** errno of the last mapping. */
  error: number;
  latencyNs: number;
  pins: number;
  pinnedBytes: number;
  attachedAtMs: number;
  /** The kernel's view; absent if it could not be read (a Problem says why). */
  mappings?: Mapping[];
  /** Runs of [base, base + active) that the kernel does not map readable, and unless it only reads writable, to the right offset; absent with `mappings`. */
  missing?: { address: bigint; length: number }[];
}

export interface Root {
  name: string;
  type: string;
  offset: number;
  size: number;
  version: number;
}

export interface Header {
  version: number;
  generation: bigint;
  pageSize: number;
  headerLength: number;
  base: bigint;
  reserved: number;
  flags: SegmentFlag[];
  /** Bytes that shall be mapped past the active ones, as the creator wished; 0: as many as are active, at least 64 MiB, or more while it grows fast. */
  ahead: number;
  active: number;
  /** A change of sizes is under way: growths below the horizon wait. */
  closed: boolean;
  /** Bytes that peers shall have mapped. */
  target: number;
  /** Bytes that every live peer is known to have mapped: up to here a growth asks nobody.  Less than `active` after a late peer. */
  horizon: number;
  epoch: number;
  slots: number;
  /** Who holds the lock now; `slot` -1 if not known. */
  lock?: { slot: number; pid: number; name: string; died: boolean };
  /** A change of size that is under way, or was left by a peer that died. */
  intent?: { op: Op; from: number; to: number };
  /** What it wrote of itself. */
  creator: { pid: number; uid: number; startTime: number; name: string };
  createdAtMs: number;
  /** Events ever written: the next event's `seq` is this + 1. */
  eventHead: number;
}

export interface Snapshot {
  name: string;
  /** Wall clock, and CLOCK_MONOTONIC as the events use it, which is that of the initial time namespace, at the same moment. */
  takenAtMs: number;
  monotonicNs: number;
  /** `bornNs`: as of SharedObject. */
  object: { device: number; inode: number; bornNs?: bigint; length: number; allocated: number; uid: number; mode: number };
  /** Absent if the object is not a segment that can be read; `problems` says why. */
  header?: Header;
  peers: Peer[];
  roots: Root[];
  /** Processes that map the object and are not in the registry. */
  strangers: { pid: number; command: string; mappings: Mapping[] }[];
  problems: Problem[];
}

export type EventKind =
  | 'create'
  | 'attach'
  | 'restart'
  | 'detach'
  | 'peer-died'
  | 'reap'
  | 'round-begin'
  | 'map-request'
  | 'map-ack'
  | 'map-late'
  | 'round-end'
  | 'rollback'
  | 'cut'
  | 'refuse'
  | 'root'
  | 'takeover'
  | 'unstop'
  | 'lost'
  | 'heap-fault'
  | 'heap-reclaim'
  | 'unknown';

/** One record of the event ring; the meaning of the fields by kind is at enum pm_event_kind in layout.h. */
export interface PeermapEvent {
  /** From 1, without gaps in the ring. */
  seq: number;
  timeNs: number;
  epoch: number;
  kind: EventKind;
  method: Method;
  op: Op;
  /** -1: nobody in particular. */
  slot: number;
  pid: number;
  bySlot: number;
  byPid: number;
  error: number;
  size: number;
  ns: number;
}

export interface EventBatch {
  events: PeermapEvent[];
  /** Pass as `after` of the next call. */
  last: number;
  /** Events after `after` that were overwritten or damaged before they could be read. */
  missed: number;
}

/** An EventBatch as numbers: what is read a hundred thousand times a second. */
export interface PackedEvents {
  /**
   * 13 for each event: seq, timeNs, epoch, kind, method, op, slot, pid, bySlot, byPid, error, size, ns.  Kind, method and op are indices
   * of `eventWords`; a kind past its end is unknown.
   */
  rows: Float64Array;
  last: number;
  missed: number;
}

export interface SegmentSummary {
  name: string;
  uid: number;
  mode: number;
  length: number;
  /** Absent if the object cannot be read as a segment. */
  active?: number;
  reserved?: number;
  alive?: number;
  dead?: number;
  problem?: Problem;
}

export interface ProcessUse {
  pid: number;
  uid: number;
  command: string;
  segments: { segment: string; peerName?: string; registered: boolean }[];
}
