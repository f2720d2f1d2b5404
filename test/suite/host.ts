// SPDX-License-Identifier: MIT
//
// The extension under test, in the real editor: its API, its commands, its views.

import * as vscode from 'vscode';
import type { PeermapApi } from '../../extension/client/api';
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
