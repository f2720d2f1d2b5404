// SPDX-License-Identifier: MIT
//
// Everything that can be had of a segment, for a file or a text.  What cannot be had is a problem in it, not a failure.

import * as l10n from '@vscode/l10n';
import * as os from 'node:os';
import type { EventBatch, Problem, Structure } from '../protocol/model';
import type { Answer, Harmless, Requests } from '../protocol/requests';
import { snapshotVersion, type SnapshotFile } from '../protocol/snapshot-file';
import { sentenceOf } from './failure';
import type { ServerConnection } from './server-connection';
import { segmentName } from './system-rows';

type Asked = Pick<ServerConnection, 'request'>;

/** So many at once: one message. */
const eventsAtOnce = 16_384;

export interface Wanted {
  segment: string;
  extension: string;
  /** What /proc/PID/smaps says, which holds each peer up a little while it is read. */
  residency?: boolean;
}

export async function collect(server: Asked, { segment, extension, residency = false }: Wanted): Promise<SnapshotFile> {
  const problems: Problem[] = [];
  const ask = async <M extends Harmless>(method: M, params: Requests[M]['params']) => {
    try {
      const answer = await server.request(method, params, l10n.t('the snapshot of {0}', segment));
      const told = (answer as Partial<Answer<unknown>> | null)?.problems;
      if (told && method !== 'peermap/snapshot') problems.push(...told);
      return answer;
    } catch (error) {
      problems.push({ code: 'os', where: method, text: sentenceOf(error) });
      return undefined;
    }
  };
  // Without this there is nothing: it fails as the person's command does.
  const { value: snapshot } = await server.request(
    'peermap/snapshot',
    { segment, strangers: true },
    l10n.t('looking at {0}', segment),
  );
  const events = await allEvents(server, segment, snapshot.header?.eventHead ?? 0);
  const heap = await ask('peermap/heap', { segment });
  const facts = await ask('peermap/facts', { pids: snapshot.peers.map(({ pid }) => pid) });
  const resident = residency ? await ask('peermap/residency', { segment }) : undefined;
  const census = await ask('peermap/census', {});
  const structures: Structure[] = [];
  for (const { name } of snapshot.roots) {
    const structure = (await ask('peermap/structure', { segment, root: name }))?.value;
    if (structure) structures.push(structure);
  }
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
    structures,
    ...(census ? { limits: census.value.limits } : {}),
    ...(object ? { object } : {}),
    problems,
  };
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
