// SPDX-License-Identifier: MIT
//
// How a peer comes to a mapping, and why one does not, in words: the same in messages, in the registry and in the timeline.

import type { Method, Op } from './model';

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

/** Why a peer that did not answer could not be reached from outside, by the errno that native/runtime/reach.c gives it. */
const reachWords: Record<number, string> = {
  0: 'it is starved, frozen, or was stopped in between',
  1: 'it is stopped, and the system does not let its agent be run (kernel.yama.ptrace_scope, its user, a sandbox)',
  3: 'its process cannot be seen from here',
  13: 'it is stopped, and nobody may reach into it (no-inject)',
  16: 'a debugger or another tracer holds it',
  38: 'it is stopped, and stopped peers cannot be reached on this kind of processor',
};

export function reachText(error: number): string {
  return reachWords[error] ?? `errno ${error}`;
}
