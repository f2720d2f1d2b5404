// SPDX-License-Identifier: MIT
//
// The roots and what is in them as the rows of a tree, and which of their values changed while somebody looked.  Pure.

import * as l10n from '@vscode/l10n';
import { withoutFormula } from '../extension/protocol/foreign';
import type { Problem, Root, Structure, StructureField } from '../extension/protocol/model';
import type { Answer } from '../extension/protocol/requests';
import { hexOffset } from './memory-values';
import { ageStep } from './memory-bytes';

/** A root as it was last read. */
export interface Read {
  structure: Structure | undefined;
  problems: readonly Problem[];
  /** By path of the field, when its value was first seen to be another. */
  changed: ReadonlyMap<string, number>;
}

/** `answer` came at `at`: what reads differently has changed in between. */
export function readAgain(before: Read | undefined, answer: Answer<Structure | null>, at: number): Read {
  const structure = answer.value ?? undefined;
  const changed = new Map<string, number>();
  for (const [path, since] of before?.changed ?? []) if (ageStep(at - since) !== undefined) changed.set(path, since);
  const old = valuesOf(before?.structure);
  for (const [path, value] of valuesOf(structure)) {
    const was = old.get(path);
    if (was !== undefined && was !== value) changed.set(path, at);
  }
  return { structure, problems: answer.problems, changed };
}

function valuesOf(structure: Structure | undefined): Map<string, string> {
  const values = new Map<string, string>();
  const collect = (fields: readonly StructureField[], parent: string): void => {
    for (const field of fields) {
      values.set(pathOf(parent, field), field.value);
      collect(field.fields ?? [], pathOf(parent, field));
    }
  };
  if (structure) collect(structure.fields, structure.root);
  return values;
}

/** The names of C and of roots have no slash in them. */
function pathOf(parent: string, { name }: StructureField): string {
  return `${parent}/${name}`;
}

export interface TreeRow {
  path: string;
  /** From 1. */
  level: number;
  /** Among those beside it, from 1; and how many there are. */
  position: number;
  siblings: number;
  kind: 'root' | 'field' | 'omitted' | 'note';
  name: string;
  type: string;
  value: string;
  offset: number | undefined;
  size: number | undefined;
  target: number | undefined;
  /** Undefined: nothing is in it. */
  expanded: boolean | undefined;
  /** When its value was first seen to be another. */
  changedAt: number | undefined;
}

/** The rows that are in sight, given what is expanded. */
export function treeRows(
  roots: readonly Root[],
  expanded: ReadonlySet<string>,
  reads: Readonly<Record<string, Read>>,
): TreeRow[] {
  const rows: TreeRow[] = [];
  roots.forEach((root, index) => {
    const open = expanded.has(root.name);
    rows.push({
      ...nothing,
      path: root.name,
      level: 1,
      position: index + 1,
      siblings: roots.length,
      kind: 'root',
      name: root.name,
      type: root.type,
      value: l10n.t('version {0}', root.version),
      offset: root.offset,
      size: root.size,
      expanded: open,
    });
    if (!open) return;
    const read = reads[root.name];
    const notes = notesOf(root, read);
    rows.push(
      ...notes.map((text, at) => ({
        ...nothing,
        path: `${root.name}/#${at}`,
        level: 2,
        position: at + 1,
        siblings: notes.length,
        kind: 'note' as const,
        name: text,
      })),
    );
    if (read?.structure) addFields(rows, read.structure.fields, root.name, 2, expanded, read.changed);
  });
  return rows;
}

const nothing = {
  type: '',
  value: '',
  offset: undefined,
  size: undefined,
  target: undefined,
  expanded: undefined,
  changedAt: undefined,
};

/** What is said instead of fields, or before them. */
function notesOf(root: Root, read: Read | undefined): string[] {
  if (!read) return [l10n.t('Reading …')];
  const problems = read.problems.map(({ text }) => text);
  if (read.structure) return problems;
  const remedy =
    root.type === ''
      ? l10n.t('This root has no type: give peermap_set_root() the name of its struct.')
      : l10n.t('To see its fields, build the program with -g, and have gdb installed where the segment is.');
  return [...problems, remedy];
}

function addFields(
  rows: TreeRow[],
  fields: readonly StructureField[],
  parent: string,
  level: number,
  expanded: ReadonlySet<string>,
  changed: Read['changed'],
): void {
  fields.forEach((field, index) => {
    const path = pathOf(parent, field);
    const has = (field.fields?.length ?? 0) > 0 || (field.omitted ?? 0) > 0;
    const open = has ? expanded.has(path) : undefined;
    rows.push({
      path,
      level,
      position: index + 1,
      siblings: fields.length,
      kind: 'field',
      name: field.name,
      type: field.type,
      value: field.value,
      offset: field.offset,
      size: field.size,
      target: field.target,
      expanded: open,
      changedAt: changed.get(path),
    });
    if (!open) return;
    addFields(rows, field.fields ?? [], path, level + 1, expanded, changed);
    if (field.omitted) rows.push(omittedRow(path, level + 1, field.omitted, field.fields?.length ?? 0));
  });
}

function omittedRow(parent: string, level: number, omitted: number, shown: number): TreeRow {
  const name = omitted === 1 ? l10n.t('1 more is left out') : l10n.t('{0} more are left out', omitted.toLocaleString('en-US'));
  return { ...nothing, path: `${parent}/…`, level, position: shown + 1, siblings: shown + 1, kind: 'omitted', name };
}

/** The row that a row is in. */
export function parentPath(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? undefined : path.slice(0, slash);
}

const number = /^-?(0x[\da-f]+|\d+(\.\d+)?(e[-+]?\d+)?)$/i;

/** Numbers stay such; names, types and text are whatever somebody chose. */
function harmless(cell: string): string {
  return number.test(cell) ? cell : withoutFormula(cell);
}

/** All that was read of the roots, expanded or not. */
export function treeTsv(roots: readonly Root[], reads: Readonly<Record<string, Read>>): string {
  const lines = [[l10n.t('Name'), l10n.t('Type'), l10n.t('Value'), l10n.t('Offset'), l10n.t('Size')].join('\t')];
  const line = (path: string, type: string, value: string, offset: number, size: number): unknown =>
    lines.push(
      [path, type, value, hexOffset(offset), String(size)].map((cell) => harmless(cell).replace(/[\t\r\n]+/g, ' ')).join('\t'),
    );
  const add = (fields: readonly StructureField[], parent: string): void => {
    for (const field of fields) {
      const path = field.name.startsWith('[') ? `${parent}${field.name}` : `${parent}.${field.name}`;
      line(path, field.type, field.value, field.offset, field.size);
      add(field.fields ?? [], path);
    }
  };
  for (const root of roots) {
    line(root.name, root.type, '', root.offset, root.size);
    add(reads[root.name]?.structure?.fields ?? [], root.name);
  }
  return lines.join('\n');
}
