// SPDX-License-Identifier: MIT
//
// A row of the registry: what the segment, the kernel and /proc say of one peer.  Pure.

import * as l10n from '@vscode/l10n';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import { methodWords, stateWords } from '../extension/protocol/mapping';
import type { Header, Peer, ProcessFacts } from '../extension/protocol/model';
import { pidHere, pidText, thawText, userText } from '../extension/protocol/process';
import type { Facts } from './facts';
import { conditionOf, conditionText, kernelOf, peerKey, type Condition, type Kernel } from './peer';

export interface RegistryRow {
  key: string;
  peer: Peer;
  facts?: ProcessFacts | undefined;
  condition: Condition;
  kernel: Kernel;
  active: number;
}

/** A row that says the same as before is the same object, so that it is not drawn again. */
export function registryRows(
  peers: readonly Peer[],
  header: Header,
  facts: Facts,
  before: ReadonlyMap<string, RegistryRow>,
): RegistryRow[] {
  return peers.map((peer) => {
    const key = peerKey(peer);
    const last = before.get(key);
    const pid = pidHere(peer);
    // Of whom is not seen any more, what was known.  Whoever has its number here is another process.
    const known = pid === undefined ? last?.facts : facts.get(pid);
    if (last?.peer === peer && last.facts === known && last.active === header.active) return last;
    return {
      key,
      peer,
      facts: known,
      condition: conditionOf(peer),
      kernel: kernelOf(peer, header),
      active: header.active,
    };
  });
}

export type Held = { kind: 'frozen' } | { kind: 'traced'; by: string } | { kind: 'stopped' } | { kind: 'foreign' } | undefined;

/** Why a process cannot answer for itself, apart from its state in the registry. */
export function heldBy({ peer, facts }: Pick<RegistryRow, 'peer' | 'facts'>): Held {
  if (peer.state === 'dead') return undefined;
  if (pidHere(peer) === undefined) return { kind: 'foreign' };
  if (peer.frozen) return { kind: 'frozen' };
  const { tracer } = facts ?? {};
  if (peer.processState === 't') {
    return { kind: 'traced', by: tracer ? l10n.t('{0}, pid {1}', tracer.command, tracer.pid) : '' };
  }
  return peer.processState === 'T' ? { kind: 'stopped' } : undefined;
}

/** "late, stopped": to sort and filter by, and to take along. */
export function stateText(row: RegistryRow): string {
  const held = heldBy(row);
  if (held?.kind === 'traced') {
    const state = stateWords[row.peer.state];
    return held.by === '' ? l10n.t('{0}, paused in debugger', state) : l10n.t('{0}, paused in debugger ({1})', state, held.by);
  }
  return conditionText(row.condition);
}

export function kernelBytes({ peer, kernel }: RegistryRow): number | undefined {
  return peer.state === 'dead' || kernel.kind === 'unknown' ? undefined : kernel.bytes;
}

/** A time that sorts as text, and is what programs read. */
export function isoTime(ms: number | undefined): string | undefined {
  const date = new Date(ms ?? NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Everything that is known of a peer, a line each. */
export function factLines(row: RegistryRow): string[] {
  const { peer, facts } = row;
  const kernel = kernelBytes(row);
  const lines: [string, string | number | undefined][] = [
    [l10n.t('Name'), peer.name],
    [l10n.t('State'), stateText(row)],
    [l10n.t('PID'), pidText(peer)],
    [l10n.t('Perhaps PID'), peer.pidPerhaps],
    [l10n.t('Frozen'), thawText(peer)],
    [l10n.t('PID in its container'), facts?.containerPid],
    [l10n.t('Container'), facts?.container],
    [l10n.t('User'), userText(peer, facts)],
    [l10n.t('User ID'), peer.uid],
    [l10n.t('Executable'), facts?.executable],
    [l10n.t('Command line'), facts?.commandLine],
    [l10n.t('Started'), isoTime(facts?.startedAtMs)],
    [l10n.t('Threads'), facts?.threads],
    [l10n.t('Traced by'), facts?.tracer && l10n.t('{0}, pid {1}', facts.tracer.command, facts.tracer.pid)],
    [l10n.t('Attached'), isoTime(peer.attachedAtMs)],
    [l10n.t('Slot'), peer.slot],
    [l10n.t('Base'), peer.base],
    [l10n.t('Mapped, says the registry'), formatBytes(peer.mapped)],
    [l10n.t('Mapped, says the kernel'), kernel === undefined ? undefined : formatBytes(kernel)],
    [l10n.t('Epoch acknowledged'), peer.acked],
    [l10n.t('Epoch requested'), peer.requested],
    [l10n.t('Last mapping'), l10n.t('it {0}', methodWords[peer.method])],
    [l10n.t('Latency'), formatNanoseconds(peer.latencyNs)],
    [l10n.t('Access'), peer.readOnly ? l10n.t('only reads') : undefined],
    [l10n.t('Pins'), peer.pins],
  ];
  const known = lines.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...known.map(([name]) => name.length));
  const mappings = (peer.mappings ?? []).map(
    ({ address, length, offset, permissions }) => `${address}  ${permissions}  ${formatBytes(length)}  +0x${offset.toString(16)}`,
  );
  return [
    ...known.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...(mappings.length > 0 ? ['', l10n.t('Mappings of the segment'), ...mappings] : []),
  ];
}
