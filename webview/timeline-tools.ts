// SPDX-License-Identifier: MIT
//
// What a person did with a tool, among what programs did: the extension's server is a peer named vscode-PID, the command line's one is
// peermap-cli.  Pure.

import * as l10n from '@vscode/l10n';
import type { EventKind, Op } from '../extension/protocol/model';
import { kindNumber, kinds, ops, type Chunk } from './event-chunk';
import type { EventLog } from './event-log';

export interface ToolMark {
  seq: number;
  timeNs: number;
  kind: EventKind;
  op: Op;
  slot: number;
  pid: number;
}

const toolName = /^(vscode-\d+|peermap-cli)/;

export function isTool(name: string): boolean {
  return toolName.test(name);
}

/** "slot:pid" of every tool among these names. */
export function toolsOf(names: Readonly<Record<string, string>>): ReadonlySet<string> {
  return new Set(Object.keys(names).filter((key) => isTool(names[key] ?? '')));
}

/** Who acts with an event: the peer itself, or who brought it about. */
const bySelf: readonly EventKind[] = ['attach', 'restart', 'detach'];
const byOther: readonly EventKind[] = ['round-end', 'rollback', 'refuse', 'reap', 'root'];
const actors = new Uint8Array(256);
for (const kind of bySelf) actors[kindNumber(kind)] = 1;
for (const kind of byOther) actors[kindNumber(kind)] = 2;

/** Places in a chunk by the pid that acts; of full chunks alone, since they are looked at often. */
const acts = new WeakMap<Chunk, ReadonlyMap<number, readonly number[]>>();

function actsOf(chunk: Chunk): ReadonlyMap<number, readonly number[]> {
  let found = acts.get(chunk);
  if (found) return found;
  const byPid = new Map<number, number[]>();
  for (let at = 0; at < chunk.used; at += 1) {
    const pid = actorAt(chunk, at)?.pid;
    if (pid === undefined) continue;
    const places = byPid.get(pid);
    if (places) places.push(at);
    else byPid.set(pid, [at]);
  }
  acts.set(chunk, (found = byPid));
  return found;
}

function actorAt(chunk: Chunk, at: number): { slot: number; pid: number } | undefined {
  const who = actors[chunk.kind[at] ?? 0];
  if (who === 0) return undefined;
  return who === 1
    ? { slot: chunk.slot[at] ?? -1, pid: chunk.pid[at] ?? 0 }
    : { slot: chunk.bySlot[at] ?? -1, pid: chunk.byPid[at] ?? 0 };
}

export function toolMarks(log: EventLog, from: number, to: number, tools: ReadonlySet<string>): ToolMark[] {
  if (tools.size === 0) return [];
  const pids = [...tools].map((key) => Number(key.slice(key.indexOf(':') + 1)));
  const marks: ToolMark[] = [];
  const consider = (chunk: Chunk, at: number): void => {
    const actor = actorAt(chunk, at);
    if (!actor || !tools.has(`${actor.slot}:${actor.pid}`)) return;
    const kind = kinds[chunk.kind[at] ?? 0] ?? 'unknown';
    marks.push({ seq: chunk.seq[at] ?? 0, timeNs: chunk.time[at] ?? 0, kind, op: ops[chunk.op[at] ?? 0] ?? 'none', ...actor });
  };
  for (const { chunk, from: start, to: stop } of log.parts(from, to)) {
    if (stop - start === chunk.seq.length)
      for (const pid of pids) for (const at of actsOf(chunk).get(pid) ?? []) consider(chunk, at);
    else for (let at = start; at < stop; at += 1) consider(chunk, at);
  }
  return marks;
}

export function toolText({ kind, op }: ToolMark): string {
  switch (kind) {
    case 'attach':
    case 'restart':
      return l10n.t('attached by a person, with a tool');
    case 'detach':
      return l10n.t('detached by a person, with a tool');
    case 'reap':
      return l10n.t('reaped by a person, with a tool');
    case 'root':
      return l10n.t('root set by a person, with a tool');
    default:
      break;
  }
  switch (op) {
    case 'shrink':
      return l10n.t('shrinking asked for by a person, with a tool');
    case 'remap':
    case 'map':
      return l10n.t('remapping asked for by a person, with a tool');
    default:
      return l10n.t('growth asked for by a person, with a tool');
  }
}
