// SPDX-License-Identifier: MIT
//
// What a process of the registry amounts to, in words and numbers: its state, what the kernel maps of its claim, what it lacks.
// Pure; the registry, the map and the problems say the same because they all ask here.

import * as l10n from '@vscode/l10n';
import { formatBytes } from '../extension/protocol/address';
import { stateWords } from '../extension/protocol/mapping';
import type { Header, Mapping, Peer } from '../extension/protocol/model';
import { heldText, unseenText } from '../extension/protocol/process';

export type Tone = 'ok' | 'warn' | 'bad' | 'quiet';

/** The slot and the name: a peer that is restarted into its slot stays the same to the person looking. */
export function peerKey(peer: { slot: number; name: string }): string {
  return `${peer.slot}/${peer.name}`;
}

export function strangerKey(pid: number): string {
  return `pid/${pid}`;
}

/** What the kernel's letter says where it is not the usual. */
function stateSaid({ processState }: Peer): string | undefined {
  return processState === 'D' ? l10n.t('waiting for a device') : undefined;
}

export interface Condition {
  tone: Tone;
  state: Peer['state'];
  /** What else is remarkable about the process: "stopped".  Empty for the usual. */
  detail: string;
}

export function conditionOf(peer: Peer): Condition {
  const how = heldText(peer) ?? stateSaid(peer);
  const unseen = peer.state === 'dead' ? undefined : unseenText(peer);
  const detail = unseen ?? how ?? '';
  const tones = { alive: 'ok', late: 'warn', dead: 'bad', attaching: 'quiet' } as const;
  const tone = peer.state === 'alive' && detail !== '' ? 'warn' : tones[peer.state];
  return { tone, state: peer.state, detail: peer.state === 'dead' && how === undefined ? '' : detail };
}

export function conditionText({ state, detail }: Condition): string {
  return detail === '' ? stateWords[state] : `${stateWords[state]}, ${detail}`;
}

/** Bytes of the data, without the header, that these mappings cover; with `most`, of its first so many bytes. */
export function dataBytes(mappings: readonly Mapping[], headerLength: number, most = Infinity): number {
  const end = headerLength + most;
  let bytes = 0;
  for (const { offset, length } of mappings)
    bytes += Math.max(0, Math.min(offset + length, end) - Math.max(offset, headerLength));
  return bytes;
}

export type Kernel = { kind: 'unknown' } | { kind: 'agrees'; bytes: number } | { kind: 'drift'; bytes: number; text: string };

/** The kernel's word against the registry's. */
export function kernelOf(peer: Peer, header: Pick<Header, 'headerLength' | 'pageSize'>): Kernel {
  if (!peer.mappings) return { kind: 'unknown' };
  const bytes = dataBytes(peer.mappings, header.headerLength);
  const difference = bytes - peer.mapped;
  // The registry counts bytes, the kernel pages.
  if (difference >= 0 && difference < header.pageSize) return { kind: 'agrees', bytes };
  const text =
    difference < 0
      ? l10n.t('{0} less than claimed', formatBytes(-difference))
      : l10n.t('{0} more than claimed', formatBytes(difference));
  return { kind: 'drift', bytes, text };
}

/** Bytes of the active memory that the process cannot touch, though it lives. */
export function lacking(peer: Peer): number {
  if (peer.state === 'dead' || peer.state === 'attaching') return 0;
  return (peer.missing ?? []).reduce((sum, { length }) => sum + length, 0);
}

export function lackText(peer: Peer): string {
  const [first, ...others] = peer.missing ?? [];
  if (!first || lacking(peer) === 0) return '';
  const size = formatBytes(first.length);
  if (others.length === 0) return l10n.t('lacks {0} at {1}', size, first.address);
  return others.length === 1
    ? l10n.t('lacks {0} at {1} and 1 more piece', size, first.address)
    : l10n.t('lacks {0} at {1} and {2} more pieces', size, first.address, others.length);
}
