// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { decode, type Memory } from '../../extension/protocol/decode';
import type { FieldLayout, TypeLayout } from '../../extension/protocol/layout';
import type { StructureField } from '../../extension/protocol/model';

const base = 0x7e0000000000n;

const int: TypeLayout = { name: 'int', size: 4, kind: 'int', signed: true };
const char: TypeLayout = { name: 'char', size: 1, kind: 'char', signed: true };
const struct = (name: string, size: number, fields: FieldLayout[]): TypeLayout => ({ name, size, kind: 'struct', fields });

function memoryOf(data: Buffer): Memory {
  return { base, active: data.length, read: (offset, length) => data.subarray(offset, offset + length) };
}

function decoded(types: TypeLayout[], data: Buffer, memory: Partial<Memory> = {}): StructureField[] {
  return decode({ reader: 'none', root: 0, types }, 0, { ...memoryOf(data), ...memory });
}

/** The value of one thing of this type. */
function valueOf(type: TypeLayout, data: Buffer, ...others: TypeLayout[]): string {
  return decoded([struct('whole', type.size, [{ name: 'it', type: 1, bit: 0 }]), type, ...others], data)[0]?.value ?? '';
}

function texts(bytes: number[] | string): string {
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes);
  return valueOf({ name: 'char[]', size: data.length, kind: 'array', count: data.length, target: 2 }, data, char);
}

function number(size: number, signed: boolean, bytes: number[]): string {
  return valueOf({ name: '', size, kind: 'int', signed }, Buffer.from(bytes));
}

describe('a struct from its bytes', () => {
  it('reads integers of every size, signed or not, the low byte first', () => {
    assert.equal(number(1, true, [0x80]), '-128');
    assert.equal(number(1, false, [0x80]), '128');
    assert.equal(number(2, true, [0x01, 0x80]), '-32767');
    assert.equal(number(4, false, [0xff, 0xff, 0xff, 0xff]), '4294967295');
    assert.equal(number(8, false, Array<number>(8).fill(0xff)), '18446744073709551615');
    assert.equal(number(8, true, [0, 0, 0, 0, 0, 0, 0, 0x80]), '-9223372036854775808');
    assert.equal(number(16, false, Array<number>(16).fill(0xff)), String(2n ** 128n - 1n));
  });

  it('shows no number that is longer than any, whatever its type says: writing it down would take hours', () => {
    const data = Buffer.alloc(2 << 20, 0x5a);
    for (const size of [65, data.length, 2 ** 62, -1, NaN])
      assert.equal(valueOf({ name: '', size, kind: 'int', signed: true }, data), '(too long to show)');
    for (const kind of ['float', 'pointer', 'other'] as const)
      assert.equal(valueOf({ name: '', size: data.length, kind }, data), '(too long to show)');
  });

  it('reads bit-fields across bytes, and shows the bytes that they touch', () => {
    const layout = struct('bits', 4, [
      { name: 'a', type: 1, bit: 0, bits: 3 },
      { name: 'b', type: 1, bit: 3, bits: 9 },
      { name: 'c', type: 1, bit: 12, bits: 12 },
    ]);
    // a = -1, b = 200, c = -2
    const word = 7 | (200 << 3) | (0xffe << 12);
    const fields = decoded([layout, int], Buffer.from([word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff, 0]));
    assert.deepEqual(
      fields.map(({ value, offset, size, type }) => [value, offset, size, type]),
      [
        ['-1', 0, 1, 'int : 3'],
        ['200', 0, 2, 'int : 9'],
        ['-2', 1, 2, 'int : 12'],
      ],
    );
  });

  it('shows a float by the shortest text that is this float', () => {
    const real = (size: number) => ({ name: 'real', size, kind: 'float' as const });
    const bytes = Buffer.alloc(8);
    bytes.writeFloatLE(0.1);
    assert.equal(valueOf(real(4), bytes), '0.1');
    bytes.writeFloatLE(16777216);
    assert.equal(valueOf(real(4), bytes), '16777216');
    bytes.writeFloatLE(-Infinity);
    assert.equal(valueOf(real(4), bytes), '-Infinity');
    bytes.writeFloatLE(NaN);
    assert.equal(valueOf(real(4), bytes), 'NaN');
    bytes.writeDoubleLE(0.1);
    assert.equal(valueOf(real(8), bytes), '0.1');
    assert.equal(valueOf(real(16), Buffer.from([1, ...Array<number>(14).fill(0), 0x80])), `0x80${'00'.repeat(14)}01`);
  });

  it('shows enums by name, flags by all of their names, and what has no name by its number', () => {
    const flags: TypeLayout = {
      name: 'flags',
      size: 1,
      kind: 'enum',
      signed: false,
      names: [
        ['NONE', '0'],
        ['A', '1'],
        ['B', '4'],
      ],
    };
    const of = (value: number) => valueOf(flags, Buffer.from([value]));
    assert.deepEqual([0, 1, 5, 7, 2].map(of), ['NONE', 'A', 'A | B', '7', '2']);
    const signed: TypeLayout = { name: 'signs', size: 4, kind: 'enum', signed: true, names: [['LESS', '-1']] };
    assert.equal(valueOf(signed, Buffer.from([0xff, 0xff, 0xff, 0xff])), 'LESS');
  });

  it('shows text up to its end, and what cannot be seen in it as bytes', () => {
    assert.equal(texts('abc\0def'), '"abc"');
    assert.equal(texts('full'), '"full"');
    assert.equal(texts('x'.repeat(80)), `"${'x'.repeat(64)}"…`);
    assert.equal(texts('tab\t \\ "q"'), '"tab\\t \\\\ \\"q\\""');
    assert.equal(texts('grün €😀'), '"grün €😀"');
    // Not UTF-8: a byte alone, cut short, longer than needed, half of a surrogate pair; and one that turns the text around.
    assert.equal(texts([0xff, 0xc3]), '"\\xff\\xc3"');
    assert.equal(texts([0xc0, 0xaf]), '"\\xc0\\xaf"');
    assert.equal(texts([0xed, 0xa0, 0x80]), '"\\xed\\xa0\\x80"');
    assert.equal(texts('\u202e'), '"\\xe2\\x80\\xae"');
    assert.equal(valueOf(char, Buffer.from([0])), "0 '\\x00'");
    assert.equal(valueOf(char, Buffer.from([0xff])), "-1 '\\xff'");
  });

  it('takes for a pointer into the segment what lies in its active memory, and nothing else', () => {
    const pointer: TypeLayout = { name: 'void *', size: 8, kind: 'pointer' };
    const target = (address: bigint) => {
      const data = Buffer.alloc(64);
      data.writeBigUInt64LE(address);
      return decoded([struct('one', 8, [{ name: 'p', type: 1, bit: 0 }]), pointer], data)[0]?.target;
    };
    assert.deepEqual([base - 1n, base, base + 63n, base + 64n, 0n, 2n ** 64n - 1n].map(target), [
      undefined,
      0,
      63,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('ends, with 400 fields, in a web of pointers that all lead on', () => {
    // Each node has 16 pointers, to nodes that have 16 pointers.
    const nodes = 4000;
    const types: TypeLayout[] = [
      struct('node', 128, [{ name: 'to', type: 1, bit: 0 }]),
      { name: 'node *[16]', size: 128, kind: 'array', count: 16, target: 2 },
      { name: 'node *', size: 8, kind: 'pointer', target: 0 },
    ];
    const data = Buffer.alloc(nodes * 128);
    for (let at = 0; at < nodes * 16; at += 1) data.writeBigUInt64LE(base + BigInt(((at * 31 + 1) % nodes) * 128), at * 8);
    let reads = 0;
    const read = (offset: number, length: number) => {
      reads += 1;
      return data.subarray(offset, offset + length);
    };
    const fields = decoded(types, data, { read });
    const count = (all: StructureField[]): number => all.reduce((sum, field) => sum + 1 + count(field.fields ?? []), 0);
    assert.equal(count(fields), 400);
    assert.ok(reads <= 400, `${reads} reads`);
    // Near ones first: all that the root's pointers lead to is there.
    const [to] = fields;
    assert.ok(to?.fields?.every((pointer) => pointer.fields !== undefined || pointer.target === 0));
  });

  it('reads values across blocks, and says which are past the end, also when the object was cut meanwhile', () => {
    const data = Buffer.alloc(8192);
    data.writeUInt32LE(0x01020304, 4094);
    const types = [
      struct('far', 8200, [
        { name: 'across', type: 1, bit: 4094 * 8 },
        { name: 'last', type: 1, bit: 8188 * 8 },
        { name: 'past', type: 1, bit: 8190 * 8 },
      ]),
      int,
    ];
    const values = (memory?: Partial<Memory>) => decoded(types, data, memory).map(({ value }) => value);
    assert.deepEqual(values(), [String(0x01020304), '0', '(past the end)']);
    const cut = (offset: number, length: number) => data.subarray(offset, Math.min(offset + length, 4095));
    assert.deepEqual(values({ read: cut }), ['(past the end)', '(past the end)', '(past the end)']);
  });

  it('survives a description that contradicts itself', () => {
    const types: TypeLayout[] = [struct('odd', 4, [{ name: 'nowhere', type: 99, bit: 0 }])];
    assert.equal(decoded(types, Buffer.alloc(8))[0]?.value, '0x0');
  });
});
