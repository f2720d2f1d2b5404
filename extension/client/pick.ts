// SPDX-License-Identifier: MIT
//
// Asking a person: which segment, which peer, which process, how many bytes.  Undefined means that the person changed their mind.

import * as vscode from 'vscode';
import { formatBytes, parseSize } from '../protocol/address';
import type { ProcessUse, SegmentSummary, Snapshot } from '../protocol/model';
import { PeermapFailure } from './failure';
import { count } from './tree-rows';

/** A view that finishes loading takes the focus, at any moment: that is no answer, and must not lose what was typed.  Escape is. */
const ignoreFocusOut = true;

/** With one segment there is nothing to ask.  `preferred` comes first. */
export async function pickSegment(
  summaries: readonly SegmentSummary[],
  title: string,
  preferred: string | undefined,
): Promise<string | undefined> {
  if (summaries.length === 0)
    throw new PeermapFailure('PEERMAP_ENOENT', 'There is no segment for this. Create one, or start the demo.');
  if (summaries.length === 1) return summaries[0]?.name;
  const items = summaries.map(({ name, active, alive }) => ({
    label: name,
    description: active === undefined ? 'not readable' : `${formatBytes(active)} · ${count(alive ?? 0, 'peer')}`,
  }));
  items.sort((a, b) => Number(b.label === preferred) - Number(a.label === preferred));
  const options = { title, placeHolder: 'Segment', matchOnDescription: true, ignoreFocusOut };
  return (await vscode.window.showQuickPick(items, options))?.label;
}

export async function pickPeer(snapshot: Snapshot, title: string): Promise<number | undefined> {
  const peers = snapshot.peers.filter((peer) => peer.state !== 'dead');
  if (peers.length === 0) throw new PeermapFailure('PEERMAP_ESRCH', `No process is attached to ${snapshot.name}.`);
  const items = peers.map((peer) => ({
    label: peer.name,
    description: `pid ${peer.pid} · ${peer.state}`,
    pid: peer.pid,
  }));
  const options = { title, placeHolder: 'Peer', matchOnDescription: true, ignoreFocusOut };
  return (await vscode.window.showQuickPick(items, options))?.pid;
}

/** A process that uses the library, then one of its segments. */
export async function pickSegmentOfProcess(processes: readonly ProcessUse[], title: string): Promise<string | undefined> {
  if (processes.length === 0)
    throw new PeermapFailure('PEERMAP_ESRCH', 'No process on this machine has a segment mapped. Start yours, or the demo.');
  const items = processes.map((process) => ({
    label: process.segments.find(({ peerName }) => peerName !== undefined)?.peerName ?? process.command,
    description: `pid ${process.pid} · ${process.command}`,
    detail: process.segments.map(({ segment }) => segment).join(', '),
    process,
  }));
  const options = { title, placeHolder: 'Process', matchOnDescription: true, matchOnDetail: true, ignoreFocusOut };
  const picked = await vscode.window.showQuickPick(items, options);
  const segments = [...new Set(picked?.process.segments.map(({ segment }) => segment))];
  if (segments.length <= 1) return segments[0];
  return vscode.window.showQuickPick(segments, { title, placeHolder: 'Segment', ignoreFocusOut });
}

/** How a new segment shall grow: true for strict. */
export async function pickStrict(title: string): Promise<boolean | undefined> {
  const items = [
    {
      label: 'Mapped ahead',
      detail:
        'Every peer maps memory before it is needed: a growth costs the same for any number of them, and reaches those that are stopped.',
      strict: false,
    },
    {
      label: 'Strict',
      detail: 'Nobody maps more than is active: every growth asks each peer, and a stray pointer past the end is a fault.',
      strict: true,
    },
  ];
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'How it grows' }))?.strict;
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
  const text = await vscode.window.showInputBox({
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
    vscode.window.showInputBox({
      title,
      prompt: 'Name of the segment: the object will be /dev/shm/peermap.NAME',
      placeHolder: 'quotes',
      ignoreFocusOut,
      validateInput: (name) => {
        if (name === '') return undefined;
        if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$/.test(name))
          return '1 to 63 of the characters A-Z a-z 0-9 . _ -, and not a dot first.';
        return taken.some((summary) => summary.name === name) ? `${name} exists already.` : undefined;
      },
    }),
  ).then((name) => (name === '' ? undefined : name));
}
