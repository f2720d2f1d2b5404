// SPDX-License-Identifier: MIT
//
// What is wrong with a segment: the problems that the observer met, and those that follow from comparing the registry with the
// kernel.  Pure.

import { formatBytes } from '../extension/protocol/address';
import { opWords } from '../extension/protocol/mapping';
import type { Header, Peer, ProblemCode, Snapshot } from '../extension/protocol/model';
import type { ViewCommand } from '../extension/protocol/view';
import { conditionOf, kernelOf, lackText, lacking, peerKey, plural, strangerKey } from './peer';

export interface Finding {
  /** Stable from one snapshot to the next. */
  id: string;
  severity: 'error' | 'warning' | 'info';
  code: string;
  where: string;
  text: string;
  /** The process it is about, to select it. */
  peer?: string;
  fix?: { label: string; command: ViewCommand; pid?: number };
}

const severities: Partial<Record<ProblemCode, Finding['severity']>> = {
  unstable: 'info',
  'no-process': 'info',
  'no-access': 'warning',
  gone: 'warning',
};

export function findingsOf(snapshot: Snapshot): Finding[] {
  const found: Finding[] = [];
  const { header } = snapshot;
  if (header) {
    found.push(...headerFindings(header));
    for (const peer of snapshot.peers) found.push(...peerFindings(peer, header));
    found.push(...deadFindings(snapshot.peers));
  }
  for (const { code, where, text } of snapshot.problems) {
    found.push({ id: `${code} ${where} ${text}`, severity: severities[code] ?? 'error', code, where, text });
  }
  for (const { pid, command } of snapshot.strangers) {
    const text = `maps the segment without being in its registry, so no growth reaches it.`;
    found.push({
      id: `stranger ${pid}`,
      severity: 'info',
      code: 'stranger',
      where: `${command}, pid ${pid}`,
      text,
      peer: strangerKey(pid),
    });
  }
  const rank = { error: 0, warning: 1, info: 2 };
  const unique = new Map(found.map((finding) => [finding.id, finding]));
  return [...unique.values()].sort((a, b) => rank[a.severity] - rank[b.severity]);
}

function headerFindings({ lock, intent }: Header): Finding[] {
  const found: Finding[] = [];
  if (lock?.died) {
    const doing = intent && intent.op !== 'none' ? ` in the middle of a ${opWords[intent.op]}` : '';
    const text = `died${doing} while holding the lock. Whoever takes the lock next finishes or undoes what it had begun.`;
    const severity = 'warning';
    found.push({
      id: 'lock-holder-died',
      severity,
      code: 'lock-holder-died',
      where: `${lock.name || 'a peer'}, pid ${lock.pid}`,
      text,
    });
  } else if (intent && intent.op !== 'none' && !lock) {
    const text = `A ${opWords[intent.op]} from ${formatBytes(intent.from)} to ${formatBytes(intent.to)} was begun and not finished.`;
    found.push({ id: 'unfinished', severity: 'warning', code: 'unfinished', where: 'header.intent', text });
  }
  return found;
}

function peerFindings(peer: Peer, header: Header): Finding[] {
  const found: Finding[] = [];
  const about = { where: `${peer.name}, pid ${peer.pid}`, peer: peerKey(peer) };
  const remap = { label: 'Remap', command: 'peermap.remap', pid: peer.pid } as const;
  const condition = conditionOf(peer);
  const id = (code: string): { id: string; code: string } => ({ id: `${code} ${peer.slot}`, code });
  if (lacking(peer) > 0) {
    found.push({
      ...id('lacks-memory'),
      ...about,
      severity: 'error',
      text: `${lackText(peer)}, which the header says is active.`,
      fix: remap,
    });
  }
  if (peer.state === 'late') {
    const why = condition.detail === '' ? '' : ` It is ${condition.detail}.`;
    const asked = `has acknowledged epoch ${peer.acked} and was asked for ${peer.requested}.${why}`;
    // In a strict segment the next growth waits for it; otherwise it was asked to map ahead, and is in nobody's way.
    const harmless = !header.flags.includes('strict') && lacking(peer) === 0 && peer.mapped >= header.active;
    const text = harmless ? `${asked} It has all that is active.` : asked;
    found.push({ ...id('late-peer'), ...about, severity: harmless ? 'info' : 'warning', text });
  }
  const kernel = kernelOf(peer, header);
  if (kernel.kind === 'drift' && lacking(peer) === 0 && peer.state !== 'dead' && peer.state !== 'attaching') {
    const text = `The registry claims ${formatBytes(peer.mapped)}, the kernel maps ${formatBytes(kernel.bytes)}.`;
    found.push({ ...id('drift'), ...about, severity: 'warning', text, fix: remap });
  }
  if (!peer.samePid && peer.state !== 'dead') {
    const text = 'The process that has this pid is not the one that registered.';
    found.push({ ...id('pid-reused'), ...about, severity: 'warning', text });
  }
  if (peer.error !== 0) {
    found.push({
      ...id('map-failed'),
      ...about,
      severity: 'error',
      text: `Its last mapping failed with errno ${peer.error}.`,
      fix: remap,
    });
  }
  return found;
}

function deadFindings(peers: readonly Peer[]): Finding[] {
  const dead = peers.filter(({ state }) => state === 'dead');
  const [first] = dead;
  if (!first) return [];
  const names = dead.slice(0, 4).map(({ name, pid }) => `${name} (${pid})`);
  const rest = dead.length > names.length ? ` and ${dead.length - names.length} more` : '';
  return [
    {
      id: 'dead-peers',
      severity: 'warning',
      code: 'dead-peers',
      where: plural(dead.length, 'dead peer'),
      text: `${names.join(', ')}${rest} ${dead.length === 1 ? 'waits' : 'wait'} to be reaped, or to be restarted under the same name.`,
      peer: peerKey(first),
      fix: { label: 'Reap', command: 'peermap.reap' },
    },
  ];
}
