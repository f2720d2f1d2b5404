// SPDX-License-Identifier: MIT
//
// Tells the person what the server ended at, and that it is left out: nobody may be looking at the page that asked for it.

import * as l10n from '@vscode/l10n';
import type * as vscode from 'vscode';
import { wordsOf } from '../protocol/undertaking';
import { showWarning } from './messages';
import type { ServerConnection } from './server-connection';

export function tellLeftOut(server: ServerConnection, log: vscode.LogOutputChannel): vscode.Disposable {
  return server.onDidChangeLeftOut((fresh) => {
    const [first] = fresh;
    if (!first) return;
    const text =
      fresh.length === 1
        ? l10n.t('The Peermap server ended while it was {0}. That is left out until you try again.', wordsOf(first))
        : l10n.t(
            'The Peermap server ended while it was {0}, and doing {1} other things. All of that is left out until you try again.',
            wordsOf(first),
            fresh.length - 1,
          );
    for (const what of fresh) log.warn(l10n.t('It ended while it was {0}, which is left out from now on.', wordsOf(what)));
    const [again, show] = [l10n.t('Try Again'), l10n.t('Show Log')];
    void showWarning(text, again, show).then((chosen) => {
      if (chosen === again) server.tryAgain();
      if (chosen === show) log.show();
    });
  });
}
