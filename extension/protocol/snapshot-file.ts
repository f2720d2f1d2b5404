// SPDX-License-Identifier: MIT
//
// NAME.peermap.json: everything that was known of a segment at one moment.  Whoever opens one got it from somebody: nothing in it is
// believed before it was checked (snapshot-shape.ts).

import * as l10n from '@vscode/l10n';
import type { Census, EventBatch, HeapCount, Problem, ProcessFacts, Residency, SharedObject, Snapshot, Structure } from './model';
import { snapshotFileShape } from './snapshot-shape';

export const snapshotVersion = 1;
/** A larger one is not opened.  A full ring of a million events is about 200 MB; the usual one, of 4096, is 1 MB. */
export const largestFile = 256 << 20;

export interface SnapshotFile {
  format: 'peermap-snapshot';
  version: 1;
  /** Where it was taken, when (ISO 8601), and by which version of the extension. */
  host: string;
  exportedAt: string;
  extension: string;
  snapshot: Snapshot;
  /** As far as the ring reaches; `missed` counts those that were overwritten before. */
  events: EventBatch;
  /** Null: the segment has no heap.  Absent: it could not be counted. */
  heap?: HeapCount | null;
  facts: ProcessFacts[];
  /** Only where it was asked for, since it holds the peers up. */
  residency?: Residency[];
  structures: Structure[];
  limits?: Census['limits'];
  /** Its object among all shared memory of the system. */
  object?: SharedObject;
  /** What could not be had. */
  problems: Problem[];
}

export type ReadFile = { kind: 'file'; file: SnapshotFile } | { kind: 'error'; text: string };

export function parseSnapshotFile(text: string): ReadFile {
  const error = (why: string): ReadFile => ({ kind: 'error', text: why });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (failure) {
    return error(l10n.t('This is not JSON: {0}', failure instanceof Error ? failure.message : String(failure)));
  }
  const { format, version } = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  if (format !== 'peermap-snapshot') return error(l10n.t('This is JSON, but not a snapshot that Peermap exported.'));
  if (typeof version === 'number' && version > snapshotVersion)
    return error(
      l10n.t(
        'This snapshot is of version {0}, and this Peermap reads version {1}: a newer Peermap made it.',
        version,
        snapshotVersion,
      ),
    );
  if (version !== snapshotVersion) return error(l10n.t('This snapshot does not say which version it is of.'));
  const wrong = snapshotFileShape(value, '');
  if (wrong !== undefined)
    return error(l10n.t('This snapshot is damaged: "{0}" is missing, or is not what it should be.', wrong));
  return { kind: 'file', file: value as SnapshotFile };
}

/** For people: when it was taken. */
export function takenAt({ exportedAt }: Pick<SnapshotFile, 'exportedAt'>): string {
  const date = new Date(exportedAt);
  return Number.isNaN(date.getTime()) ? exportedAt : date.toLocaleString();
}
