// SPDX-License-Identifier: MIT
//
// A struct in shared memory as rows of fields with their values.
//
//     Description (what it looks like) + bytes of the data --> StructureField[]
//
// The bytes are another program's, which goes on writing while they are read, a block after the other: a value may be torn, and two
// values need not be of one moment.  Nothing in them is believed: each pointer is checked, what is behind it is read by its offset,
// and how much is looked at has a bound, whatever the bytes say.
//
// First the struct itself, then what its pointers lead to, then what theirs lead to: so where the bound cuts, it cuts far away.

import * as l10n from '@vscode/l10n';
import type { Description, FieldLayout, TypeLayout, TypeNumber } from './layout';
import type { StructureField } from './model';
import { integer, scalarText, textOf, unsigned } from './scalars';

export interface Memory {
  /** Up to `length` bytes at `offset` of the data; fewer at its end. */
  read: (offset: number, length: number) => Uint8Array;
  /** The address that pointers take the beginning of the data for. */
  base: bigint;
  /** Bytes of data. */
  active: number;
}

const blockLength = 4096;
const longestText = 64;
/** No number is longer, nor so long that it takes time to write down: debug information may say otherwise. */
const longestNumber = 64;
const mostElements = 16;
const mostFields = 400;
const farthest = 3;

interface Pending {
  field: StructureField;
  type: TypeNumber;
  target: number;
  level: number;
}

export function decode(description: Description, offset: number, memory: Memory): StructureField[] {
  return new Decoder(description, memory).root(offset);
}

class Decoder {
  private readonly blocks = new Map<number, Uint8Array>();
  private readonly pending: Pending[] = [];
  /** What is shown already, as "type@offset": a pointer that leads there is shown, and not followed again. */
  private readonly shown = new Set<string>();
  private left = mostFields;

  constructor(
    private readonly description: Description,
    private readonly memory: Memory,
  ) {}

  root(offset: number): StructureField[] {
    const number = this.description.root;
    this.shown.add(`${number}@${offset}`);
    const fields = this.insides(number, offset, 0);
    for (let next = this.pending.shift(); next; next = this.pending.shift()) this.follow(next);
    return fields.fields;
  }

  private type(number: TypeNumber): TypeLayout {
    return this.description.types[number] ?? { name: '', size: 0, kind: 'other' };
  }

  private follow({ field, type, target, level }: Pending): void {
    const key = `${type}@${target}`;
    if (this.shown.has(key)) return;
    this.shown.add(key);
    const { fields, omitted } = this.insides(type, target, level);
    if (fields.length > 0) field.fields = fields;
    if (omitted > 0) field.omitted = omitted;
  }

  /** The fields of a struct, the elements of an array; of anything else itself, as "*". */
  private insides(number: TypeNumber, offset: number, level: number): { fields: StructureField[]; omitted: number } {
    const type = this.type(number);
    let rows: FieldLayout[];
    let all: number;
    if (type.kind === 'array' && !this.isText(type)) {
      const element = type.target ?? -1;
      all = type.count ?? 0;
      const bit = this.type(element).size * 8;
      rows = Array.from({ length: Math.min(all, mostElements) }, (_, i) => ({ name: `[${i}]`, type: element, bit: i * bit }));
    } else {
      rows = type.fields ?? [{ name: '*', type: number, bit: 0 }];
      all = rows.length + (type.omitted ?? 0);
    }
    const fields: StructureField[] = [];
    for (const row of rows) {
      if (this.left <= 0) break;
      this.left -= 1;
      fields.push(this.field(row, offset, level));
    }
    return { fields, omitted: all - fields.length };
  }

  private field(layout: FieldLayout, start: number, level: number): StructureField {
    const type = this.type(layout.type);
    const offset = start + Math.floor(layout.bit / 8);
    const bits = layout.bits;
    const size = bits === undefined ? type.size : Math.ceil(((layout.bit % 8) + bits) / 8);
    const field: StructureField = {
      name: layout.name === '' ? l10n.t('(anonymous)') : layout.name,
      type: bits === undefined ? type.name : `${type.name} : ${bits}`,
      offset,
      size,
      value: '',
    };
    if (type.kind === 'struct' || type.kind === 'union' || (type.kind === 'array' && !this.isText(type))) {
      const { fields, omitted } = this.insides(layout.type, offset, level);
      field.fields = fields;
      if (omitted > 0) field.omitted = omitted;
      return field;
    }
    const isArray = type.kind === 'array';
    if (!isArray && !(size >= 0 && size <= longestNumber)) return { ...field, value: l10n.t('(too long to show)') };
    const bytes = this.bytes(offset, isArray ? Math.min(size, longestText) : size);
    if (bytes.length < Math.min(size, longestText)) field.value = l10n.t('(past the end)');
    else if (isArray) field.value = textOf(bytes, size > longestText);
    else if (type.kind === 'pointer') this.point(field, type, bytes, level);
    else field.value = scalarText(type, integer(bytes, layout.bit % 8, bits ?? size * 8, type.signed ?? false), bytes);
    return field;
  }

  private point(field: StructureField, type: TypeLayout, bytes: Uint8Array, level: number): void {
    const address = unsigned(bytes);
    field.value = `0x${address.toString(16)}`;
    const distance = address - this.memory.base;
    if (distance < 0n || distance >= BigInt(this.memory.active)) return;
    const target = Number(distance);
    field.target = target;
    if (type.target === undefined) return;
    const pointee = this.type(type.target);
    if (pointee.kind === 'char') field.value = textOf(this.bytes(target, longestText), true);
    else if (level < farthest) this.pending.push({ field, type: type.target, target, level: level + 1 });
    else if (!this.shown.has(`${type.target}@${target}`)) field.omitted = pointee.fields?.length ?? 1;
  }

  private isText(type: TypeLayout): boolean {
    return type.kind === 'array' && this.type(type.target ?? -1).kind === 'char';
  }

  private bytes(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.memory.active);
    if (offset < 0 || end <= offset) return new Uint8Array();
    const bytes = new Uint8Array(end - offset);
    let done = 0;
    while (done < bytes.length) {
      const at = (offset + done) % blockLength;
      const part = this.block(offset + done - at).subarray(at, at + bytes.length - done);
      if (part.length === 0) return bytes.subarray(0, done);
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  private block(offset: number): Uint8Array {
    const known = this.blocks.get(offset);
    if (known) return known;
    const block = this.memory.read(offset, Math.min(blockLength, this.memory.active - offset));
    this.blocks.set(offset, block);
    return block;
  }
}
