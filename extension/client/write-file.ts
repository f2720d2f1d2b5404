// SPDX-License-Identifier: MIT
//
// Writes a file whole or not at all: a new one beside it gets the bytes and then takes the name.  Whatever fails, what was there stays as it was.
//
// The folder is opened once, and everything happens in that.  A file that is there is replaced with consent alone; something that is no regular
// file, a symbolic link first of all, is neither followed nor replaced.

import * as l10n from '@vscode/l10n';
import { randomBytes } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Consent } from './consent';
import { PeermapFailure, sentenceOf } from './failure';

/** A regular file in the way. */
export interface Found {
  file: string;
  size: number;
  modified: Date;
}

/** False if there was a file and no consent came. */
export async function writeFile(
  file: string,
  text: string,
  mayReplace: (found: Found) => Promise<Consent<'overwrite'> | undefined>,
): Promise<boolean> {
  if (!path.isAbsolute(file)) throw refusal(l10n.t('{0} is not an absolute path: give one that begins with /.', file));
  const folder = await attempt(file, fs.open(path.dirname(file), constants.O_RDONLY | constants.O_DIRECTORY));
  const inside = (name: string) => `/proc/self/fd/${folder.fd}/${name}`;
  const target = inside(path.basename(file));
  const fresh = inside(`.peermap-${randomBytes(8).toString('hex')}.tmp`);
  try {
    const found = await look(file, target);
    if (found && !(await mayReplace({ file, size: Number(found.size), modified: found.mtime }))) return false;
    await attempt(file, fill(fresh, text, found));
    const now = await look(file, target);
    if (!isSame(found, now)) throw refusal(changedMeanwhile(file));
    await attempt(file, found ? fs.rename(fresh, target) : appear(fresh, target));
    return true;
  } finally {
    await fs.rm(fresh, { force: true }).finally(() => folder.close());
  }
}

/** With the bytes that it had: its number may be a new file's at once, and what was asked about is what is in it. */
function isSame(found: BigIntStats | undefined, now: BigIntStats | undefined): boolean {
  const facts = ['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const;
  return facts.every((fact) => found?.[fact] === now?.[fact]);
}

/** Undefined: there is nothing. */
async function look(file: string, target: string): Promise<BigIntStats | undefined> {
  const found = await attempt(
    file,
    fs.lstat(target, { bigint: true }).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }),
  );
  if (!found || found.isFile()) return found;
  if (!found.isSymbolicLink()) throw refusal(l10n.t('{0} is not a regular file: nothing was written.', file));
  const leadsTo = await attempt(file, fs.readlink(target));
  throw refusal(
    l10n.t('{0} is a symbolic link to {1}: nothing was written, here or there. Name the file that is meant.', file, leadsTo),
  );
}

/** With the permissions of the one that it replaces. */
async function fill(fresh: string, text: string, found: BigIntStats | undefined): Promise<void> {
  const file = await fs.open(fresh, 'wx', 0o666);
  try {
    if (found) await file.chmod(Number(found.mode & 0o777n));
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Where there is nothing, and only there: a rename would replace what has come meanwhile. */
async function appear(fresh: string, target: string): Promise<void> {
  try {
    await fs.link(fresh, target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    // Not every file system has hard links.
    await fs.copyFile(fresh, target, constants.COPYFILE_EXCL);
  }
}

async function attempt<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw refusal(changedMeanwhile(file));
    const why = sentenceOf(error).replace(/^E\w+: ([^,]*),.*$/, '$1');
    throw new PeermapFailure('PEERMAP_EOS', l10n.t('{0} was not written: {1}. What was there is unchanged.', file, why));
  }
}

function changedMeanwhile(file: string): string {
  return l10n.t('{0} changed in the meantime: nothing was written. Try again.', file);
}

function refusal(sentence: string): PeermapFailure {
  return new PeermapFailure('PEERMAP_EINVAL', sentence);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
