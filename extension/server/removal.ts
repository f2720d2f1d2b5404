// SPDX-License-Identifier: MIT
//
// Removing shared memory that nobody has.  The addon does it (native/observer/unlink.h): it asks the kernel whether anybody has the object, and
// removes nothing but that.  Here is what is said where it was not done.

import * as l10n from '@vscode/l10n';
import type { Removal } from '../../native/addon/index';
import type { ObjectId } from '../protocol/object-id';
import type { Requests } from '../protocol/requests';
import { reasonText } from '../protocol/use';
import type { Addon } from './addon';
import { addonObject, integer, invalid, objectId, refusal } from './parameters';

type Params = Requests['peermap/remove']['params'];

export async function removeMemory(addon: Addon, params: Params): Promise<null> {
  const { name } = params;
  const kind: string = params.kind;
  if (kind !== 'posix' && kind !== 'sysv') throw invalid(l10n.t('Only POSIX objects and System V segments can be removed.'));
  const removal =
    kind === 'sysv'
      ? await addon.removeAsync({ kind, id: integer(params.id, 'id', 0, 2 ** 31 - 1) })
      : await addon.removeAsync({ kind, name, ...meant(params) });
  if (removal.outcome !== 'removed') throw refusal(removal.code ?? 'PEERMAP_EOS', removalText(name, removal));
  return null;
}

/** Whoever has it: a person was asked, about this object and no other. */
export async function removeSegment(addon: Addon, segment: string, object: ObjectId): Promise<void> {
  const removal = await addon.removeAsync({ kind: 'posix', name: `peermap.${segment}`, ...addonObject(object), anyway: true });
  if (removal.outcome !== 'removed') throw refusal(removal.code ?? 'PEERMAP_EOS', removalText(segment, removal));
}

function meant(params: Params): ReturnType<typeof addonObject> {
  const object = objectId(params);
  if (!object) throw invalid(l10n.t('{0} must be a whole number from {1} to {2}', 'inode', 0, Number.MAX_SAFE_INTEGER));
  return addonObject(object);
}

export function removalText(object: string, removal: Removal): string {
  const { outcome, text = '', name = '' } = removal;
  switch (outcome) {
    case 'removed':
      return l10n.t('{0} was removed.', object);
    case 'gone':
      return l10n.t('{0} is not there any more.', object);
    case 'replaced':
      return l10n.t('The name {0} is another object’s by now, and nothing was removed: look again.', object);
    case 'refused':
      return refusalText(object, removal);
    case 'opened':
      return l10n.t('Somebody opened {0} while it was being removed: it is there as before.', object);
    case 'undone':
      return l10n.t(
        'Somebody has {0}: its removal, which had been interrupted, is undone, and it is called {1} again.',
        object,
        name,
      );
    case 'renamed':
      return l10n.t(
        'Somebody opened {0} while it was being removed, and another object has its name by now: it is called {1}.',
        object,
        name,
      );
    case 'long-name':
      return l10n.t('The name {0} is too long for a removal: give the object a shorter one first.', object);
    case 'not-permitted':
    case 'failed':
      return l10n.t('{0} was not removed: {1}', object, text);
  }
}

function refusalText(object: string, { reason = 'failed', pid, command = '', others = 0, name = '' }: Removal): string {
  if (reason === 'registered' && pid !== undefined)
    return l10n.t('{0} is in use: its registry has a live peer, {1} ({2}).', object, name, pid);
  if (pid !== undefined && command !== '')
    return others === 0
      ? l10n.t('{0} is in use by {1} ({2}).', object, command, pid)
      : l10n.t('{0} is in use by {1} ({2}) and {3} more.', object, command, pid, others);
  return l10n.t('{0} is not removed: {1}.', object, reasonText(reason));
}
