// SPDX-License-Identifier: MIT
//
// How a peer comes to a mapping, why one does not, and how it is, in words: the same in messages, in the registry and in the timeline.

import * as l10n from '@vscode/l10n';
import type { Method, Op, PeerState } from './model';

// Getters, since the language is known only once the page or the server has been told it.

/** "search had it mapped ahead". */
export const methodWords: Record<Method, string> = {
  get none() {
    return l10n.t('did not map it');
  },
  get attach() {
    return l10n.t('mapped it while attaching');
  },
  get agent() {
    return l10n.t('mapped it, by its agent');
  },
  get self() {
    return l10n.t('mapped it itself');
  },
  get unstop() {
    return l10n.t('was reached while stopped: its agent alone was let run');
  },
  get ahead() {
    return l10n.t('had it mapped ahead');
  },
};

/** How a peer is. */
export const stateWords: Record<PeerState, string> = {
  get alive() {
    return l10n.t('alive');
  },
  get late() {
    return l10n.t('late');
  },
  get dead() {
    return l10n.t('dead');
  },
  get attaching() {
    return l10n.t('attaching');
  },
};

/** What a round is for: "a growth". */
export const opWords: Record<Op, string> = {
  get none() {
    return l10n.t('nothing');
  },
  get grow() {
    return l10n.t('growth');
  },
  get shrink() {
    return l10n.t('shrinking');
  },
  get remap() {
    return l10n.t('remapping');
  },
  get map() {
    return l10n.t('mapping call');
  },
  get recover() {
    return l10n.t('recovery');
  },
  get ahead() {
    return l10n.t('mapping ahead');
  },
  get inside() {
    return l10n.t('growth');
  },
};

/** Why a peer that did not answer could not be reached from outside, by errno: the sentences of native/base/reason.h, which a test compares. */
export const reachWords: Readonly<Record<number, string>> = {
  get 0() {
    return l10n.t('it had no processor time, or was stopped or frozen in between');
  },
  get 1() {
    return l10n.t(
      'it is stopped, and the system does not permit running its agent (kernel.yama.ptrace_scope, another user, a sandbox); continue it',
    );
  },
  get 3() {
    return l10n.t('its process cannot be seen from here (another pid namespace, or /proc hides it), or is no peer');
  },
  get 11() {
    return l10n.t(
      'it is stopped, and no process could be started to run its agent (ulimit -u, or pids.max of the cgroup); continue it',
    );
  },
  get 13() {
    return l10n.t('it is stopped, and its agent must not be run from outside (PEERMAP_NO_PTRACE); continue it');
  },
  get 16() {
    return l10n.t('a debugger or another tracer holds it; let it go on');
  },
  get 24() {
    return l10n.t('there is no descriptor free to look at its process by (ulimit -n); close some');
  },
  get 35() {
    return l10n.t(
      'its memory map is locked: it waits in the kernel, as for a file system that does not answer; end that wait, or the process',
    );
  },
  get 38() {
    return l10n.t('it is stopped, and stopped peers cannot be reached on this kind of processor; continue it');
  },
  get 51() {
    return l10n.t('its cgroup is frozen, as a paused container is; thaw it');
  },
  get 66() {
    return l10n.t('it is stopped, and belongs to another user, who does not own the segment; that user can continue it');
  },
  get 115() {
    return l10n.t('its agent is in the middle of something that cannot be interrupted, such as a system call; repeat');
  },
  get 125() {
    return l10n.t(
      'it is stopped, and the process that waits for it must trace nobody (PEERMAP_NO_PTRACE in its environment); continue it',
    );
  },
  get 62() {
    return l10n.t('its process is in another pid namespace, and was not found among all processes before the time was over');
  },
};

export function reachText(error: number): string {
  return reachWords[error] ?? l10n.t('errno {0}', error);
}
