// SPDX-License-Identifier: MIT
//
// How a peer comes to a mapping, and why one does not, in words: the same in messages, in the registry and in the timeline.

import type { Header, Method, Op, Peer, PeerAnswer } from './model';

/** "search had it mapped ahead". */
export const methodWords: Record<Method, string> = {
  none: 'did not map it',
  attach: 'mapped it while attaching',
  agent: 'mapped it, by its agent',
  self: 'mapped it itself',
  unstop: 'was reached while stopped: its agent alone was let run',
  inject: 'was reached while stopped: the mapping was made in its agent',
  ahead: 'had it mapped ahead',
};

/** What a round is for: "a growth". */
export const opWords: Record<Op, string> = {
  none: 'nothing',
  grow: 'growth',
  shrink: 'shrinking',
  remap: 'remapping',
  map: 'mapping call',
  recover: 'recovery',
  ahead: 'mapping ahead',
  inside: 'growth',
};

/** Of Linux, on every machine that Peermap runs on. */
const errnoWords: Record<number, string> = {
  1: 'the system does not permit it: a process of another user, one that a debugger holds, or kernel.yama.ptrace_scope',
  3: 'its agent has ended',
  11: 'the system had no process to spare for it',
  12: 'no memory, or too many mappings there',
  13: 'the system does not permit it',
  16: 'something else holds it',
  38: 'this system has no way to do it',
  110: 'it did not run when it was let',
};

/** "its agent has ended (errno 3)". */
export function errnoText(error: number): string {
  const words = errnoWords[error];
  return words === undefined ? `errno ${error}` : `${words} (errno ${error})`;
}

/** Why a peer did not answer in time, as a sentence; empty if nothing is known.  `peer` and `flags` are what is seen of it now. */
export function whyLate(answer: PeerAnswer | undefined, peer: Peer | undefined, flags: Header['flags']): string {
  const held = peer?.processState;
  const reached =
    answer === undefined || answer.error === 0 ? '' : ` It could not be reached from outside: ${errnoText(answer.error)}.`;
  if (held === 't') return 'A debugger holds it, and nobody else can let it run.';
  if (held === 'T' && flags.includes('noInject'))
    return 'It is stopped, and this segment lets nobody reach into a process (no-inject).';
  if (held === 'T' && peer?.noInject === true) return 'It is stopped, and lets nobody reach into it (no-inject).';
  return held === 'T' ? `It is stopped.${reached}` : reached.trim();
}
