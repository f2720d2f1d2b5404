// SPDX-License-Identifier: MIT
//
// Whether anybody has a piece of shared memory: how that is known, or why it is not, in words.  The sentences are those of PMO_REASONS in
// native/observer/use.h, which the command line tool says.

import * as l10n from '@vscode/l10n';
import type { UseReason } from './model';

export function reasonText(reason: UseReason): string {
  switch (reason) {
    case 'seen':
      return l10n.t('a process has it');
    case 'counted':
      return l10n.t('it is attached, by a process that cannot be seen from here');
    case 'registered':
      return l10n.t('its registry has a live peer');
    case 'unseen':
      return l10n.t('a process has it that cannot be seen from here, or has it open by another path, as of a bind mount');
    case 'leased':
      return l10n.t('nobody has it: the kernel counts who has it open or mapped');
    case 'unattached':
      return l10n.t('nobody has it: the kernel counts who has it attached');
    case 'looked-at':
      return l10n.t(
        'nobody but an inspector was seen to have it; whether anybody else has is known when the inspector is closed',
      );
    case 'not-owner':
      return l10n.t('nobody was seen to have it, but the kernel tells only its owner and root whether anybody has');
    case 'not-readable':
      return l10n.t('nobody was seen to have it, but this user may not open it to ask the kernel');
    case 'no-lease':
      return l10n.t(
        'nobody was seen to have it, but this system or file system does not tell whether anybody has: that takes tmpfs and Linux 5.3',
      );
    case 'contradicted':
      return l10n.t('no process has it, but its registry has a live peer: reap it, then look again');
    case 'mounted':
      return l10n.t(
        'no process has it, but it is mounted by itself somewhere else, as for a container (a bind mount): unmount it there, then look again',
      );
    case 'changed':
      return l10n.t('it was removed or replaced while it was looked at: look again');
    case 'foreign-folder':
      return l10n.t('it is in a folder of another user, who could exchange what is in it: remove it as that user');
    case 'failed':
      return l10n.t('the kernel could not be asked whether anybody has it');
  }
}
