// SPDX-License-Identifier: MIT
//
// The terminal that a process runs in: the one whose shell is among its ancestors.

import * as fs from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { showInformation } from './messages';

/** Shows the terminal of a process, or says that it has none here. */
export async function revealTerminal(pid: number): Promise<void> {
  const shells = new Map<number, vscode.Terminal>();
  for (const terminal of vscode.window.terminals) {
    const shell = await terminal.processId;
    if (shell !== undefined) shells.set(shell, terminal);
  }
  for (const ancestor of await ancestry(pid)) {
    const terminal = shells.get(ancestor);
    if (terminal) {
      terminal.show();
      return;
    }
  }
  void showInformation(l10n.t('Process {0} does not run in a terminal of this window.', pid));
}

/** The process and its ancestors, nearest first. */
export async function ancestry(pid: number): Promise<number[]> {
  const line: number[] = [];
  for (let at = pid; at > 1 && !line.includes(at); at = await parentOf(at)) line.push(at);
  return line;
}

/** 0 if the process has ended. */
async function parentOf(pid: number): Promise<number> {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; the state and the parent come after the last of them.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) || 0;
  } catch {
    return 0;
  }
}
