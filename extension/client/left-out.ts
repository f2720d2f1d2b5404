// SPDX-License-Identifier: MIT
//
// What the server ended at.  The same would end it again, so it is left out, and named, until a person wants it to be tried again.

import * as l10n from '@vscode/l10n';
import type { Problem } from '../protocol/model';
import type { Method, Requests } from '../protocol/requests';
import { leftOutText, objectOf, type Undertaking } from '../protocol/undertaking';
import { PeermapFailure } from './failure';

/** What a request does besides what it is called by. */
const parts: Partial<Record<Method, readonly Method[]>> = {
  'peermap/watch': ['peermap/watch', 'peermap/snapshot'],
  'peermap/snapshot': ['peermap/watch', 'peermap/snapshot'],
  'peermap/residency': ['peermap/residency', 'peermap/watch', 'peermap/snapshot'],
  'peermap/structure': ['peermap/structure', 'peermap/watch', 'peermap/snapshot', 'peermap/processes'],
  'peermap/grow': ['peermap/grow', 'peermap/attach'],
  'peermap/shrink': ['peermap/shrink', 'peermap/attach'],
  'peermap/remap': ['peermap/remap', 'peermap/attach'],
  'peermap/reap': ['peermap/reap', 'peermap/attach'],
};

/** How a process ended: by this signal; null, by itself; undefined, that is not known. */
export type Ending = string | null | undefined;

/**
 * What is done without being asked for, and all the time: a server that somebody kills is often in the middle of it.  So it takes two such ends, or one that no
 * other process can have made.
 */
const unasked: ReadonlySet<Method> = new Set<Method>(['peermap/watch', 'peermap/list', 'peermap/census']);
const perhapsByOthers: ReadonlySet<Ending> = new Set<Ending>(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', undefined]);

export class LeftOut {
  private kept: Undertaking[] = [];
  private suspects: Undertaking[] = [];

  /** The server ended in the middle of this.  What is left out from now on. */
  ended(underWay: readonly Undertaking[], ending: Ending): readonly Undertaking[] {
    const fresh = underWay.filter((each) => !this.kept.some((known) => isSame(known, each)));
    const certain = fresh.filter(
      (each) =>
        !(unasked.has(each.method) && perhapsByOthers.has(ending)) || this.suspects.some((suspect) => isSame(suspect, each)),
    );
    this.suspects = fresh.filter((each) => !certain.includes(each));
    this.kept.push(...certain);
    return certain;
  }

  get all(): readonly Undertaking[] {
    return this.kept;
  }

  /** Of a segment, and of what concerns all of them. */
  of(segment: string): readonly Undertaking[] {
    return this.kept.filter((each) => concerns(each, segment));
  }

  /** Without a segment: whatever it is.  True if anything was left out. */
  tryAgain(segment?: string): boolean {
    const before = this.kept;
    this.suspects = [];
    this.kept = segment === undefined ? [] : before.filter((each) => !concerns(each, segment));
    return this.kept.length < before.length;
  }

  /** What of a request may be asked; fails where nothing of it may. */
  allowed<M extends Method>(method: M, params: Requests[M]['params']): { params: Requests[M]['params']; problems: Problem[] } {
    if (method === 'peermap/facts') return this.allowedFacts(params as { pids: number[] });
    const { segment, root } = params as Partial<Undertaking>;
    const object = method === 'peermap/remove' ? objectOf(params as Requests['peermap/remove']['params']) : undefined;
    const done: readonly Method[] = parts[method] ?? [method];
    const found = this.kept.find(
      (each) =>
        done.includes(each.method) &&
        (each.segment === undefined || each.segment === segment) &&
        (each.root === undefined || each.root === root) &&
        (each.object === undefined || each.object === object),
    );
    if (found) throw this.refusal(found);
    return { params, problems: [] };
  }

  refusal(what: Undertaking): PeermapFailure {
    return new PeermapFailure('PEERMAP_LEFT_OUT', leftOutText(what));
  }

  private allowedFacts({ pids }: { pids: number[] }): { params: { pids: number[] }; problems: Problem[] } {
    const left = new Set(this.kept.flatMap((each) => (each.method === 'peermap/facts' ? (each.pids ?? []) : [])));
    const problems = pids
      .filter((pid) => left.has(pid))
      .map((pid) => ({
        code: 'left-out' as const,
        where: `/proc/${pid}`,
        text: l10n.t('the server ended when it was asked of this'),
      }));
    return { params: { pids: pids.filter((pid) => !left.has(pid)) }, problems };
  }
}

/** The segment, or all of them; a removal is of one object, whatever that is. */
function concerns({ segment, object }: Undertaking, of: string): boolean {
  return segment === of || (segment === undefined && object === undefined);
}

function isSame(a: Undertaking, b: Undertaking): boolean {
  return (
    a.method === b.method &&
    a.segment === b.segment &&
    a.root === b.root &&
    a.object === b.object &&
    String(a.pids) === String(b.pids)
  );
}
