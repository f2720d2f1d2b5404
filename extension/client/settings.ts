// SPDX-License-Identifier: MIT
//
// Reading and changing the person's settings: setting-kinds.ts, asked of VS Code.  A lint rule sees to it that nothing else reads any.

import * as vscode from 'vscode';
import { decide, type Setting, type SettingValue } from './setting-kinds';

export function setting<S extends Setting>(key: S): SettingValue<S> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const scopes = [undefined, ...folders.map(({ uri }) => uri)];
  return decide(
    key,
    scopes.map((scope) => vscode.workspace.getConfiguration('peermap', scope).inspect(key) ?? {}),
  );
}

/** For the person, everywhere. */
export async function change<S extends Setting>(key: S, value: SettingValue<S>): Promise<void> {
  await vscode.workspace.getConfiguration('peermap').update(key, value, vscode.ConfigurationTarget.Global);
}
