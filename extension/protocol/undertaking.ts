// SPDX-License-Identifier: MIT
//
// What the server is in the middle of, as it writes it down before it begins (server/under-way.ts): if it ends then, this is what is named, and left out.

import * as l10n from '@vscode/l10n';
import { oneLine } from './foreign';
import type { Method, Requests } from './requests';

export interface Undertaking {
  /** 'peermap/watch': the looks at a segment that is watched. */
  method: Method;
  segment?: string;
  root?: string;
  pids?: number[];
  /** Of a removal: see objectOf(). */
  object?: string;
}

/** A System V segment has only its number. */
export function objectOf({ kind, name, id }: Requests['peermap/remove']['params']): string {
  return kind === 'sysv' ? String(id) : name;
}

/** As part of a sentence: "counting the heap of demo". */
export function wordsOf({ method, segment = '', root = '', pids = [], object = '' }: Undertaking): string {
  switch (method) {
    case 'peermap/watch':
    case 'peermap/snapshot':
      return l10n.t('looking at {0}', segment);
    case 'peermap/heap':
      return l10n.t('counting the heap of {0}', segment);
    case 'peermap/structure':
      return l10n.t('reading the root {0} of {1}', root, segment);
    case 'peermap/residency':
      return l10n.t('reading what the peers of {0} have in memory', segment);
    case 'peermap/read':
    case 'peermap/search':
      return l10n.t('reading the memory of {0}', segment);
    case 'peermap/events':
      return l10n.t('reading the events of {0}', segment);
    case 'peermap/facts':
      return l10n.t('reading what the system says of the processes {0}', pids.join(', '));
    case 'peermap/list':
    case 'peermap/processes':
      return l10n.t('listing the segments');
    case 'peermap/census':
      return l10n.t('looking at the shared memory of the system');
    case 'peermap/remove':
      return l10n.t('removing {0}', oneLine(object));
    default:
      return l10n.t('changing {0}', segment);
  }
}

/** Why what was asked for is not done. */
export function leftOutText(what: Undertaking): string {
  return l10n.t('The Peermap server ended while it was {0}. That is left out until you try again.', wordsOf(what));
}

/** What was under way, as the server wrote it down; of a file that anything may have happened to. */
export function readUnderWay(text: string): Undertaking[] {
  try {
    const list: unknown = JSON.parse(text.split('\n', 1)[0] ?? '');
    return Array.isArray(list) ? list.filter(isUndertaking) : [];
  } catch {
    return [];
  }
}

function isUndertaking(value: unknown): value is Undertaking {
  if (typeof value !== 'object' || value === null) return false;
  const { method, segment, root, pids, object } = value as Record<string, unknown>;
  const isText = (each: unknown) => each === undefined || typeof each === 'string';
  const areNumbers = pids === undefined || (Array.isArray(pids) && pids.every((pid) => typeof pid === 'number'));
  return typeof method === 'string' && isText(segment) && isText(root) && isText(object) && areNumbers;
}
