// SPDX-License-Identifier: MIT
//
// The table of commands, and how one is called: with arguments by programs, without by people.  Their titles and places are in
// package.json; what they do is in segment-operations.ts and round-operations.ts.

import * as vscode from 'vscode';
import { parseInvocation, type Invocation } from './command-arguments';
import { PeermapFailure, sentenceOf } from './failure';
import type { Operation, Parts } from './operation';
import * as rounds from './round-operations';
import * as segments from './segment-operations';

interface Command {
  enabled: Operation;
  /** In an untrusted workspace, or with the setting peermap.readOnly. */
  readOnly: Operation;
}

const writes = (enabled: Operation): Command => ({
  enabled,
  readOnly: () => Promise.reject(readOnlyRefusal()),
});
const reads = (enabled: Operation): Command => ({ enabled, readOnly: enabled });

export const commandTable = {
  'peermap.inspect': reads(segments.inspect),
  'peermap.attach': writes(segments.attach),
  'peermap.detach': writes(segments.detach),
  'peermap.grow': writes(rounds.grow),
  'peermap.shrink': writes(rounds.shrink),
  'peermap.remap': writes(rounds.remap),
  'peermap.remapAll': writes(rounds.remapAll),
  'peermap.reap': writes(rounds.reap),
  'peermap.create': writes(segments.create),
  'peermap.destroy': writes(segments.destroy),
  'peermap.startDemo': writes(segments.startDemo),
  'peermap.refresh': reads((parts) => parts.segments.refresh()),
  'peermap.restartServer': reads(({ server }) => server.start()),
  'peermap.showLog': reads(({ log }) => {
    log.show();
    return Promise.resolve();
  }),
} satisfies Record<string, Command>;

export type CommandId = keyof typeof commandTable;
const ids = Object.keys(commandTable) as CommandId[];

export function isReadOnly(): boolean {
  return !vscode.workspace.isTrusted || vscode.workspace.getConfiguration('peermap').get('readOnly', false);
}

/** Runs a command that somebody asked for where they see its failure themselves. */
export function runCommand(parts: Parts, id: CommandId, invocation: Invocation): Promise<unknown> {
  const command: Command = commandTable[id];
  return (isReadOnly() ? command.readOnly : command.enabled)(parts, invocation);
}

export function registerCommands(parts: Parts): vscode.Disposable[] {
  return ids.map((id) =>
    vscode.commands.registerCommand(id, async (argument: unknown) => {
      const invocation = parseInvocation(argument);
      if (!invocation.asks) return runCommand(parts, id, invocation);
      try {
        return await runCommand(parts, id, invocation);
      } catch (error) {
        parts.log.error(`${id}: ${error instanceof Error ? error.message : String(error)}`);
        await showFailure(error);
        return undefined;
      }
    }),
  );
}

/** Where Peermap does not work, its commands say so. */
export function registerRefusals(text: string): vscode.Disposable[] {
  return ids.map((id) =>
    vscode.commands.registerCommand(id, () => {
      throw new PeermapFailure('PEERMAP_EOS', text);
    }),
  );
}

function readOnlyRefusal(): PeermapFailure {
  const why = vscode.workspace.isTrusted
    ? 'The setting peermap.readOnly is on, so Peermap does not change segments.'
    : 'This workspace is not trusted, so Peermap shows segments and does not change them.';
  return new PeermapFailure('PEERMAP_EACCES', why);
}

/** With a way out: what the person can do about it. */
async function showFailure(error: unknown): Promise<void> {
  const code = error instanceof PeermapFailure ? error.code : undefined;
  const ways: Record<string, string> = { 'Show Log': 'peermap.showLog' };
  if (code === 'PEERMAP_SERVER') ways['Restart Server'] = 'peermap.restartServer';
  if (code === 'PEERMAP_EACCES' && !vscode.workspace.isTrusted) ways['Manage Workspace Trust'] = 'workbench.trust.manage';
  const chosen = await vscode.window.showErrorMessage(sentenceOf(error), ...Object.keys(ways).reverse());
  const way = chosen && ways[chosen];
  if (way) await vscode.commands.executeCommand(way);
}
