// SPDX-License-Identifier: MIT
//
// Opens the inspector with the window, on the segment that the setting names, as soon as there is one of that name.

import type * as vscode from 'vscode';
import type { Inspectors } from './inspector';
import type { Segments } from './segments';
import { setting } from './settings';

export function inspectOnStartup(segments: Segments, inspectors: Inspectors): vscode.Disposable {
  const segment = setting('inspectOnStartup');
  const look = () => {
    if (segment === '' || !segments.summary(segment)) return;
    appearance.dispose();
    inspectors.open(segment);
  };
  const appearance = segments.onDidChangeList(look);
  look();
  return appearance;
}
