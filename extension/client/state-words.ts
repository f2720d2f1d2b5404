// SPDX-License-Identifier: MIT
//
// The states of a peer in words.

import * as l10n from '@vscode/l10n';
import type { PeerState } from '../protocol/model';

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
