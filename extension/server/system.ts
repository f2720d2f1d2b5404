// SPDX-License-Identifier: MIT
//
// What is asked of the whole machine: the segments, the processes that map one, all shared memory.  In lines of their own, and with the bounds of
// native/observer/budget.h: anybody may fill /dev/shm.

import * as l10n from '@vscode/l10n';
import type { Census, Problem, ProcessUse, SegmentSummary, Wire } from '../protocol/model';
import type { Answer, Method } from '../protocol/requests';
import type { Addon } from './addon';
import { looks } from './budgets';
import { toWire } from './convert';
import type { Cancellation, Turns } from './turns';
import type { UnderWay } from './under-way';

export class System {
  constructor(
    private readonly addon: Addon,
    private readonly turns: Turns,
    private readonly underWay: UnderWay,
  ) {}

  async list(token?: Cancellation): Promise<Answer<SegmentSummary[]>> {
    const look = () => this.addon.listAsync({ withinMs: looks.ms });
    const { segments, leftOut, whole } = await this.inTurn('peermap/list', look, token);
    return { value: segments, problems: leftOut > 0 || !whole ? [moreSegments(leftOut, whole)] : [] };
  }

  async processes(token?: Cancellation): Promise<Answer<ProcessUse[]>> {
    const look = () => this.addon.processesAsync({ withinMs: looks.longMs });
    const { processes, whole, problems } = await this.inTurn('peermap/processes', look, token);
    return { value: processes, problems: whole ? problems : [moreProcesses(), ...problems] };
  }

  async census(token?: Cancellation): Promise<Answer<Census>> {
    const census = await this.inTurn('peermap/census', () => this.addon.censusAsync({ withinMs: looks.longMs }), token);
    return { value: census, problems: census.problems };
  }

  /** No segment has a method's name.  A line for each, so that the list of segments does not wait for the inventory. */
  private inTurn<T>(method: Method, look: () => Promise<T>, token?: Cancellation): Promise<Wire<T>> {
    const work = async () => toWire(await look());
    return this.turns.take(method, () => this.underWay.during({ method }, work), { name: method, ...(token ? { token } : {}) });
  }
}

function moreSegments(leftOut: number, whole: boolean): Problem {
  const some = l10n.t(
    '{0} more segments are left out of the list. Those of other users are left out before your own, and of each of them what is more than a quarter of the list.',
    leftOut,
  );
  const text = whole ? some : l10n.t('More segments may be there: the look was over before all had been counted.');
  return { code: 'left-out', where: '/dev/shm', text };
}

function moreProcesses(): Problem {
  const text = l10n.t('More processes may map a segment, or one of these more segments: there are more than one look takes.');
  return { code: 'left-out', where: '/proc', text };
}
