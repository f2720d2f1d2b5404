// SPDX-License-Identifier: MIT
//
// What a command was called with.  `{ segment, bytes, pid }` means: ask for nothing more, answer with the result.  A row of the tree, or
// nothing at all, means that a person is there who can be asked for the rest.  Before anything is taken away a person is asked either way (consent.ts).

import * as l10n from '@vscode/l10n';
import { parseSize } from '../protocol/address';
import { PeermapFailure } from './failure';
import { isNode } from './tree-rows';
import { isSystemNode } from './system-rows';

export interface Target {
  segment?: string;
  bytes?: number | string;
  /** openMemory: where the bytes begin, from the beginning of the data; the header is before it. */
  offset?: number | string;
  pid?: number;
  /** grow, shrink: go on without peers that do not answer in time. */
  allowLate?: boolean;
  /** create: bytes to reserve addresses for. */
  reserve?: number | string;
  /** create: nobody maps past the active size, so that every growth asks each peer. */
  strict?: boolean;
  /** create: nobody uses ptrace on a peer, so that one that is stopped is late. */
  noPtrace?: boolean;
  /** create: objects are allocated in it. */
  heap?: boolean;
  /** removeOrphan: which, as objectId() of system-rows.ts names it. */
  object?: string;
  /** compareSnapshots: the other file; without, what is live. */
  other?: string;
  /** exportSnapshot: with what is resident in each peer. */
  residency?: boolean;
  /** startDemo: what to index. */
  folder?: string;
  /** export…: where to, or compareSnapshots: what with. */
  file?: string;
  /** exportSystem, exportTimeline, systemSort…: in which way. */
  format?: string;
}

export interface Invocation {
  target: Target;
  /** A person is there: ask for what is missing, say what came of it, show errors. */
  asks: boolean;
  /** The name of the task that it comes from. */
  task?: string;
}

const strings = ['segment', 'folder', 'file', 'format', 'object', 'other'] as const;
const sizes = ['bytes', 'reserve'] as const;
const switches = ['allowLate', 'strict', 'noPtrace', 'heap', 'residency'] as const;

export function parseInvocation(argument: unknown): Invocation {
  if (isNode(argument)) {
    const { segment, pid } = argument;
    return { asks: true, target: pid === undefined ? { segment } : { segment, pid } };
  }
  if (isSystemNode(argument)) return { asks: true, target: { object: argument.row.id.replace(/^object:/, '') } };
  if (typeof argument !== 'object' || argument === null) return { asks: true, target: {} };
  const given = argument as Record<string, unknown>;
  // A file of the Explorer.
  if (typeof given['fsPath'] === 'string' && 'scheme' in given) return { asks: true, target: { file: given['fsPath'] } };
  const named = [...strings, ...sizes, ...switches, 'pid', 'offset'].some((key) => key in given);
  // VS Code hands its own objects to commands in menus: those are no arguments of ours.
  return named ? { asks: false, target: targetOf(given) } : { asks: true, target: {} };
}

export function targetOf(given: Record<string, unknown>): Target {
  const target: Target = {};
  for (const key of strings) {
    const value = given[key];
    if (typeof value === 'string') target[key] = value;
    else if (value !== undefined) throw invalid(l10n.t('"{0}" must be a string.', key));
  }
  for (const key of sizes) {
    const value = given[key];
    if (typeof value === 'string' || (typeof value === 'number' && value > 0)) target[key] = value;
    else if (value !== undefined) throw invalid(l10n.t('"{0}" must be a number of bytes, or a size such as "64K".', key));
  }
  const pid = given['pid'];
  if (typeof pid === 'number' && Number.isInteger(pid) && pid > 0) target.pid = pid;
  else if (pid !== undefined) throw invalid(l10n.t('"pid" must be the number of a process.'));
  const offset = given['offset'];
  if (typeof offset === 'string' || (typeof offset === 'number' && Number.isSafeInteger(offset))) target.offset = offset;
  else if (offset !== undefined) throw invalid(l10n.t('"offset" must be a number of bytes, or one such as "0x1000".'));
  for (const key of switches) {
    const value = given[key];
    if (typeof value === 'boolean') target[key] = value;
    else if (value !== undefined) throw invalid(l10n.t('"{0}" must be true or false.', key));
  }
  return target;
}

/** `current` is what a percentage refers to. */
export function bytesOf(size: number | string, current: number): number {
  const parsed = parseSize(String(size), current);
  if (parsed.kind === 'error') throw invalid(parsed.text);
  return parsed.bytes;
}

export function required<K extends keyof Target>(target: Target, key: K): NonNullable<Target[K]> {
  const value = target[key];
  if (value === undefined) throw invalid(l10n.t('"{0}" is missing from the command\'s arguments.', key));
  return value;
}

function invalid(text: string): PeermapFailure {
  return new PeermapFailure('PEERMAP_EINVAL', text);
}
