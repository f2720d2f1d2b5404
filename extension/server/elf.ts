// SPDX-License-Identifier: MIT
//
// Whether a program or library has debug information, from the names of its ELF sections: so that a debugger is not started, for half a
// second each, on all the libraries that have none.  Little-endian ELF of 64 bits; of anything else the answer is that it has none.

import { readSync } from 'node:fs';
import { endianness } from 'node:os';

export interface DebugInformation {
  inside: boolean;
  /** Of the file that has it instead: as /usr/lib/debug/.build-id/AB/CDEF.debug, and by the name of a file beside it. */
  buildId?: string;
  link?: string;
}

interface Section {
  name: string;
  offset: number;
  length: number;
}

const headerLength = 64;
const sectionLength = 64;
/** Tables of names and notes are small, whatever a damaged file says. */
const longest = 1 << 20;

export function debugInformation(file: number): DebugInformation {
  const sections = sectionsOf(file);
  const named = (name: string) => sections.find((section) => section.name === name);
  const found: DebugInformation = { inside: Boolean(named('.debug_info') ?? named('.zdebug_info')) };
  const note = named('.note.gnu.build-id');
  // A note: the lengths of its owner's name ("GNU\0") and of what it says, its type, then both.
  if (note && note.length > 16) found.buildId = read(file, note.offset, note.length).subarray(16).toString('hex');
  const link = named('.gnu_debuglink');
  if (link) {
    const bytes = read(file, link.offset, link.length);
    const name = bytes.subarray(0, Math.max(0, bytes.indexOf(0))).toString();
    if (name !== '' && !name.includes('/')) found.link = name;
  }
  return found;
}

function sectionsOf(file: number): Section[] {
  const header = read(file, 0, headerLength);
  if (endianness() !== 'LE' || header.length < headerLength || header.readUInt32BE(0) !== 0x7f454c46) return [];
  if (header[4] !== 2 || header[5] !== 1 || header.readUInt16LE(58) !== sectionLength) return [];
  const table = read(file, Number(header.readBigUInt64LE(40)), header.readUInt16LE(60) * sectionLength);
  const count = Math.floor(table.length / sectionLength);
  const place = (index: number) => ({
    offset: Number(table.readBigUInt64LE(index * sectionLength + 24)),
    length: Number(table.readBigUInt64LE(index * sectionLength + 32)),
  });
  const namesAt = header.readUInt16LE(62);
  if (namesAt >= count) return [];
  const names = read(file, place(namesAt).offset, place(namesAt).length);
  return Array.from({ length: count }, (_, index) => {
    const begin = table.readUInt32LE(index * sectionLength);
    const end = names.indexOf(0, begin);
    return { name: names.subarray(begin, end < 0 ? begin : end).toString('latin1'), ...place(index) };
  });
}

function read(file: number, offset: number, length: number): Buffer {
  if (!Number.isSafeInteger(offset) || length > longest) return Buffer.alloc(0);
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
}
