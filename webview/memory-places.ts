// SPDX-License-Identifier: MIT
//
// One place under all its names: an offset in the data, one in the object, an address in each process.  Pure.

import * as l10n from '@vscode/l10n';
import { fromAddress, toAddress } from '../extension/protocol/address';
import type { Address, Header, Snapshot } from '../extension/protocol/model';
import { hexOffset } from './memory-values';
import { peerKey } from './peer';

/** Where the data begins in a process, and who has it there. */
export interface Base {
  key: string;
  base: Address;
  names: readonly string[];
}

/** The bases that there are, the one that the segment wishes for first; peers that share one are one row. */
export function basesOf({ peers }: Snapshot, header: Header): Base[] {
  const bases = new Map<Address, { key: string; names: string[] }>([[header.base, { key: '', names: [] }]]);
  for (const peer of peers) {
    if (peer.state === 'dead' || fromAddress(peer.base) === 0n) continue;
    const known = bases.get(peer.base) ?? { key: peerKey(peer), names: [] };
    known.names.push(peer.name);
    bases.set(peer.base, known);
  }
  return [...bases].map(([base, { key, names }]) => ({ base, key, names }));
}

/** "indexer, search and 3 more" */
export function namesText(names: readonly string[], most = 3): string {
  if (names.length === 0) return l10n.t('nobody now');
  if (names.length <= most) return names.join(', ');
  return l10n.t('{0} and {1} more', names.slice(0, most - 1).join(', '), names.length - most + 1);
}

export function addressAt(base: Address, offset: number): Address {
  return toAddress(fromAddress(base) + BigInt(offset));
}

/** Where an address leads in the data of whoever has this base, if it does. */
function offsetIn({ base }: Base, address: bigint, header: Header): number | undefined {
  const offset = Number(address - fromAddress(base));
  return offset >= -header.headerLength && offset < header.reserved ? offset : undefined;
}

export interface Target {
  offset: number;
  /** As what the number was understood. */
  as: 'address' | 'offset';
  /** Who has it there, if it is an address. */
  names: readonly string[];
}

/** Where a number found in memory may lead: an address of a process, or else an offset from the beginning of the data. */
export function targetOf(value: bigint, snapshot: Snapshot, header: Header): Target | undefined {
  for (const base of basesOf(snapshot, header)) {
    const offset = offsetIn(base, value, header);
    if (offset !== undefined && offset < header.active) return { offset, as: 'address', names: base.names };
  }
  if (value > 0n && value < BigInt(header.active)) return { offset: Number(value), as: 'offset', names: [] };
  return undefined;
}

export type Parsed = { kind: 'place'; offset: number; how: string } | { kind: 'error'; text: string };

/** What a person types to go somewhere: 4096, 0x1000, -0x50000, an address of any process, the name of a root, 25%. */
export function parsePlace(text: string, snapshot: Snapshot, header: Header): Parsed {
  const typed = text.trim();
  const root = snapshot.roots.find(({ name }) => name === typed);
  if (root) return { kind: 'place', offset: root.offset, how: l10n.t('the root {0}', root.name) };
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(typed)?.[1];
  if (percent !== undefined) {
    const offset = Math.min(header.active - 1, Math.floor((header.active * Number(percent)) / 100));
    return Number(percent) > 100
      ? { kind: 'error', text: l10n.t('There is nothing past 100 %.') }
      : { kind: 'place', offset, how: l10n.t('{0} % of what is active', percent) };
  }
  const [, minus, digits] = /^([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(typed.replace(/[ _,]/g, '')) ?? [];
  if (digits === undefined)
    return { kind: 'error', text: l10n.t('Type an offset (4096, 0x1000), an address of a peer, the name of a root, or 25%.') };
  const value = minus === '-' ? -BigInt(digits) : BigInt(digits);
  if (value >= -BigInt(header.headerLength) && value < BigInt(header.active))
    return { kind: 'place', offset: Number(value), how: l10n.t('an offset in the data') };
  for (const base of basesOf(snapshot, header)) {
    const offset = offsetIn(base, value, header);
    if (offset === undefined) continue;
    if (offset >= header.active)
      return { kind: 'error', text: l10n.t('{0} is reserved in {1}, and not active.', toAddress(value), namesText(base.names)) };
    return { kind: 'place', offset, how: l10n.t('an address in {0}', namesText(base.names)) };
  }
  return {
    kind: 'error',
    text: l10n.t('That is outside of the segment: the data ends at {0}.', hexOffset(header.active)),
  };
}
