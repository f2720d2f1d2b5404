// SPDX-License-Identifier: MIT
//
// A segment as a file and as text: export, compare, open as text, copy for a bug report.

import * as l10n from '@vscode/l10n';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { describe } from '../protocol/describe';
import { takenAt, type SnapshotFile } from '../protocol/snapshot-file';
import { required, type Invocation } from './command-arguments';
import type { Ask } from './consent';
import { saveAt, saveFile } from './documents';
import { PeermapFailure } from './failure';
import { choose } from './messages';
import { segmentOf, tell, type Parts } from './operation';
import { pickSegment } from './pick';
import { collect } from './snapshot-collect';
import { readSnapshotFile } from './snapshot-editor';
import { toCsv, toTrace } from './trace-file';

/** What an export answers with; undefined if the person changed their mind. */
type Saved = { file: string } | undefined;

export async function exportSnapshot(parts: Parts, { target, asks }: Invocation, ask: Ask<'overwrite'>): Promise<Saved> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Export Snapshot'));
  if (segment === undefined) return undefined;
  const residency = target.residency ?? (asks ? await pickResidency() : false);
  if (residency === undefined) return undefined;
  const file = await vscode.window.withProgress(
    {
      location: asks ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window,
      title: l10n.t('Exporting a snapshot'),
      cancellable: true,
    },
    (_, token) =>
      collect(parts.server, { segment, extension: parts.version, residency, structures: true, token }).catch((error: unknown) => {
        if (token.isCancellationRequested) return undefined;
        throw error;
      }),
  );
  if (!file) return undefined;
  const text = JSON.stringify(file, undefined, 1) + '\n';
  const saved = await (target.file === undefined ? saveFile(`${segment}.peermap.json`, text) : saveAt(target.file, text, ask));
  if (saved && asks) await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(saved.file));
  return saved;
}

async function pickResidency(): Promise<boolean | undefined> {
  const items = [
    { label: l10n.t('Without what is resident'), detail: l10n.t('Costs the peers nothing.'), residency: false },
    {
      label: l10n.t('With what is resident in each peer'),
      detail: l10n.t('Reads /proc/PID/smaps, which holds each peer up a little while it maps or unmaps.'),
      residency: true,
    },
  ];
  const title = l10n.t('Export Snapshot');
  return (await choose(items, { title, ignoreFocusOut: true }))?.residency;
}

/** The file's ending is the format: .csv is a table, everything else a trace. */
export async function exportTimeline(parts: Parts, { target, asks }: Invocation, ask: Ask<'overwrite'>): Promise<Saved> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Export Timeline'));
  if (segment === undefined) return undefined;
  const format =
    target.format ?? (target.file === undefined && asks ? await pickFormat() : target.file?.endsWith('.csv') ? 'csv' : 'trace');
  if (format === undefined) return undefined;
  const file = await collect(parts.server, { segment, extension: parts.version });
  const text = format === 'csv' ? toCsv(file) : JSON.stringify(toTrace(file)) + '\n';
  if (target.file !== undefined) return saveAt(target.file, text, ask);
  return saveFile(`${segment}.${format === 'csv' ? 'events.csv' : 'trace.json'}`, text);
}

async function pickFormat(): Promise<string | undefined> {
  const items = [
    {
      label: l10n.t('Trace'),
      detail: l10n.t('For ui.perfetto.dev and chrome://tracing: a track for each peer.'),
      format: 'trace',
    },
    { label: 'CSV', detail: l10n.t('A line for each event, for a spreadsheet.'), format: 'csv' },
  ];
  return (await choose(items, { title: l10n.t('Export Timeline'), ignoreFocusOut: true }))?.format;
}

interface Side {
  title: string;
  text: string;
}

/** A file beside another file, or beside what is live. */
export async function compareSnapshots(parts: Parts, { target, asks }: Invocation): Promise<{ same: boolean } | undefined> {
  const file = target.file ?? (asks ? await askFile(l10n.t('Compare: the snapshot')) : required(target, 'file'));
  if (file === undefined) return undefined;
  const left = await sideOf(file);
  const right = await otherSide(parts, { target, asks }, left.segment);
  if (!right) return undefined;
  const [before, after] = [parts.documents.add(left.title, left.text), parts.documents.add(right.title, right.text)];
  await vscode.commands.executeCommand('vscode.diff', before, after, l10n.t('{0} ↔ {1}', left.title, right.title));
  return { same: left.text === right.text };
}

async function otherSide(parts: Parts, { target, asks }: Invocation, segment: string): Promise<Side | undefined> {
  if (target.other !== undefined) return sideOf(target.other);
  if (target.segment !== undefined || !asks) return live(parts, required(target, 'segment'));
  await parts.segments.refresh();
  const items = [
    { label: l10n.t('What is live'), file: false },
    { label: l10n.t('Another file…'), file: true },
  ];
  const picked = await choose(items, { title: l10n.t('Compare with'), ignoreFocusOut: true });
  if (!picked) return undefined;
  if (picked.file) {
    const other = await askFile(l10n.t('Compare: the other snapshot'));
    return other === undefined ? undefined : sideOf(other);
  }
  const chosen = await pickSegment(parts.segments.list, l10n.t('Compare with'), segment);
  return chosen === undefined ? undefined : live(parts, chosen);
}

async function live(parts: Parts, segment: string): Promise<Side> {
  const file = await collect(parts.server, { segment, extension: parts.version });
  return { title: l10n.t('{0} (live)', segment), text: textOf(file) };
}

async function sideOf(file: string): Promise<Side & { segment: string }> {
  const read = await readSnapshotFile(vscode.Uri.file(file));
  if (read.kind === 'error') throw new PeermapFailure('PEERMAP_EFORMAT', `${path.basename(file)}: ${read.text}`);
  return {
    title: `${path.basename(file)} ${takenAt(read.file).replace(/\//g, '-')}`,
    text: textOf(read.file),
    segment: read.file.snapshot.name,
  };
}

function textOf({ snapshot, events, heap, facts, problems }: SnapshotFile): string {
  return describe({ snapshot, events: events.events, facts, problems, ...(heap === undefined ? {} : { heap }) });
}

async function askFile(title: string): Promise<string | undefined> {
  const filters = { [l10n.t('Peermap snapshots')]: ['peermap.json', 'json'] };
  const [uri] = (await vscode.window.showOpenDialog({ title, filters, canSelectMany: false })) ?? [];
  return uri?.fsPath;
}

export async function openAsText(parts: Parts, { target, asks }: Invocation): Promise<{ text: string } | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Open as Text'));
  if (segment === undefined) return undefined;
  const text = textOf(await collect(parts.server, { segment, extension: parts.version }));
  if (asks) await parts.documents.open(segment, text);
  return { text };
}

/** What a bug report needs: the versions, the system, the segment. */
export async function copyReport(parts: Parts, { target, asks }: Invocation): Promise<{ text: string } | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Copy Report'));
  if (segment === undefined) return undefined;
  const file = await collect(parts.server, { segment, extension: parts.version });
  const versions = [
    `Peermap ${parts.version}, VS Code ${vscode.version}`,
    `${os.type()} ${os.release()} ${os.machine()}, Node ${process.version}`,
  ];
  const text = ['```', ...versions, '', textOf(file).trimEnd(), '```', ''].join('\n');
  await vscode.env.clipboard.writeText(text);
  if (asks) tell(l10n.t('The report on {0} is in the clipboard', segment));
  return { text };
}
