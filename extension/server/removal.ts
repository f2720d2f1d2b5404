// SPDX-License-Identifier: MIT
//
// Removing shared memory that nobody has.  What was seen a while ago need not be so any more: everything is looked at again here, and
// what is removed is the object that was meant, not another that has its name by now.

import * as l10n from '@vscode/l10n';
import { lstatSync, unlinkSync } from 'node:fs';
import * as path from 'node:path';
import type { SharedObject } from '../../native/addon/index';
import type { Requests } from '../protocol/requests';
import type { Addon } from './addon';
import { integer, invalid, refusal } from './parameters';

const folder = '/dev/shm';

export function removeMemory(addon: Addon, params: Requests['peermap/remove']['params']): null {
  const { name } = params;
  const kind: string = params.kind;
  if (kind !== 'posix' && kind !== 'sysv') throw invalid(l10n.t('Only POSIX objects and System V segments can be removed.'));
  const inode = integer(params.inode, 'inode', 0);
  const device = integer(params.device, 'device', 0);
  const found = addon.census().objects.find((each) => each.kind === kind && each.inode === inode && each.device === device);
  if (!found || found.elsewhere || found.removed || (kind === 'posix' && found.name !== name))
    throw refusal('PEERMAP_ENOENT', l10n.t('{0} is not there any more.', name));
  requireUnused(found, name);
  if (kind === 'sysv') addon.removeSysv(integer(params.id, 'id', 0, 2 ** 31 - 1));
  else unlink(name, inode);
  return null;
}

function requireUnused({ users, orphan, uid }: SharedObject, name: string): void {
  const [user, ...others] = users.filter(({ looks }) => !looks);
  if (user) {
    const text =
      others.length === 0
        ? l10n.t('{0} is in use by {1} ({2}).', name, user.command, user.pid)
        : l10n.t('{0} is in use by {1} ({2}) and {3} more.', name, user.command, user.pid, others.length);
    throw refusal('PEERMAP_EBUSY', text);
  }
  // Our own user's processes can all be asked, and those of others need its leave to have it.
  if (orphan === 'unknown' && uid !== process.getuid?.())
    throw refusal(
      'PEERMAP_EBUSY',
      l10n.t('Nobody was seen to have {0}, but it is not yours, and not everybody could be asked.', name),
    );
}

function unlink(name: string, inode: number): void {
  const file = path.join(folder, name);
  if (!file.startsWith(`${folder}/`)) throw invalid(l10n.t('{0} is not below {1}.', name, folder));
  const facts = lstatSync(file, { throwIfNoEntry: false });
  if (!facts?.isFile() || facts.ino !== inode) throw refusal('PEERMAP_ENOENT', l10n.t('{0} is not there any more.', name));
  try {
    unlinkSync(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw refusal('PEERMAP_EACCES', l10n.t('{0} may not be removed by this user: {1}.', name, code));
  }
}
