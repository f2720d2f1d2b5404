// SPDX-License-Identifier: MIT
//
// What a process of the registry amounts to, in words and numbers: its state, what the kernel maps of its claim, what it lacks.
// Pure; the registry, the map and the problems say the same because they all ask here.

import { formatBytes } from '../extension/protocol/address';
import type { Header, Mapping, Peer } from '../extension/protocol/model';

export type Tone = 'ok' | 'warn' | 'bad' | 'quiet';

/** The slot and the name: a peer that is restarted into its slot stays the same to the person looking. */
export function peerKey(peer: { slot: number; name: string }): string {
  return `${peer.slot}/${peer.name}`;
}

export function strangerKey(pid: number): string {
  return `pid/${pid}`;
}

const processStates: Record<string, string> = {
  D: 'waiting for a device',
  T: 'stopped',
  t: 'held by a debugger',
  Z: 'zombie',
  X: 'ended',
};

export interface Condition {
  tone: Tone;
  state: Peer['state'];
  /** What else is remarkable about the process: "stopped".  Empty for the usual. */
  detail: string;
}

export function conditionOf(peer: Peer): Condition {
  const held = processStates[peer.processState ?? ''];
  const detail = !peer.samePid && peer.state !== 'dead' ? 'another process has its pid' : (held ?? '');
  const tones = { alive: 'ok', late: 'warn', dead: 'bad', attaching: 'quiet' } as const;
  const tone = peer.state === 'alive' && detail !== '' ? 'warn' : tones[peer.state];
  return { tone, state: peer.state, detail: peer.state === 'dead' && held === undefined ? '' : detail };
}

export function conditionText({ state, detail }: Condition): string {
  return detail === '' ? state : `${state}, ${detail}`;
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
  const text = difference < 0 ? `${formatBytes(-difference)} less than claimed` : `${formatBytes(difference)} more than claimed`;
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
  const more = others.length > 0 ? ` and ${others.length} more ${others.length === 1 ? 'piece' : 'pieces'}` : '';
  return `lacks ${formatBytes(first.length)} at ${first.address}${more}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
