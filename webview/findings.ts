// SPDX-License-Identifier: MIT
//
// What is wrong with a segment: the problems that the observer met, and those that follow from comparing the registry with the
// kernel.  Pure.

import * as l10n from '@vscode/l10n';
import { formatBytes } from '../extension/protocol/address';
import { opWords } from '../extension/protocol/mapping';
import type { Header, Peer, ProblemCode, Snapshot } from '../extension/protocol/model';
import { thawText } from '../extension/protocol/process';
import type { ViewCommand } from '../extension/protocol/view';
import { behindSaid, peerDrift } from './drift-model';
import { conditionOf, kernelOf, lackText, lacking, peerKey, strangerKey } from './peer';

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
  'no-access': 'info',
  gone: 'warning',
  copy: 'warning',
  'left-out': 'warning',
  'world-writable': 'warning',
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
    const text = l10n.t('maps the segment without being in its registry, so no growth reaches it.');
    found.push({
      id: `stranger ${pid}`,
      severity: 'info',
      code: 'stranger',
      where: l10n.t('{0}, pid {1}', command, pid),
      text,
      peer: strangerKey(pid),
    });
  }
  const rank = { error: 0, warning: 1, info: 2 };
  const unique = new Map(found.map((finding) => [finding.id, finding]));
  return [...unique.values()].sort((a, b) => rank[a.severity] - rank[b.severity]);
}

function headerFindings({ lock, intent }: Header): Finding[] {
  const under = intent && intent.op !== 'none' ? opWords[intent.op] : undefined;
  if (lock?.died) {
    return [
      {
        id: 'lock-holder-died',
        severity: 'warning',
        code: 'lock-holder-died',
        where: l10n.t('{0}, pid {1}', lock.name || l10n.t('a peer'), lock.pid),
        text: under
          ? l10n.t(
              'died in the middle of a {0} while holding the lock. Whoever takes the lock next finishes or undoes what it had begun.',
              under,
            )
          : l10n.t('died while holding the lock. Whoever takes the lock next finishes or undoes what it had begun.'),
      },
    ];
  }
  if (!intent || !under || lock) return [];
  const text = l10n.t(
    'A {0} from {1} to {2} was begun and not finished.',
    under,
    formatBytes(intent.from),
    formatBytes(intent.to),
  );
  return [{ id: 'unfinished', severity: 'warning', code: 'unfinished', where: 'header.intent', text }];
}

function peerFindings(peer: Peer, header: Header): Finding[] {
  const found: Finding[] = [];
  const drift = new Map(peerDrift(peer, header).map((one) => [one.kind, one]));
  if (drift.size === 0 && peer.error === 0 && peer.state !== 'late' && !peer.frozen && lacking(peer) === 0) return found;
  const about = { where: l10n.t('{0}, pid {1}', peer.name, peer.pid), peer: peerKey(peer) };
  const remap = { label: l10n.t('Remap'), command: 'peermap.remap', pid: peer.pid } as const;
  const id = (code: string): { id: string; code: string } => ({ id: `${code} ${peer.slot}`, code });
  if (peer.frozen && peer.state !== 'dead') {
    found.push({ ...id('frozen'), ...about, severity: 'warning', text: thawText(peer) });
  }
  if (lacking(peer) > 0) {
    found.push({
      ...id('lacks-memory'),
      ...about,
      severity: 'error',
      text: l10n.t('{0}, which the header says is active.', lackText(peer)),
      fix: remap,
    });
  }
  if (peer.state === 'late') {
    const { detail } = conditionOf(peer);
    const { severity } = behindSaid(peer, header);
    const texts = [l10n.t('has acknowledged epoch {0} and was asked for {1}.', peer.acked, peer.requested)];
    if (detail !== '') texts.push(l10n.t('It is {0}.', detail));
    if (severity === 'info') texts.push(l10n.t('It has all that is active.'));
    found.push({ ...id('late-peer'), ...about, severity, text: texts.join(' ') });
  }
  const kernel = kernelOf(peer, header);
  if ((drift.has('maps-more') || drift.has('maps-less')) && kernel.kind === 'drift') {
    const text = l10n.t('The registry claims {0}, the kernel maps {1}.', formatBytes(peer.mapped), formatBytes(kernel.bytes));
    found.push({ ...id('drift'), ...about, severity: 'warning', text, fix: remap });
  }
  const unseen = drift.get('pid-reused');
  if (unseen) found.push({ ...id('pid-reused'), ...about, severity: 'warning', text: unseen.meaning });
  const dead = drift.get('dead-mapped');
  if (dead) found.push({ ...id('dead-mapped'), ...about, severity: 'warning', text: dead.meaning });
  if (peer.error !== 0) {
    const text = l10n.t('Its last mapping failed with errno {0}.', peer.error);
    found.push({ ...id('map-failed'), ...about, severity: 'error', text, fix: remap });
  }
  return found;
}

function deadFindings(peers: readonly Peer[]): Finding[] {
  const dead = peers.filter(({ state }) => state === 'dead');
  const [first] = dead;
  if (!first) return [];
  const names = dead
    .slice(0, 4)
    .map(({ name, pid }) => `${name} (${pid})`)
    .join(', ');
  const more = dead.length - 4;
  const text =
    dead.length === 1
      ? l10n.t('{0} waits to be reaped, or to be restarted under the same name.', names)
      : more > 0
        ? l10n.t('{0} and {1} more wait to be reaped, or to be restarted under the same name.', names, more)
        : l10n.t('{0} wait to be reaped, or to be restarted under the same name.', names);
  return [
    {
      id: 'dead-peers',
      severity: 'warning',
      code: 'dead-peers',
      where: dead.length === 1 ? l10n.t('1 dead peer') : l10n.t('{0} dead peers', dead.length),
      text,
      peer: peerKey(first),
      fix: { label: l10n.t('Reap'), command: 'peermap.reap' },
    },
  ];
}
