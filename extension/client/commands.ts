// SPDX-License-Identifier: MIT
//
// The table of commands, and how one is called: with arguments by programs, without by people.  Their titles and places are in
// package.json; what they do is in segment-operations.ts and round-operations.ts.  What a command takes away stands here, and nothing
// else gives it the consent to that.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { parseInvocation, targetOf, type Invocation, type Target } from './command-arguments';
import { Consent, type Taken } from './consent';
import { PeermapFailure, sentenceOf, type Remedy } from './failure';
import type { Operation, Parts, TakingOperation } from './operation';
import { showError } from './messages';
import * as memory from './memory-operations';
import * as rounds from './round-operations';
import * as segments from './segment-operations';
import { setting } from './settings';
import * as snapshots from './snapshot-operations';
import * as system from './system-operations';

interface Command {
  enabled: Operation;
  /** In an untrusted workspace, or with the setting peermap.readOnly. */
  readOnly: Operation;
  /** After a question, unless the setting peermap.confirm.… says that there need not be one. */
  takes?: Taken;
}

const writes = (enabled: Operation): Command => ({
  enabled,
  readOnly: () => Promise.reject(readOnlyRefusal()),
});
const reads = (enabled: Operation): Command => ({ enabled, readOnly: enabled });
const takes = <K extends Taken>(what: K, run: TakingOperation<K>): Command => ({
  ...writes((parts, invocation) => run(parts, invocation, (warning) => Consent.ask(what, warning, invocation))),
  takes: what,
});
/** A file: where a person says, that is no more than looking; at a path that the command was called with, it may be anybody's. */
const saves = (run: TakingOperation<'overwrite'>): Command => {
  const { enabled } = takes('overwrite', run);
  return {
    enabled,
    readOnly: (parts, invocation) =>
      invocation.target.file === undefined ? enabled(parts, invocation) : Promise.reject(fileRefusal()),
    takes: 'overwrite',
  };
};

export const commandTable = {
  'peermap.inspect': reads(segments.inspect),
  'peermap.attach': writes(segments.attach),
  'peermap.detach': writes(segments.detach),
  'peermap.grow': writes(rounds.grow),
  'peermap.shrink': takes('shrink', rounds.shrink),
  'peermap.remap': writes(rounds.remap),
  'peermap.remapAll': writes(rounds.remapAll),
  'peermap.reap': takes('reap', rounds.reap),
  'peermap.create': writes(segments.create),
  'peermap.destroy': takes('destroy', segments.destroy),
  'peermap.startDemo': writes(segments.startDemo),
  'peermap.openMemory': reads(memory.openMemory),
  'peermap.exportSnapshot': saves(snapshots.exportSnapshot),
  'peermap.exportTimeline': saves(snapshots.exportTimeline),
  'peermap.compareSnapshots': reads(snapshots.compareSnapshots),
  'peermap.openAsText': reads(snapshots.openAsText),
  'peermap.copyReport': reads(snapshots.copyReport),
  'peermap.removeOrphan': takes('remove', system.removeOrphan),
  'peermap.systemRefresh': reads(system.refreshSystem),
  'peermap.systemSortBySize': reads(() => system.sortSystem('size')),
  'peermap.systemSortByName': reads(() => system.sortSystem('name')),
  'peermap.systemShowOrphans': reads(() => system.filterOrphans(true)),
  'peermap.systemShowAll': reads(() => system.filterOrphans(false)),
  'peermap.systemCopy': reads(system.copySystem),
  'peermap.systemExport': saves(system.exportSystem),
  'peermap.refresh': reads((parts) => parts.segments.refresh()),
  'peermap.tryAgain': reads(({ server }, { target }) => {
    server.tryAgain(target.segment);
    return Promise.resolve();
  }),
  'peermap.restartServer': reads(({ server }) => server.start()),
  'peermap.showLog': reads(({ log }) => {
    log.show();
    return Promise.resolve();
  }),
} satisfies Record<string, Command>;

export type CommandId = keyof typeof commandTable;
const ids = Object.keys(commandTable) as CommandId[];

/** Why nothing may be changed, in the words "the workspace is not trusted"; undefined if it may. */
export function readOnlyReason(): string | undefined {
  if (!vscode.workspace.isTrusted) return l10n.t('the workspace is not trusted');
  return setting('readOnly') ? l10n.t('the setting peermap.readOnly is on') : undefined;
}

/**
 * Runs a command for a view that shows failures itself; only one with a remedy is a message, which has the button.  Resolves without
 * waiting for the answer to that.
 */
export async function runForView(parts: Parts, id: CommandId, target: Target): Promise<void> {
  try {
    await runCommand(parts, id, { target, asks: true });
  } catch (error) {
    if (!(error instanceof PeermapFailure && error.remedy)) throw error;
    void showFailure(parts, id, error);
  }
}

/** For a task, which shows failures itself.  `given`: what stands in tasks.json, which a workspace brings along. */
export function runForTask(parts: Parts, id: CommandId, given: Record<string, unknown>, task: string): Promise<unknown> {
  return runCommand(parts, id, { target: targetOf(given), asks: false, task });
}

function runCommand(parts: Parts, id: CommandId, invocation: Invocation): Promise<unknown> {
  const command: Command = commandTable[id];
  return (readOnlyReason() === undefined ? command.enabled : command.readOnly)(parts, invocation);
}

export function registerCommands(parts: Parts): vscode.Disposable[] {
  return ids.map((id) =>
    vscode.commands.registerCommand(id, async (argument: unknown) => {
      const invocation = parseInvocation(argument);
      if (!invocation.asks) return runCommand(parts, id, invocation);
      try {
        return await runCommand(parts, id, invocation);
      } catch (error) {
        await showFailure(parts, id, error);
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
  return new PeermapFailure(
    'PEERMAP_EACCES',
    l10n.t('Peermap shows segments and does not change them: {0}.', readOnlyReason() ?? ''),
  );
}

function fileRefusal(): PeermapFailure {
  const why = readOnlyReason() ?? '';
  return new PeermapFailure(
    'PEERMAP_EACCES',
    l10n.t('Peermap does not write to a path that is given as an argument: {0}. Without one, the command asks where.', why),
  );
}

/** With a way out: what the person can do about it. */
async function showFailure(parts: Parts, id: CommandId, error: unknown): Promise<void> {
  parts.log.error(`${id}: ${error instanceof Error ? error.message : String(error)}`);
  const { code, remedy } = error instanceof PeermapFailure ? error : {};
  const command = (title: string, name: string): Remedy => ({ title, apply: async () => vscode.commands.executeCommand(name) });
  const ways = [command(l10n.t('Show Log'), 'peermap.showLog')];
  if (code === 'PEERMAP_SERVER') ways.unshift(command(l10n.t('Restart Server'), 'peermap.restartServer'));
  if (code === 'PEERMAP_EACCES' && !vscode.workspace.isTrusted)
    ways.unshift(command(l10n.t('Manage Workspace Trust'), 'workbench.trust.manage'));
  if (remedy) ways.unshift(remedy);
  const chosen = await showError(sentenceOf(error), ...ways.map(({ title }) => title));
  try {
    await ways.find(({ title }) => title === chosen)?.apply();
  } catch (another) {
    await showFailure(parts, id, another);
  }
}
