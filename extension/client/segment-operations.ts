// SPDX-License-Identifier: MIT
//
// The operations on whole segments: look at one, join it, leave it, make one, remove one.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatBytes } from '../protocol/address';
import { idOf } from '../protocol/object-id';
import { bytesOf, required, type Invocation } from './command-arguments';
import type { Ask } from './consent';
import { PeermapFailure } from './failure';
import { segmentOf, sizeOf, takingPart, type Parts } from './operation';
import { askName, pickSegment, pickSegmentOfProcess, pickHeap, pickStrict } from './pick';
import { destroyWarning } from './words';

export async function inspect(parts: Parts, { target, asks }: Invocation): Promise<{ segment: string } | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Inspect'));
  if (segment === undefined) return undefined;
  await parts.segments.look(segment);
  parts.inspectors.open(segment);
  return { segment };
}

export async function attach(parts: Parts, { target, asks }: Invocation): Promise<{ peerName: string } | undefined> {
  let segment = target.segment;
  if (segment === undefined && asks) {
    const { value } = await parts.server.request('peermap/processes', {}, l10n.t('listing the processes'));
    const others = value.filter((process) => process.pid !== parts.server.pid);
    segment = await pickSegmentOfProcess(others, l10n.t('Attach: a process that uses Peermap'));
  } else if (!asks) segment = required(target, 'segment');
  if (segment === undefined) return undefined;
  const joined = segment;
  const answer = await takingPart(joined, { button: l10n.t('Attach'), asks }, (word) =>
    parts.server.request('peermap/attach', { segment: joined, ...word }, l10n.t('attaching to {0}', joined)),
  );
  if (!answer) return undefined;
  parts.segments.setAttached(segment, true);
  if (asks) parts.inspectors.open(segment);
  return answer;
}

export async function detach(parts: Parts, { target, asks }: Invocation): Promise<void> {
  const attached = parts.segments.list.filter(({ name }) => parts.segments.isAttached(name));
  if (asks && target.segment === undefined && attached.length === 0)
    throw new PeermapFailure('PEERMAP_EDETACHED', l10n.t('The extension is not attached to any segment.'));
  const segment = asks
    ? (target.segment ?? (await pickSegment(attached, l10n.t('Detach'), undefined)))
    : required(target, 'segment');
  if (segment === undefined) return;
  await parts.server.request('peermap/detach', { segment }, l10n.t('detaching from {0}', segment));
  parts.segments.setAttached(segment, false);
}

export async function create(parts: Parts, { target, asks }: Invocation): Promise<{ size: number } | undefined> {
  const segment = asks
    ? (target.segment ?? (await askName(l10n.t('Create a segment'), parts.segments.list)))
    : required(target, 'segment');
  if (segment === undefined) return undefined;
  const title = l10n.t('Create {0}', segment);
  const bytes = await sizeOf(target, asks, {
    title,
    prompt: l10n.t('How large at first? It can grow.'),
    current: 0,
    judge: (size) => ({ preview: l10n.t('{0}, rounded up to whole pages', formatBytes(size)) }),
  });
  if (bytes === undefined) return undefined;
  const strict = asks && target.strict === undefined ? await pickStrict(title) : (target.strict ?? false);
  if (strict === undefined) return undefined;
  const heap = asks && target.heap === undefined ? await pickHeap(title) : (target.heap ?? false);
  if (heap === undefined) return undefined;
  const reserve = target.reserve === undefined ? {} : { reserve: bytesOf(target.reserve, bytes) };
  const params = { segment, bytes, strict, heap, noPtrace: target.noPtrace ?? false, ...reserve };
  const answer = await parts.server.request('peermap/create', params, l10n.t('the creation of {0}', segment));
  await parts.segments.refresh();
  if (asks) parts.inspectors.open(segment);
  return answer;
}

export async function destroy(
  parts: Parts,
  { target, asks }: Invocation,
  ask: Ask<'destroy'>,
): Promise<{ destroyed: string } | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Destroy'));
  if (segment === undefined) return undefined;
  const seen = await parts.segments.look(segment);
  const consent = await ask(destroyWarning(seen));
  if (!consent) return undefined;
  const params = { segment, ...idOf(seen.object) };
  await parts.server.request('peermap/destroy', params, l10n.t('the destruction of {0}', segment), consent);
  await parts.segments.refresh();
  return { destroyed: segment };
}

export async function startDemo(parts: Parts, { target, asks }: Invocation): Promise<{ segment: string }> {
  const segment = await vscode.window.withProgress(
    {
      location: asks ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window,
      title: l10n.t('Starting the Peermap demo'),
    },
    () => parts.demo.start(target.segment, target.folder),
  );
  parts.inspectors.open(segment);
  return { segment };
}
