// SPDX-License-Identifier: MIT
//
// What the System view says: rows made of a census.  Text and ids only; how they come onto the screen is system-tree.ts.
//
//     limit   /dev/shm      12 MiB of 64 MiB
//     kind    POSIX objects 3 objects · 24 MiB · 1 orphan
//       object  quotes      2 MiB · alice · 2 processes · Peermap
//         user    search    pid 4712 · 2 MiB · read and write

import * as l10n from '@vscode/l10n';
import { formatBytes, formatMode } from '../protocol/address';
import { visible } from '../protocol/foreign';
import type { Census, MemoryUser, Problem, SharedObject } from '../protocol/model';
import { reasonText } from '../protocol/use';
import { objectCount, orphanCount, processCount } from './counts';
import { ownerByName } from './system-names';

export type SystemIcon = 'limit' | 'hidden' | 'kind' | 'object' | 'orphan' | 'segment' | 'user' | 'problem';

export interface SystemRow {
  /** The same for as long as the thing is the same. */
  id: string;
  label: string;
  description: string;
  tooltip: string;
  icon: SystemIcon;
  /** Words for `viewItem` in the manifest. */
  context: string;
  /** Its segment, if it is one of ours. */
  segment?: string;
  children: SystemRow[];
}

/** What the view hands to a command. */
export interface SystemNode {
  readonly nodeOf: 'peermap-system';
  readonly row: SystemRow;
}

export function isSystemNode(value: unknown): value is SystemNode {
  return typeof value === 'object' && value !== null && 'nodeOf' in value && value.nodeOf === 'peermap-system';
}

export interface Sorting {
  by: 'size' | 'name';
  orphansOnly: boolean;
}

/** Names of users, where they are known. */
export type Users = (uid: number) => string;

export const kinds = ['posix', 'sysv', 'memfd', 'anonymous'] as const satisfies readonly SharedObject['kind'][];

export function kindText(kind: SharedObject['kind']): string {
  switch (kind) {
    case 'posix':
      return l10n.t('POSIX objects');
    case 'sysv':
      return l10n.t('System V segments');
    case 'memfd':
      return 'memfd';
    case 'anonymous':
      return l10n.t('Shared anonymous memory');
  }
}

export function objectId({ kind, device, inode, sysv }: SharedObject): string {
  return sysv ? `sysv/${sysv.id}` : `${kind}/${device}/${inode}`;
}

/** What people call it. */
export function titleOf({ kind, name, inode, sysv }: SharedObject): string {
  if (kind === 'sysv' && sysv)
    return sysv.key === 0
      ? l10n.t('id {0} (private)', sysv.id)
      : l10n.t('id {0}, key {1}', sysv.id, `0x${sysv.key.toString(16).padStart(8, '0')}`);
  return name === '' ? l10n.t('inode {0}', inode) : visible(name);
}

export function segmentName({ kind, name, elsewhere, removed }: SharedObject): string | undefined {
  return kind === 'posix' && !elsewhere && !removed ? /^peermap\.([A-Za-z0-9_-][A-Za-z0-9._-]*)$/.exec(name)?.[1] : undefined;
}

/** Has a name or a number of this side, by which it could be removed. */
function isNamed({ kind, elsewhere, removed }: SharedObject): boolean {
  return !elsewhere && !removed && (kind === 'posix' || kind === 'sysv');
}

/** Nobody has it, for certain. */
export function isRemovable(object: SharedObject): boolean {
  return object.orphan === 'orphan' && isNamed(object);
}

/** Nobody was seen to have it, and it is not removed: orphanText() says why. */
export function isDoubtful(object: SharedObject): boolean {
  return object.orphan === 'unknown' && isNamed(object);
}

export function sorted(objects: readonly SharedObject[], { by, orphansOnly }: Sorting): SharedObject[] {
  const wanted = objects.filter(({ orphan }) => !orphansOnly || orphan === 'orphan');
  const names = (a: SharedObject, b: SharedObject) => titleOf(a).localeCompare(titleOf(b), undefined, { numeric: true });
  return wanted.sort((a, b) => (by === 'size' ? b.size - a.size || names(a, b) : names(a, b)));
}

export function systemRows(census: Census, sorting: Sorting, users: Users): SystemRow[] {
  return [
    ...limitRows(census),
    ...kinds.flatMap((kind) => kindRow(kind, census, sorting, users)),
    ...census.problems
      .filter((problem) => !isHiddenRow(problem, census))
      .map(({ where, text }) => plain(`problem:${where}/${text}`, where, text, 'problem')),
  ];
}

function limitRows({ limits, hidden, hiddenOwn, whole, objects }: Census): SystemRow[] {
  const { directorySize, directoryUsed = 0, shmmax, shmall, shmmni, resident } = limits;
  const rows: SystemRow[] = [];
  if (directorySize !== undefined) {
    const text =
      directorySize === 0
        ? l10n.t('{0} used, without a limit', formatBytes(directoryUsed))
        : l10n.t('{0} of {1} used', formatBytes(directoryUsed), formatBytes(directorySize));
    // Docker's own default, unless --shm-size says otherwise: too little for most that need any.
    const small = directorySize === 64 << 20 ? ` · ${l10n.t('Docker gives a container 64 MiB: --shm-size changes it')}` : '';
    rows.push(plain('limit:directory', '/dev/shm', text + small, 'limit'));
  }
  if (resident !== undefined) rows.push(plain('limit:resident', l10n.t('In memory now'), formatBytes(resident), 'limit'));
  const sysv = objects.filter(({ kind }) => kind === 'sysv').length;
  const parts = [
    ...(shmmni === undefined ? [] : [l10n.t('{0} of {1} segments', sysv, shmmni)]),
    ...(shmmax === undefined ? [] : [l10n.t('{0} each', upTo(shmmax))]),
    ...(shmall === undefined ? [] : [l10n.t('{0} together', upTo(shmall))]),
  ];
  if (parts.length > 0) rows.push(plain('limit:sysv', 'System V', parts.join(' · '), 'limit'));
  if (hidden > 0 || !whole) rows.push(hiddenRow(hidden, hiddenOwn, whole));
  return rows;
}

/** The same, as a problem. */
function isHiddenRow({ code, where }: Problem, { hidden }: Census): boolean {
  return hidden > 0 && code === 'no-access' && where === '/proc';
}

/** Who could not be asked.  What is an orphan does not depend on it: that the kernel says. */
function hiddenRow(hidden: number, own: number, whole: boolean): SystemRow {
  const asked = hidden === 1 ? l10n.t('1 process could not be asked') : l10n.t('{0} processes could not be asked', hidden);
  const ours = own === 0 ? [] : [l10n.t('{0} of this user', own)];
  const label = hidden > 0 ? asked : l10n.t('Not every process can be seen from here');
  const beyond = l10n.t('There may be processes that cannot be seen from here: of another pid namespace, or hidden by /proc.');
  const why = l10n.t('What they alone have is not listed, and who of them has an object is not known.');
  return { ...plain('hidden', label, ours.join(' · '), 'hidden'), tooltip: [...(whole ? [] : [beyond]), why].join('\n') };
}

/** The kernel's own "as good as none": the largest number that it takes, or, of all pages, that number of them. */
function upTo(bytes: number): string {
  return bytes >= 2 ** 53 - 1 ? l10n.t('unlimited') : formatBytes(bytes);
}

function kindRow(kind: SharedObject['kind'], census: Census, sorting: Sorting, users: Users): SystemRow[] {
  const objects = sorted(
    census.objects.filter((object) => object.kind === kind),
    sorting,
  );
  if (objects.length === 0) return [];
  const orphans = objects.filter(({ orphan }) => orphan === 'orphan').length;
  const size = objects.reduce((sum, object) => sum + object.size, 0);
  const words = [objectCount(objects.length), formatBytes(size), ...(orphans > 0 ? [orphanCount(orphans)] : [])];
  const children = objects.map((object) => objectRow(object, users));
  return [{ ...plain(`kind:${kind}`, kindText(kind), words.join(' · '), 'kind'), children }];
}

function objectRow(object: SharedObject, users: Users): SystemRow {
  const segment = segmentName(object);
  const id = `object:${objectId(object)}`;
  const owner = ownerByName(object);
  const holders = object.users.filter(({ looks }) => !looks);
  const words = [
    formatBytes(object.size),
    ...(object.known ? [users(object.uid)] : []),
    useText(object, holders.length),
    ...(object.worldWritable ? [l10n.t('every user may write it')] : []),
    ...(object.nameBefore === undefined ? [] : [l10n.t('its removal was interrupted')]),
    ...(object.removed && object.kind !== 'memfd' && object.kind !== 'anonymous' ? [l10n.t('removed')] : []),
    ...(object.elsewhere ? [l10n.t('of a container')] : []),
    ...(owner === undefined ? [] : [owner]),
  ];
  const facts = object.known
    ? [
        l10n.t('{0} large, {1} of it in memory or swapped out', formatBytes(object.size), formatBytes(object.allocated)),
        l10n.t('owner {0} ({1}), mode {2}', users(object.uid), object.uid, formatMode(object.mode)),
      ]
    : [l10n.t('at least {0}: as much as is mapped of it', formatBytes(object.size))];
  if (object.worldWritable) facts.push(writableRemedy(object));
  if (object.sysv)
    facts.push(
      l10n.t('created by pid {0}, last attached or detached by pid {1}', object.sysv.creatorPid, object.sysv.lastPid),
      l10n.t('attached {0} times', object.sysv.attached),
    );
  const before =
    object.nameBefore === undefined ? [] : [l10n.t('its removal was interrupted; it was called {0}', object.nameBefore)];
  return {
    id,
    label: segment ?? titleOf(object),
    description: words.join(' · '),
    tooltip: [titleOf(object), orphanText(object), ...before, ...facts].join('\n'),
    icon: isRemovable(object) ? 'orphan' : segment === undefined ? 'object' : 'segment',
    context: ['object', ...(isRemovable(object) ? ['orphan'] : []), ...(segment === undefined ? [] : ['segment'])].join(' '),
    ...(segment === undefined ? {} : { segment }),
    children: object.users.map((user) => userRow(id, user, users)),
  };
}

/** A command line only for a name that is nothing but a name to a shell. */
function writableRemedy(object: SharedObject): string {
  return object.kind === 'posix' && !object.elsewhere && /^[\w.][\w.+-]*$/.test(object.name)
    ? l10n.t('every user may write it: unless that is meant, chmod o-w /dev/shm/{0}', object.name)
    : l10n.t('every user may write it: unless that is meant, its mode should not have o+w');
}

/** In a row's few words. */
function useText({ orphan, reason }: SharedObject, holders: number): string {
  switch (orphan) {
    case 'in-use':
      return reason === 'seen' ? processCount(holders) : l10n.t('in use');
    case 'orphan':
      return l10n.t('orphan');
    case 'unknown':
      return l10n.t('unknown whether in use');
  }
}

/** With how it is known, or why it is not. */
export function orphanText({ orphan, reason }: Pick<SharedObject, 'orphan' | 'reason'>): string {
  switch (orphan) {
    case 'in-use':
      return l10n.t('in use: {0}', reasonText(reason));
    case 'orphan':
      return l10n.t('orphan: {0}', reasonText(reason));
    case 'unknown':
      return l10n.t('unknown whether in use: {0}', reasonText(reason));
  }
}

function userRow(object: string, user: MemoryUser, users: Users): SystemRow {
  const { pid, uid, command, mapped, writes, reads, looks, descriptors } = user;
  const words = [
    `pid ${pid}`,
    users(uid),
    mapped > 0 ? formatBytes(mapped) : l10n.t('holds it open'),
    looks ? l10n.t('only looks') : writes && !reads ? l10n.t('reads and writes') : l10n.t('reads'),
  ];
  const open = descriptors === 1 ? l10n.t('1 file descriptor') : l10n.t('{0} file descriptors', descriptors);
  const row = plain(`user:${object}/${pid}`, visible(command), words.join(' · '), 'user');
  return { ...row, tooltip: [command, ...words, open].join('\n') };
}

function plain(id: string, label: string, description: string, icon: SystemIcon): SystemRow {
  return { id, label, description, tooltip: `${label}: ${description}`, icon, context: icon, children: [] };
}
