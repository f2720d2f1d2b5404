// SPDX-License-Identifier: MIT
//
// Everything that can be had of a segment, for a file or a text.  What cannot be had is a problem in it, not a failure.

import * as l10n from '@vscode/l10n';
import * as os from 'node:os';
import type * as vscode from 'vscode';
import type { EventBatch, Problem, Root, Structure } from '../protocol/model';
import { pidHere } from '../protocol/process';
import type { Answer, Harmless, Requests } from '../protocol/requests';
import { snapshotVersion, type SnapshotFile } from '../protocol/snapshot-file';
import { sentenceOf } from './failure';
import type { ServerConnection } from './server-connection';
import { segmentName } from './system-rows';

type Asked = Pick<ServerConnection, 'request'>;

/** So many at once: one message. */
const eventsAtOnce = 16_384;

/** Roots as structs: a segment has up to thousands, each may be of another type, and a debugger reads those. */
export const structs = { most: 256, ms: 60_000 };

export interface Wanted {
  segment: string;
  extension: string;
  /** The roots as structs. */
  structures?: boolean;
  /** Then it fails, and asks for nothing more. */
  token?: vscode.CancellationToken;
  /** What /proc/PID/smaps says, which holds each peer up a little while it is read. */
  residency?: boolean;
}

export async function collect(
  server: Asked,
  { segment, extension, residency = false, structures = false, token }: Wanted,
): Promise<SnapshotFile> {
  const problems: Problem[] = [];
  const ask = async <M extends Harmless>(method: M, params: Requests[M]['params']) => {
    if (token?.isCancellationRequested) throw new Error(l10n.t('Nobody waits for this any more.'));
    try {
      const answer = await server.request(method, params, l10n.t('the snapshot of {0}', segment), token);
      const told = (answer as Partial<Answer<unknown>> | null)?.problems;
      if (told && method !== 'peermap/snapshot') problems.push(...told);
      return answer;
    } catch (error) {
      if (token?.isCancellationRequested) throw error;
      problems.push({ code: 'os', where: method, text: sentenceOf(error) });
      return undefined;
    }
  };
  // Without this there is nothing: it fails as the person's command does.
  const { value: snapshot } = await server.request(
    'peermap/snapshot',
    { segment, strangers: true },
    l10n.t('looking at {0}', segment),
    token,
  );
  const events = await allEvents(server, segment, snapshot.header?.eventHead ?? 0);
  const heap = await ask('peermap/heap', { segment });
  const facts = await ask('peermap/facts', { pids: snapshot.peers.flatMap((peer) => pidHere(peer) ?? []) });
  const resident = residency ? await ask('peermap/residency', { segment }) : undefined;
  const census = await ask('peermap/census', {});
  const look = async ({ name: root }: Root) => (await ask('peermap/structure', { segment, root }))?.value;
  const shown = structures ? await allStructures(snapshot.roots, look) : { structures: [], left: 0 };
  if (shown.left > 0) problems.push(rootsLeftOut(shown.left));
  const object = census?.value.objects.find((each) => segmentName(each) === segment);
  return {
    format: 'peermap-snapshot',
    version: snapshotVersion,
    host: os.hostname(),
    exportedAt: new Date(snapshot.takenAtMs).toISOString(),
    extension,
    snapshot,
    events,
    ...(heap ? { heap: heap.value } : {}),
    facts: facts?.value ?? [],
    ...(resident ? { residency: resident.value } : {}),
    structures: shown.structures,
    ...(census ? { limits: census.value.limits } : {}),
    ...(object ? { object } : {}),
    problems,
  };
}

async function allStructures(
  roots: readonly Root[],
  look: (root: Root) => Promise<Structure | null | undefined>,
): Promise<{ structures: Structure[]; left: number }> {
  const structures: Structure[] = [];
  const began = performance.now();
  for (const [at, root] of roots.entries()) {
    if (at === structs.most || performance.now() - began > structs.ms) return { structures, left: roots.length - at };
    const structure = await look(root);
    if (structure) structures.push(structure);
  }
  return { structures, left: 0 };
}

function rootsLeftOut(count: number): Problem {
  const text = l10n.t('{0} more roots are not in it as structs: there are too many, or they take too long to read.', count);
  return { code: 'left-out', where: 'peermap/structure', text };
}

/** As far back as the ring reaches, up to the event `head`: those that come meanwhile are of another moment. */
export async function allEvents(server: Asked, segment: string, head: number): Promise<EventBatch> {
  const all: EventBatch = { events: [], last: 0, missed: 0 };
  while (all.last < head) {
    const params = { segment, after: all.last, limit: eventsAtOnce };
    const { value } = await server.request('peermap/events', params, l10n.t('reading the events of {0}', segment));
    if (value.last <= all.last) break;
    all.events.push(...value.events.filter(({ seq }) => seq <= head));
    all.missed += value.missed;
    all.last = Math.min(value.last, head);
  }
  return all;
}
