// SPDX-License-Identifier: MIT
//
// What a change will do, and to whom, before it is made: "3 peers will unmap 4 MiB. search (4712) is held by a debugger and cannot
// acknowledge."  From a snapshot, so it is what is known now; the round's own report says what came of it.

import * as l10n from '@vscode/l10n';
import { formatBytes } from '../protocol/address';
import type { Peer, Snapshot } from '../protocol/model';
import { thawText } from '../protocol/process';
import { peerCount } from './counts';

/** So many names are read; the rest is counted. */
const mostNamed = 3;

export function living({ peers }: Pick<Snapshot, 'peers'>): Peer[] {
  return peers.filter(({ state }) => state !== 'dead');
}

/** "indexer (4711), search (4712) and 5 more" */
export function names(peers: readonly Pick<Peer, 'name' | 'pid'>[]): string {
  const shown = peers.slice(0, mostNamed).map(({ name, pid }) => `${name} (${pid})`);
  const rest = peers.length - shown.length;
  return rest === 0 ? shown.join(', ') : l10n.t('{0} and {1} more', shown.join(', '), rest);
}

export function growPreview(snapshot: Snapshot, bytes: number): string {
  const { header } = snapshot;
  if (!header) return '';
  const after = header.active + bytes;
  const asked = living(snapshot).filter(({ mapped }) => mapped < after);
  if (living(snapshot).length === 0) return l10n.t('No process is attached: nobody needs to map it.');
  if (after <= header.horizon || asked.length === 0) return l10n.t('Within what is mapped ahead: nobody needs to be asked.');
  const whom =
    asked.length === 1
      ? l10n.t('{0} will map {1}.', names(asked), formatBytes(bytes))
      : l10n.t('{0} peers will map {1}.', asked.length, formatBytes(bytes));
  return [whom, ...obstacles(snapshot, asked)].join(' ');
}

export function shrinkPreview(snapshot: Snapshot, bytes: number): string {
  const active = snapshot.header?.active ?? 0;
  // Who only reads gives nothing up, but what it pins stays.
  const asked = living(snapshot).filter(({ readOnly }) => !readOnly);
  if (asked.length === 0) return l10n.t('No process is attached: nobody needs to unmap it.');
  const whom =
    asked.length === 1
      ? l10n.t('{0} will unmap {1}.', names(asked), formatBytes(bytes))
      : l10n.t('{0} peers will unmap {1}.', asked.length, formatBytes(bytes));
  const pinning = living(snapshot).filter(({ pins, pinnedBytes }) => pins > 0 && pinnedBytes > active - bytes);
  const pins = pinning.length === 0 ? [] : [l10n.t('Pinned now by {0}: the shrink waits for that.', names(pinning))];
  return [whom, ...pins, ...obstacles(snapshot, asked)].join(' ');
}

/** Of one peer, or of all. */
export function remapPreview(snapshot: Snapshot, pid?: number): string {
  const asked = living(snapshot).filter((peer) => pid === undefined || peer.pid === pid);
  if (asked.length === 0) return l10n.t('No process is attached: there is nothing to remap.');
  const lacking = asked.filter(({ missing }) => missing !== undefined && missing.length > 0);
  const lacks = (peer: Peer) => (peer.missing ?? []).reduce((sum, { length }) => sum + length, 0);
  const bytes = formatBytes(lacking.reduce((sum, peer) => sum + lacks(peer), 0));
  const whom =
    lacking.length === 0
      ? l10n.t('Nothing is missing: the mappings are made again as they are.')
      : lacking.length === 1
        ? l10n.t('{0} lacks {1}, and will map it.', names(lacking), bytes)
        : l10n.t('{0} peers lack {1} together, and will map it.', lacking.length, bytes);
  return [whom, ...obstacles(snapshot, asked)].join(' ');
}

/** What a reaping frees. */
export function deadOf({ peers }: Pick<Snapshot, 'peers'>): Peer[] {
  return peers.filter(({ state }) => state === 'dead');
}

export function reapPreview(snapshot: Snapshot): string {
  const dead = deadOf(snapshot);
  if (dead.length === 0) return l10n.t('Nobody in the registry is dead: nothing will be freed.');
  return dead.length === 1
    ? l10n.t('1 registry slot will be freed: {0}.', names(dead))
    : l10n.t('{0} registry slots will be freed: {1}.', dead.length, names(dead));
}

/** Who will not answer, or not by itself. */
function obstacles({ header }: Snapshot, asked: readonly Peer[]): string[] {
  const closed = (peer: Peer) => peer.noPtrace || (header?.flags.includes('noPtrace') ?? false);
  const frozen = asked.filter((peer) => peer.frozen);
  const traced = asked.filter((peer) => !peer.frozen && peer.processState === 't');
  const stopped = asked.filter((peer) => !peer.frozen && peer.processState === 'T');
  const unreachable = stopped.filter(closed);
  const reachable = stopped.filter((peer) => !closed(peer));
  return [
    ...held(frozen, {
      one: (who) => l10n.t('{0} is frozen and cannot acknowledge. {1}', who, frozen.map(thawText).join('')),
      many: (n, who) => l10n.t('{0} are frozen with their cgroups and cannot acknowledge: {1}.', peerCount(n), who),
    }),
    ...held(traced, {
      one: (who) => l10n.t('{0} is held by a debugger and cannot acknowledge.', who),
      many: (n, who) => l10n.t('{0} are held by debuggers and cannot acknowledge: {1}.', peerCount(n), who),
    }),
    ...held(unreachable, {
      one: (who) => l10n.t('{0} is stopped and cannot acknowledge.', who),
      many: (n, who) => l10n.t('{0} are stopped and cannot acknowledge: {1}.', peerCount(n), who),
    }),
    ...held(reachable, {
      one: (who) => l10n.t('{0} is stopped, and will be reached from outside if the system allows it.', who),
      many: (n, who) =>
        l10n.t('{0} are stopped, and will be reached from outside if the system allows it: {1}.', peerCount(n), who),
    }),
  ];
}

interface Sentences {
  one: (who: string) => string;
  many: (n: number, who: string) => string;
}

function held(peers: readonly Peer[], { one, many }: Sentences): string[] {
  if (peers.length === 0) return [];
  return [peers.length === 1 ? one(names(peers)) : many(peers.length, names(peers))];
}
