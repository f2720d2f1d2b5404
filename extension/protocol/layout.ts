// SPDX-License-Identifier: MIT
//
// What C and C++ types look like in memory, as extension/server/describe.py gives it: a table, so that a type may lead to itself.

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
