// SPDX-License-Identifier: MIT
//
// What C and C++ types look like in memory, as extension/server/describe.py gives it: a table, so that a type may lead to itself.

import { boolean, list, natural, oneOf, optional, record, type Check } from './shape';

/** A place in Description.types. */
export type TypeNumber = number;

export interface Description {
  /** What read it: "gdb 13.1". */
  reader: string;
  root: TypeNumber;
  types: TypeLayout[];
}

export interface TypeLayout {
  /** As the program spells it, typedefs kept: "uint64_t". */
  name: string;
  size: number;
  /** "other" has no meaning that could be shown: a pointer to a member, a type beyond the bounds of the description. */
  kind: 'int' | 'char' | 'bool' | 'float' | 'enum' | 'pointer' | 'array' | 'struct' | 'union' | 'other';
  signed?: boolean;
  /** enum: names and their values, in decimal. */
  names?: [string, string][];
  /** pointer: absent for void and functions.  array: its element. */
  target?: TypeNumber;
  /** array: 0 for a flexible one. */
  count?: number;
  /** struct and union: base classes are fields, too. */
  fields?: FieldLayout[];
  /** Fields beyond the bounds of the description. */
  omitted?: number;
}

export interface FieldLayout {
  /** Empty: an anonymous struct or union. */
  name: string;
  type: TypeNumber;
  /** From the beginning of the struct, in bits. */
  bit: number;
  /** A bit-field's width. */
  bits?: number;
}

/** Longer than describe.py gives any, in UTF-16. */
const longestName = 2048;

const is =
  (test: (value: unknown) => boolean): Check =>
  (value, path) =>
    test(value) ? undefined : path;
const name = is((value) => typeof value === 'string' && value.length <= longestName);
/** Debug information may say anything, but no fraction. */
const whole = is(Number.isInteger);
const named = is(
  (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    name(value[0], '') === undefined &&
    typeof value[1] === 'string' &&
    /^-?\d{1,40}$/.test(value[1]),
);
const field = record({
  name,
  type: natural,
  bit: whole,
  bits: optional(is((value) => Number.isSafeInteger(value) && Number(value) >= 0)),
});
const type = record({
  name,
  size: whole,
  kind: oneOf('int', 'char', 'bool', 'float', 'enum', 'pointer', 'array', 'struct', 'union', 'other'),
  signed: optional(boolean),
  names: optional(list(named, 1000)),
  target: optional(natural),
  count: optional(natural),
  fields: optional(list(field, 1000)),
  omitted: optional(natural),
});
const description = record({ reader: name, root: natural, types: list(type, 65_536) });

/** What gdb answered, which read a file of others: undefined if it is no description. */
export function toDescription(value: unknown): Description | undefined {
  return description(value, '') === undefined ? (value as Description) : undefined;
}
