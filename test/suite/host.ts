// SPDX-License-Identifier: MIT
//
// The extension under test, in the real editor: its API, its commands, its views.

import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { PeermapApi } from '../../extension/client/api';
import { settings } from '../../extension/client/setting-kinds';
import type { Node } from '../../extension/client/tree-rows';
import { cleanUp, until } from '../peers/drive';

export const page = 4096;
export const start = 64 * 1024;

export function extension(): vscode.Extension<PeermapApi> {
  const found = vscode.extensions.getExtension<PeermapApi>('peermap.peermap');
  if (!found) throw new Error('the extension under test is not installed');
  return found;
}

/** Activates the extension if it is not active, and waits until its server runs. */
export async function running(): Promise<PeermapApi> {
  const api = await extension().activate();
  await until(() => api.server.state === 'running' && api.server.pid !== undefined, 'the server');
  return api;
}

export async function execute<T>(command: string, ...rest: unknown[]): Promise<T> {
  return vscode.commands.executeCommand<T>(command, ...rest);
}

/** The message that the command rejects with. */
export async function refusal(command: string, argument: unknown): Promise<string> {
  try {
    await execute(command, argument);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error(`${command} was not refused`);
}

/** In the suite that calls it, nobody is asked before something is taken away: a person has set it so. */
export function withoutQuestions(): void {
  const set = async (value: boolean | undefined) => {
    for (const key of Object.keys(settings).filter((each) => each.startsWith('confirm.')))
      await vscode.workspace.getConfiguration('peermap').update(key, value, vscode.ConfigurationTarget.Global);
  };
  before(() => set(false));
  after(() => set(undefined));
}

/** What the workspace says from now on, until workspaceSays({}): its settings.json, as anybody may have written it. */
export async function workspaceSays(said: Record<string, unknown>): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  if (folder === undefined) throw new Error('no folder is open');
  const file = path.join(folder, '.vscode/settings.json');
  // Once this one is seen the others are.
  const mark = Object.keys(said).length > 0 ? `mark-${Date.now()}` : undefined;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify({ ...said, ...(mark === undefined ? {} : { 'peermap.notifications': mark }) }));
  await until(
    () => vscode.workspace.getConfiguration('peermap').inspect('notifications')?.workspaceValue === mark,
    'the settings of the workspace to be read',
  );
}

export interface Seen {
  node: Node;
  label: string;
  description: string;
  context: string;
}

/** The rows below a row, or those of the segments. */
export async function rows(api: PeermapApi, parent?: Node): Promise<Seen[]> {
  const nodes = (await api.tree.getChildren(parent)) ?? [];
  return Promise.all(
    nodes.map(async (node) => {
      const item = await api.tree.getTreeItem(node);
      return {
        node,
        label: typeof item.label === 'string' ? item.label : (item.label?.label ?? ''),
        description: typeof item.description === 'string' ? item.description : '',
        context: item.contextValue ?? '',
      };
    }),
  );
}

export async function tidy(): Promise<void> {
  await execute('workbench.action.closeAllEditors');
  await cleanUp();
}
