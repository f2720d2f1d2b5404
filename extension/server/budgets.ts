// SPDX-License-Identifier: MIT
//
// What the server may spend, and why: in one place.  Whoever may write a segment, map one, or put a file into /dev/shm decides what there is to be looked at;
// what the server takes for that is decided here.  What is beyond is left out, and it is said so: in the problems of an answer, in the counts of a
// notification.  How long the lists are that the addon makes is in native/observer/budget.h.

import { availableParallelism, totalmem } from 'node:os';

const mib = 1 << 20;

/** Of the machine, or of the control group that the server is in. */
const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);

/** Looks of the addon: snapshots, heaps, the lists of segments and processes, the inventory of the machine. */
export const looks = {
  /**
   * Each ends with what it has by then.  A thousand peers with an ordinary number of mappings take a tenth of that; the inventory of a machine with a thousand
   * processes takes as long as it.
   */
  ms: 1_000,
  /** The inventory, and who maps a segment unregistered: nobody but who asked waits for them. */
  longMs: 5_000,
  /** Threads.  Half of the machine, since what is looked at needs it too; two at least, so that one long look is no wall. */
  atOnce: Math.max(2, Math.min(4, Math.floor(availableParallelism() / 2))),
  /** The kernel may not come back from a process that is stuck in it: after this the next look begins all the same, ... */
  stuckMs: 10_000,
  /** ... but for no more threads than that. */
  mostStuck: 32,
  /** Requests that wait for one segment.  A page has six questions. */
  waiting: 64,
} as const;

/** What a client may have asked for. */
export const channel = {
  /** Requests of one kind, of one segment each, that have no answer yet.  As many as may wait for a look. */
  open: looks.waiting,
  /** Messages that wait to be sent: then nothing is told of segments that are watched.  One has at most the events that `telling` has room for. */
  unsent: 4,
  /** Characters; of a method and of a segment, so much tells them apart. */
  longestId: 128,
} as const;

/** What a person changes: joining, creating, rounds, reaping, removing.  Each has a thread while it waits for others, until its deadline. */
export const changes = {
  /** Many, for they sleep: so many segments have to be held up, each by somebody, before another has to wait. */
  atOnce: 16,
  stuckMs: looks.stuckMs,
  mostStuck: looks.mostStuck,
  waiting: looks.waiting,
} as const;

/** What a watched segment may send to the extension host, which all extensions of the window share. */
export const telling = {
  /** A hundred thousand events a second are 10 MiB.  Receiving 16 takes some three hundredths of a core. */
  bytesPerSecond: 16 * mib,
  /** All segments together. */
  bytesPerSecondInAll: 32 * mib,
  /** Events that wait to be told while the rest of one message is sat out: half a second of them. */
  events: 65_536,
} as const;

/** What /proc/PID/smaps of all peers is read for: it holds each of them up. */
export const residency = {
  ms: 10_000,
  ranges: 65_536,
} as const;

/** A root as a struct: the debug information of programs, which is read by gdb. */
export const structures = {
  /** Files that one request has gdb read, and how long that may take together.  What was read is kept, so that asking again goes on from there. */
  files: 64,
  ms: 30_000,
  /** Descriptions of types, by the answers that they were: as objects they take some times as much. */
  kept: { entries: 200, bytes: 32 * mib },
  /** The libraries of one process, and the processes of one segment, that are looked at for debug information. */
  libraries: 512,
  processes: 32,
  /** The list of a process's mappings is read so far. */
  listBytes: 16 * mib,
  /** To find the files of one request, without what gdb takes: whoever maps them decides how many there are, and how long those are that they name. */
  findingMs: 10_000,
  /** Of a separate file with debug information, to compare its checksum. */
  checkedBytes: 512 * mib,
} as const;

/** One gdb. */
export const debuggers = {
  /** Each is of another segment. */
  atOnce: 2,
  /** Reading a program of 6 MiB took 110 MiB of addresses, with its own 90; debug information of a gigabyte takes about two. */
  memoryBytes: Math.round(Math.min(4096 * mib, Math.max(512 * mib, memory / 4))),
  /** On the clock, and on a processor. */
  ms: 15_000,
  processorSeconds: 20,
  /** One that was ended has so long to do so; then it is left behind, with the memory that it has, but no more of them than that. */
  endingMs: 2_000,
  mostStuck: 4,
  answerBytes: 8 * mib,
} as const;
