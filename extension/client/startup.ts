// SPDX-License-Identifier: MIT
//
// Opens the inspector with the window, on the segment that the setting names, as soon as there is one of that name.

import * as vscode from 'vscode';
import type { Inspectors } from './inspector';
import type { Segments } from './segments';

export function inspectOnStartup(segments: Segments, inspectors: Inspectors): vscode.Disposable {
  const segment = vscode.workspace.getConfiguration('peermap').get<string>('inspectOnStartup', '');
  const look = () => {
    if (segment === '' || !segments.summary(segment)) return;
    appearance.dispose();
    inspectors.open(segment);
  };
  const appearance = segments.onDidChangeList(look);
  look();
  return appearance;
}
