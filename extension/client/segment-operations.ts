// SPDX-License-Identifier: MIT
//
// The operations on whole segments: look at one, join it, leave it, make one, remove one.

import * as vscode from 'vscode';
import { formatBytes } from '../protocol/address';
import { bytesOf, required, type Invocation } from './command-arguments';
import { PeermapFailure } from './failure';
import { confirmed, segmentOf, sizeOf, type Parts } from './operation';
import { askName, pickSegment, pickSegmentOfProcess, pickStrict } from './pick';
import { destroyWarning } from './words';

export async function inspect(parts: Parts, { target, asks }: Invocation): Promise<{ segment: string } | undefined> {
  const segment = await segmentOf(parts, target, asks, 'Inspect');
  if (segment === undefined) return undefined;
  await parts.segments.look(segment);
  parts.inspectors.open(segment);
  return { segment };
}

export async function attach(parts: Parts, { target, asks }: Invocation): Promise<{ peerName: string } | undefined> {
  let segment = target.segment;
  if (segment === undefined && asks) {
    const { value } = await parts.server.request('peermap/processes', {}, 'listing the processes');
    const others = value.filter((process) => process.pid !== parts.server.pid);
    segment = await pickSegmentOfProcess(others, 'Attach: a process that uses Peermap');
  } else if (!asks) segment = required(target, 'segment');
  if (segment === undefined) return undefined;
  const answer = await parts.server.request('peermap/attach', { segment }, `attaching to ${segment}`);
  parts.segments.setAttached(segment, true);
  if (asks) parts.inspectors.open(segment);
  return answer;
}

export async function detach(parts: Parts, { target, asks }: Invocation): Promise<void> {
  const attached = parts.segments.list.filter(({ name }) => parts.segments.isAttached(name));
  if (asks && target.segment === undefined && attached.length === 0)
    throw new PeermapFailure('PEERMAP_EDETACHED', 'The extension is not attached to any segment.');
  const segment = asks ? (target.segment ?? (await pickSegment(attached, 'Detach', undefined))) : required(target, 'segment');
  if (segment === undefined) return;
  await parts.server.request('peermap/detach', { segment }, `detaching from ${segment}`);
  parts.segments.setAttached(segment, false);
}

export async function create(parts: Parts, { target, asks }: Invocation): Promise<{ size: number } | undefined> {
  const segment = asks
    ? (target.segment ?? (await askName('Create a segment', parts.segments.list)))
    : required(target, 'segment');
  if (segment === undefined) return undefined;
  const bytes = await sizeOf(target, asks, {
    title: `Create ${segment}`,
    prompt: 'How large at first? It can grow.',
    current: 0,
    judge: (size) => ({ preview: `${formatBytes(size)}, rounded up to whole pages` }),
  });
  if (bytes === undefined) return undefined;
  const strict = asks && target.strict === undefined ? await pickStrict(`Create ${segment}`) : (target.strict ?? false);
  if (strict === undefined) return undefined;
  const reserve = target.reserve === undefined ? {} : { reserve: bytesOf(target.reserve, bytes) };
  const params = { segment, bytes, strict, noInject: target.noInject ?? false, ...reserve };
  const answer = await parts.server.request('peermap/create', params, `the creation of ${segment}`);
  await parts.segments.refresh();
  if (asks) parts.inspectors.open(segment);
  return answer;
}

export async function destroy(parts: Parts, { target, asks }: Invocation): Promise<void> {
  const segment = await segmentOf(parts, target, asks, 'Destroy');
  if (segment === undefined) return;
  if (asks && !(await confirmed(destroyWarning(await parts.segments.look(segment))))) return;
  await parts.server.request('peermap/destroy', { segment }, `the destruction of ${segment}`);
  await parts.segments.refresh();
}

export async function startDemo(parts: Parts, { target, asks }: Invocation): Promise<{ segment: string }> {
  const segment = await vscode.window.withProgress(
    {
      location: asks ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window,
      title: 'Starting the Peermap demo',
    },
    () => parts.demo.start(target.segment, target.folder),
  );
  parts.inspectors.open(segment);
  return { segment };
}
