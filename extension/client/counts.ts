// SPDX-License-Identifier: MIT
//
// How many of what: each with its plural, in the language of the person looking.

import * as l10n from '@vscode/l10n';

export const segmentCount = (n: number) => (n === 1 ? l10n.t('1 segment') : l10n.t('{0} segments', n));
export const peerCount = (n: number) => (n === 1 ? l10n.t('1 peer') : l10n.t('{0} peers', n));
export const processCount = (n: number) => (n === 1 ? l10n.t('1 process') : l10n.t('{0} processes', n));
export const objectCount = (n: number) => (n === 1 ? l10n.t('1 object') : l10n.t('{0} objects', n));
export const orphanCount = (n: number) => (n === 1 ? l10n.t('1 orphan') : l10n.t('{0} orphans', n));

/** "demo: 2 registry slots freed" */
export const slotsFreed = (segment: string, n: number) =>
  n === 1 ? l10n.t('{0}: 1 registry slot freed', segment) : l10n.t('{0}: {1} registry slots freed', segment, n);
