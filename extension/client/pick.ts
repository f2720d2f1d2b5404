// SPDX-License-Identifier: MIT
//
// Asking a person: which segment, which peer, which process, how many bytes.  Undefined means that the person changed their mind.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatBytes, parseSize } from '../protocol/address';
import { stateWords } from '../protocol/mapping';
import type { ProcessUse, SegmentSummary, Snapshot } from '../protocol/model';
import { PeermapFailure } from './failure';
import { askText, choose } from './messages';
import { peerCount } from './counts';

/** A view that finishes loading takes the focus, at any moment: that is no answer, and must not lose what was typed.  Escape is. */
const ignoreFocusOut = true;

/** With one segment there is nothing to ask.  `preferred` comes first. */
export async function pickSegment(
  summaries: readonly SegmentSummary[],
  title: string,
  preferred: string | undefined,
  /** What would be done to it, for the line below its name. */
  preview?: (segment: string) => Promise<string>,
): Promise<string | undefined> {
  if (summaries.length === 0)
    throw new PeermapFailure('PEERMAP_ENOENT', l10n.t('There is no segment for this. Create one, or start the demo.'));
  if (summaries.length === 1) return summaries[0]?.name;
  const items = await Promise.all(
    summaries.map(async ({ name, active, alive }) => ({
      label: name,
      description: active === undefined ? l10n.t('not readable') : `${formatBytes(active)} · ${peerCount(alive ?? 0)}`,
      ...(preview ? { detail: await preview(name) } : {}),
    })),
  );
  items.sort((a, b) => Number(b.label === preferred) - Number(a.label === preferred));
  const options = { title, placeHolder: l10n.t('Segment'), matchOnDescription: true, ignoreFocusOut };
  return (await choose(items, options))?.label;
}

export async function pickPeer(
  snapshot: Snapshot,
  title: string,
  preview: (snapshot: Snapshot, pid: number) => string,
): Promise<number | undefined> {
  const peers = snapshot.peers.filter((peer) => peer.state !== 'dead');
  if (peers.length === 0) throw new PeermapFailure('PEERMAP_ESRCH', l10n.t('No process is attached to {0}.', snapshot.name));
  const items = peers.map((peer) => ({
    label: peer.name,
    description: `pid ${peer.pid} · ${stateWords[peer.state]}`,
    detail: preview(snapshot, peer.pid),
    pid: peer.pid,
  }));
  const options = { title, placeHolder: l10n.t('Peer'), matchOnDescription: true, ignoreFocusOut };
  return (await choose(items, options))?.pid;
}

/** A process that uses the library, then one of its segments. */
export async function pickSegmentOfProcess(processes: readonly ProcessUse[], title: string): Promise<string | undefined> {
  if (processes.length === 0)
    throw new PeermapFailure(
      'PEERMAP_ESRCH',
      l10n.t('No process on this machine has a segment mapped. Start yours, or the demo.'),
    );
  const items = processes.map((process) => ({
    label: process.segments.find(({ peerName }) => peerName !== undefined)?.peerName ?? process.command,
    description: `pid ${process.pid} · ${process.command}`,
    detail: process.segments.map(({ segment }) => segment).join(', '),
    process,
  }));
  const options = { title, placeHolder: l10n.t('Process'), matchOnDescription: true, matchOnDetail: true, ignoreFocusOut };
  const picked = await choose(items, options);
  const segments = [...new Set(picked?.process.segments.map(({ segment }) => segment))];
  if (segments.length <= 1) return segments[0];
  const choices = segments.map((label) => ({ label }));
  return (await choose(choices, { title, placeHolder: l10n.t('Segment'), ignoreFocusOut }))?.label;
}

/** How a new segment shall grow: true for strict. */
export async function pickStrict(title: string): Promise<boolean | undefined> {
  const items = [
    {
      label: l10n.t('Mapped ahead'),
      detail: l10n.t(
        'Every peer maps memory before it is needed: a growth costs the same for any number of them, and reaches those that are stopped.',
      ),
      strict: false,
    },
    {
      label: l10n.t('Strict'),
      detail: l10n.t(
        'Nobody maps more than is active: every growth asks each peer, and a stray pointer past the end is a fault.',
      ),
      strict: true,
    },
  ];
  return (await choose(items, { title, placeHolder: l10n.t('How it grows') }))?.strict;
}

/** What a new segment is for: true for a heap. */
export async function pickHeap(title: string): Promise<boolean | undefined> {
  const items = [
    {
      label: l10n.t('Plain memory'),
      detail: l10n.t('Its programs lay it out themselves.'),
      heap: false,
    },
    {
      label: l10n.t('Heap'),
      detail: l10n.t('Objects of any size are allocated in it and freed, by any peer; it grows by itself when it is full.'),
      heap: true,
    },
  ];
  return (await choose(items, { title, placeHolder: l10n.t('What it holds') }))?.heap;
}

export interface SizeQuestion {
  title: string;
  prompt: string;
  /** What a percentage refers to. */
  current: number;
  /** What the size comes to, or why it cannot be meant. */
  judge: (bytes: number) => { preview: string } | { error: string };
}

export async function askSize({ title, prompt, current, judge }: SizeQuestion): Promise<number | undefined> {
  const { Error, Info } = vscode.InputBoxValidationSeverity;
  const validate = (text: string): vscode.InputBoxValidationMessage => {
    const parsed = parseSize(text, current);
    const verdict = parsed.kind === 'error' ? { error: parsed.text } : judge(parsed.bytes);
    return 'error' in verdict ? { message: verdict.error, severity: Error } : { message: verdict.preview, severity: Info };
  };
  const text = await askText({
    title,
    prompt,
    placeHolder: '64K, 2 MiB, +25%, 0x10000',
    ignoreFocusOut,
    validateInput: (value) => (value.trim() === '' ? undefined : validate(value)),
  });
  const parsed = parseSize(text ?? '', current);
  return parsed.kind === 'bytes' ? parsed.bytes : undefined;
}

export function askName(title: string, taken: readonly SegmentSummary[]): Promise<string | undefined> {
  return Promise.resolve(
    askText({
      title,
      prompt: l10n.t('Name of the segment: the object will be /dev/shm/peermap.NAME'),
      placeHolder: 'quotes',
      ignoreFocusOut,
      validateInput: (name) => {
        if (name === '') return undefined;
        if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$/.test(name))
          return l10n.t('1 to 63 of the characters A-Z a-z 0-9 . _ -, and not a dot first.');
        return taken.some((summary) => summary.name === name) ? l10n.t('{0} exists already.', name) : undefined;
      },
    }),
  ).then((name) => (name === '' ? undefined : name));
}
