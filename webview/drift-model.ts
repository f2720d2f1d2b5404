// SPDX-License-Identifier: MIT
//
// Where the registry and the kernel disagree: each disagreement with what either says, what it means, and what mends it.  Pure; the
// problems list says the same of those that are problems, because it asks here.

import * as l10n from '@vscode/l10n';
import { formatBytes } from '../extension/protocol/address';
import { stateWords } from '../extension/protocol/mapping';
import type { Address, Header, Mapping, Peer, Snapshot } from '../extension/protocol/model';
import { unseenText } from '../extension/protocol/process';
import type { ViewCommand } from '../extension/protocol/view';
import { conditionOf, dataBytes, kernelOf, lacking, peerKey, strangerKey } from './peer';

export type DriftKind =
  | 'lacks-tail'
  | 'lacks-piece'
  | 'permissions'
  | 'maps-more'
  | 'maps-less'
  | 'pid-reused'
  | 'stranger'
  | 'deleted'
  | 'dead-mapped'
  | 'epoch-behind';

export interface Drift {
  /** Stable from one snapshot to the next. */
  id: string;
  kind: DriftKind;
  severity: 'error' | 'warning' | 'info';
  /** The process, to select it. */
  peer: string;
  name: string;
  pid: number;
  registry: string;
  kernel: string;
  meaning: string;
  repair: { label: string; command: ViewCommand; pid?: number } | { none: string };
}

/** What the person reads; the kind is for programs. */
export function driftWord(kind: DriftKind): string {
  switch (kind) {
    case 'lacks-tail':
      return l10n.t('lacks the tail');
    case 'lacks-piece':
      return l10n.t('lacks a piece');
    case 'permissions':
      return l10n.t('other permissions');
    case 'maps-more':
      return l10n.t('maps more than claimed');
    case 'maps-less':
      return l10n.t('maps less than claimed');
    case 'pid-reused':
      return l10n.t('process not seen');
    case 'stranger':
      return l10n.t('not registered');
    case 'deleted':
      return l10n.t('removed, still mapped');
    case 'dead-mapped':
      return l10n.t('dead, still mapped');
    case 'epoch-behind':
      return l10n.t('epoch behind');
  }
}

export function driftOf(snapshot: Snapshot, header: Header, gone: boolean): Drift[] {
  const found = snapshot.peers.flatMap((peer) => peerDrift(peer, header));
  found.push(...snapshot.strangers.map((one) => strangerDrift(one, header)));
  if (gone || snapshot.problems.some(({ code }) => code === 'gone')) found.push(...deletedDrift(snapshot, header));
  const rank = { error: 0, warning: 1, info: 2 };
  return found.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

type Said = Pick<Drift, 'severity' | 'registry' | 'kernel' | 'meaning' | 'repair'>;

export function peerDrift(peer: Peer, header: Header): Drift[] {
  const about = { peer: peerKey(peer), name: peer.name, pid: peer.pid };
  const found: Drift[] = [];
  const add = (kind: DriftKind, said: Said, at = ''): void => {
    found.push({ id: `${kind} ${peer.slot}${at}`, kind, ...about, ...said });
  };
  // Of a thousand peers most agree: words are for those that do not.
  const remap = () => ({ label: l10n.t('Remap'), command: 'peermap.remap', pid: peer.pid }) as const;
  const claims = (): string => l10n.t('{0} mapped', formatBytes(peer.mapped));
  if (peer.state === 'dead') {
    if ((peer.mappings ?? []).length > 0) add('dead-mapped', deadSaid(peer, header));
    return found;
  }
  const unseen = unseenText(peer);
  if (unseen !== undefined) add('pid-reused', reusedSaid(peer, unseen));
  for (const { address, length, tail } of holesOf(peer, header)) {
    const meaning = tail
      ? l10n.t('It has not mapped the newest extent: it faults where the others read and write.')
      : l10n.t('Something unmapped a piece behind the library: it faults in there.');
    add(
      tail ? 'lacks-tail' : 'lacks-piece',
      {
        severity: 'error',
        registry: claims(),
        kernel: l10n.t('nothing in {0} at {1}', formatBytes(length), address),
        meaning,
        repair: remap(),
      },
      ` ${address}`,
    );
  }
  for (const { address, permissions } of (peer.mappings ?? []).filter((one) => !isOrdinary(one, peer, header))) {
    const meaning = /^rw.s$/.test(permissions)
      ? l10n.t('Reading and writing work, and more is allowed than the library asks for.')
      : l10n.t('It faults, or writes where nobody else sees it, in there.');
    const severity = /^rw.s$/.test(permissions) ? 'info' : 'error';
    const kernel = l10n.t('{0} at {1}', permissions, address);
    add(
      'permissions',
      {
        severity,
        registry: peer.readOnly ? l10n.t('{0} in the data', 'r--s') : l10n.t('{0} everywhere', 'rw-s'),
        kernel,
        meaning,
        repair: remap(),
      },
      ` ${address}`,
    );
  }
  const kernel = kernelOf(peer, header);
  if (kernel.kind === 'drift' && lacking(peer) === 0 && peer.state !== 'attaching') {
    const more = kernel.bytes > peer.mapped;
    add(more ? 'maps-more' : 'maps-less', {
      severity: 'warning',
      registry: claims(),
      kernel: l10n.t('{0} mapped', formatBytes(kernel.bytes)),
      meaning: more
        ? l10n.t('A shrinking or a detach did not reach it: it can touch what is no longer part of the segment.')
        : l10n.t('All that is active is there; the next growth counts on more of it than there is.'),
      repair: remap(),
    });
  }
  if (peer.acked < peer.requested) add('epoch-behind', { ...behindSaid(peer, header), repair: remap() });
  return found;
}

/** As the library maps it: who only reads has the right to write in a part of the header alone. */
function isOrdinary({ offset, permissions }: Mapping, { readOnly }: Peer, { headerLength }: Header): boolean {
  return permissions === 'rw-s' ? !readOnly || offset < headerLength : permissions === 'r--s' && readOnly === true;
}

function deadSaid(peer: Peer, { headerLength }: Header): Said {
  return {
    severity: 'warning',
    registry: stateWords.dead,
    kernel: l10n.t('{0} mapped', formatBytes(dataBytes(peer.mappings ?? [], headerLength))),
    meaning: l10n.t('A process with this pid has the memory and no longer takes part in rounds.'),
    repair: { label: l10n.t('Reap'), command: 'peermap.reap' },
  };
}

function reusedSaid({ pid, state, pidPerhaps }: Peer, seen: string): Said {
  return {
    severity: 'warning',
    registry: l10n.t('pid {0} is {1}', pid, stateWords[state]),
    kernel: seen,
    meaning:
      pidPerhaps === undefined
        ? l10n.t('It ended and its pid was given to another, or it runs in a container with pids of its own.')
        : l10n.t(
            'It runs in a container with pids of its own, and pid {0} here began at the same moment: only the user of that process and root may ask whether it is the one.',
            pidPerhaps,
          ),
    repair: { none: l10n.t('nothing is certain from here; once a peer finds that it ended, it can be reaped') },
  };
}

export function behindSaid(peer: Peer, header: Header): Omit<Said, 'repair'> {
  const { detail } = conditionOf(peer);
  // In a strict segment the next growth waits for it; otherwise it was asked to map ahead, and is in nobody's way.
  const harmless = !header.flags.includes('strict') && lacking(peer) === 0 && peer.mapped >= header.active;
  return {
    severity: harmless ? 'info' : 'warning',
    registry: l10n.t('asked for epoch {0}, acknowledged {1}', peer.requested, peer.acked),
    kernel: detail === '' ? l10n.t('running') : detail,
    meaning: harmless
      ? l10n.t('It has all that is active: it is late only in mapping ahead.')
      : l10n.t('It has not answered: who waits for it does not get on.'),
  };
}

function strangerDrift({ pid, command, mappings }: Snapshot['strangers'][number], { headerLength }: Header): Drift {
  return {
    id: `stranger ${pid}`,
    kind: 'stranger',
    severity: 'info',
    peer: strangerKey(pid),
    name: command,
    pid,
    registry: l10n.t('nothing'),
    kernel: l10n.t('{0} mapped', formatBytes(dataBytes(mappings, headerLength))),
    meaning: l10n.t('No growth reaches it, and no shrinking waits for it.'),
    repair: { none: l10n.t('it has to attach by itself') },
  };
}

function deletedDrift(snapshot: Snapshot, { headerLength }: Header): Drift[] {
  const holders: { key: string; name: string; pid: number; mappings?: readonly Mapping[] }[] = [
    ...snapshot.peers.map((peer) => ({ ...peer, key: peerKey(peer) })),
    ...snapshot.strangers.map((one) => ({ ...one, key: strangerKey(one.pid), name: one.command })),
  ];
  return holders
    .map((one) => ({ ...one, bytes: dataBytes(one.mappings ?? [], headerLength) }))
    .filter(({ bytes }) => bytes > 0)
    .map(({ key, name, pid, bytes }) => ({
      id: `deleted ${key}`,
      kind: 'deleted',
      severity: 'warning',
      peer: key,
      name,
      pid,
      registry: l10n.t('removed'),
      kernel: l10n.t('{0} mapped', formatBytes(bytes)),
      meaning: l10n.t('The memory has no name any more and stays until its last user lets go of it.'),
      repair: { none: l10n.t('it ends with the process, or when that detaches') },
    }));
}

/** What is missing and not there with other permissions; whether it is at the end of what is active. */
function holesOf(peer: Peer, header: Header): { address: Address; length: number; tail: boolean }[] {
  if (lacking(peer) === 0) return [];
  const end = BigInt(peer.base) + BigInt(header.active);
  return (peer.missing ?? [])
    .filter(({ address, length }) => {
      const from = BigInt(address);
      return !(peer.mappings ?? []).some((one) => {
        const start = BigInt(one.address);
        return !isOrdinary(one, peer, header) && start <= from && start + BigInt(one.length) >= from + BigInt(length);
      });
    })
    .map(({ address, length }) => ({ address, length, tail: BigInt(address) + BigInt(length) >= end }));
}
