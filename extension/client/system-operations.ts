// SPDX-License-Identifier: MIT
//
// The operations on all shared memory of the system: look again, sort, filter, copy, export, and remove what nobody has.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatBytes } from '../protocol/address';
import type { Census, SharedObject } from '../protocol/model';
import { reasonText } from '../protocol/use';
import { idOf } from '../protocol/object-id';
import { required, type Invocation } from './command-arguments';
import type { Ask } from './consent';
import { saveAt, saveFile } from './documents';
import { PeermapFailure } from './failure';
import { choose } from './messages';
import { tell, type Parts } from './operation';
import { change } from './settings';
import { isDoubtful, isRemovable, objectId, orphanText, titleOf } from './system-rows';
import { toCsv, toTsv } from './system-table';
import { userName } from './users';
import type { Warning } from './words';

export async function refreshSystem({ system }: Parts): Promise<Census> {
  const seen = await system.read();
  if (seen.kind === 'census') return seen.census;
  throw new PeermapFailure('PEERMAP_EOS', seen.kind === 'failure' ? seen.text : '');
}

export function sortSystem(by: 'size' | 'name'): Promise<void> {
  return change('system.sort', by);
}

export function filterOrphans(orphansOnly: boolean): Promise<void> {
  return change('system.orphansOnly', orphansOnly);
}

export async function copySystem(parts: Parts): Promise<void> {
  await vscode.env.clipboard.writeText(toTsv(await refreshSystem(parts)));
}

/** The file's ending is the format. */
export async function exportSystem(
  parts: Parts,
  { target, asks }: Invocation,
  ask: Ask<'overwrite'>,
): Promise<{ file: string } | undefined> {
  const census = await refreshSystem(parts);
  const format = target.format ?? (target.file === undefined && asks ? await pickFormat() : formatOf(required(target, 'file')));
  if (format === undefined) return undefined;
  const text = format === 'csv' ? toCsv(census) : JSON.stringify(census, undefined, 2) + '\n';
  return target.file === undefined ? saveFile(`shared-memory.${format}`, text) : saveAt(target.file, text, ask);
}

function formatOf(file: string): string {
  return file.endsWith('.csv') ? 'csv' : 'json';
}

async function pickFormat(): Promise<string | undefined> {
  const items = [
    { label: 'CSV', detail: l10n.t('A line for each object and process, for a spreadsheet.'), format: 'csv' },
    { label: 'JSON', detail: l10n.t('Everything that is known, for a program.'), format: 'json' },
  ];
  const title = l10n.t('Export the shared memory of the system');
  return (await choose(items, { title, ignoreFocusOut: true }))?.format;
}

/** The server looks again before it removes anything: what is decided here is what a person is asked. */
export async function removeOrphan(
  parts: Parts,
  { target, asks }: Invocation,
  ask: Ask<'remove'>,
): Promise<{ removed: string } | undefined> {
  const { objects } = await refreshSystem(parts);
  const id = target.object ?? (asks ? await pickOrphan(objects) : required(target, 'object'));
  if (id === undefined) return undefined;
  const object = objects.find((each) => objectId(each) === id);
  if (!object) throw new PeermapFailure('PEERMAP_ENOENT', l10n.t('{0} does not exist any more.', id));
  if (!isRemovable(object) || (object.kind !== 'posix' && object.kind !== 'sysv'))
    throw new PeermapFailure('PEERMAP_EBUSY', l10n.t('{0} is not removed: {1}.', titleOf(object), orphanText(object)));
  const consent = await ask(removalWarning(object));
  if (!consent) return undefined;
  const { kind, name, sysv } = object;
  const params = { kind, name, ...idOf(object), ...(sysv ? { id: sysv.id } : {}) };
  await parts.server.request('peermap/remove', params, l10n.t('the removal of {0}', titleOf(object)), consent);
  const text = l10n.t('{0} was removed, {1}', titleOf(object), formatBytes(object.size));
  parts.log.info(text);
  if (asks) tell(text);
  await parts.system.read();
  return { removed: id };
}

export function removalWarning(object: SharedObject): Warning {
  const what =
    object.kind === 'posix'
      ? l10n.t('Removes {0}, {1}, of {2}.', `/dev/shm/${titleOf(object)}`, formatBytes(object.size), userName(object.uid))
      : l10n.t('Removes the System V segment {0}, {1}, of {2}.', titleOf(object), formatBytes(object.size), userName(object.uid));
  const lost = l10n.t(
    'The kernel says that no process has it, and is asked again before it goes. What is in it is lost; a program that expects to find it again, as some do after they were started anew, will not.',
  );
  return { message: l10n.t('Remove {0}?', titleOf(object)), detail: `${what}\n\n${lost}`, button: l10n.t('Remove') };
}

/** What is certain can be chosen; the others are there with the reason, and choosing one says it. */
async function pickOrphan(objects: readonly SharedObject[]): Promise<string | undefined> {
  const orphans = objects.filter(isRemovable);
  const doubtful = objects.filter(isDoubtful);
  if (orphans.length + doubtful.length === 0) throw new PeermapFailure('PEERMAP_ENOENT', l10n.t('There are no orphans.'));
  const itemOf = (object: SharedObject) => ({
    label: titleOf(object),
    description: `${formatBytes(object.size)} · ${userName(object.uid)}`,
    id: objectId(object),
  });
  const items: (vscode.QuickPickItem & { id?: string })[] = orphans.map(itemOf);
  if (doubtful.length > 0) {
    items.push({ label: l10n.t('Unknown whether in use: not removed'), kind: vscode.QuickPickItemKind.Separator });
    items.push(...doubtful.map((object) => ({ ...itemOf(object), detail: reasonText(object.reason) })));
  }
  const title = l10n.t('Remove shared memory that nobody has');
  return (await choose(items, { title, matchOnDescription: true, ignoreFocusOut: true }))?.id;
}
