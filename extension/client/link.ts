// SPDX-License-Identifier: MIT
//
// What a link into the extension asks for: vscode://peermap.peermap/inspect?segment=NAME, or openMemory with an offset.  Anybody can
// make one, on any web page, so there are none that change anything.

import * as l10n from '@vscode/l10n';

export type Link =
  | { kind: 'inspect'; segment: string }
  | { kind: 'openMemory'; segment: string; offset: number }
  | { kind: 'error'; text: string };

/** As the library has it. */
export function isSegmentName(text: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$/.test(text);
}

export function parseLink({ path, query }: { path: string; query: string }): Link {
  const parameters = new URLSearchParams(query);
  const segment = parameters.get('segment') ?? '';
  if (!isSegmentName(segment)) return { kind: 'error', text: l10n.t('This link does not name a segment.') };
  if (path === '/inspect') return { kind: 'inspect', segment };
  if (path !== '/openMemory')
    return { kind: 'error', text: l10n.t('Links can inspect a segment or open its memory, and nothing else.') };
  const offset = Number(parameters.get('offset') ?? '0');
  if (!Number.isSafeInteger(offset) || offset < 0)
    return { kind: 'error', text: l10n.t('The offset in this link is not a number.') };
  return { kind: 'openMemory', segment, offset };
}
