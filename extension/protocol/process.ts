// SPDX-License-Identifier: MIT
//
// The process behind a peer: which number it has here, what keeps it from running, and how it is let go on.

import * as l10n from '@vscode/l10n';
import type { Peer, ProcessFacts } from './model';

/** The number that its process has on this side, if it is known to be seen. */
export function pidHere({ pid, samePid, pidHere: here }: Pick<Peer, 'pid' | 'samePid' | 'pidHere'>): number | undefined {
  return here ?? (samePid ? pid : undefined);
}

/** "4711", or "1 (here 4711)" of one that registered in a pid namespace of its own. */
export function pidText(peer: Pick<Peer, 'pid' | 'samePid' | 'pidHere'>): string {
  const here = pidHere(peer);
  return here === undefined || here === peer.pid ? String(peer.pid) : l10n.t('{0} (here {1})', peer.pid, here);
}

/** Whose its process is, by the kernel's word; and what it says of itself, where that is another or its process is not seen. */
export function userText(
  { uid, claimedUid }: Pick<Peer, 'uid' | 'claimedUid'>,
  facts?: Pick<ProcessFacts, 'user' | 'uid'>,
): string {
  if (uid === undefined) return claimedUid === undefined ? '?' : l10n.t('uid {0}, as it says', claimedUid);
  const user = facts?.uid === uid ? facts.user : String(uid);
  return claimedUid === undefined ? user : l10n.t('{0} (says uid {1})', user, claimedUid);
}

/** Whose process is not known to be seen: what is known of it. */
export function unseenText({ samePid, pidHere: here, pidPerhaps, processState }: Peer): string | undefined {
  if (samePid || here !== undefined) return undefined;
  if (pidPerhaps !== undefined) return l10n.t('of another pid namespace, perhaps pid {0} here', pidPerhaps);
  return processState === undefined ? l10n.t('its process cannot be seen from here') : l10n.t('another process has its pid');
}

/** "stopped": what holds its process, if anything does. */
export function heldText({ frozen, processState }: Pick<Peer, 'frozen' | 'processState'>): string | undefined {
  // Whoever is frozen is not let go on by anything else; its state is that of a sleep, or of the stop that it was in.
  if (frozen) return l10n.t('frozen');
  if (processState === 'T') return l10n.t('stopped');
  return processState === 't' ? l10n.t('held by a debugger') : undefined;
}

/** How a frozen peer is let go on; empty for every other. */
export function thawText({ frozen }: Pick<Peer, 'frozen'>): string {
  if (!frozen) return '';
  return frozen.file === undefined
    ? l10n.t('Its cgroup is frozen: thaw that, or let its container go on.')
    : l10n.t('Its cgroup is frozen: write {0} to {1} to let it go on.', frozen.thaw ?? '', frozen.file);
}
