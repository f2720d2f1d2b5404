// SPDX-License-Identifier: MIT
//
// Whether a program or library has debug information, from the names of its ELF sections: so that a debugger is not started, for half a
// second each, on all the libraries that have none.  Little-endian ELF of 64 bits; of anything else the answer is that it has none.

import { endianness } from 'node:os';

export interface DebugInformation {
  inside: boolean;
  /** Of the file that has it instead: as /usr/lib/debug/.build-id/AB/CDEF.debug, and by the name of a file beside it. */
  buildId?: string;
  link?: { name: string; checksum: number };
}

/** Up to so many bytes, from there on. */
export type Read = (offset: number, length: number) => Buffer;

interface Section {
  offset: number;
  length: number;
}

/** The only ones that are looked for: names out of a file are compared where they are, and none of them becomes a text. */
const wanted = ['.debug_info', '.zdebug_info', '.note.gnu.build-id', '.gnu_debuglink'] as const;
type Wanted = (typeof wanted)[number];
const wantedBytes = wanted.map((name) => [name, Buffer.from(`${name}\0`, 'latin1')] as const);

const headerLength = 64;
const sectionLength = 64;
/** Tables of names and notes are small, whatever a damaged file says. */
const longest = 1 << 20;

export function debugInformation(file: Read): DebugInformation {
  const read: Read = (offset, length) =>
    Number.isSafeInteger(offset) && length <= longest ? file(offset, length) : Buffer.alloc(0);
  const sections = sectionsOf(read);
  const found: DebugInformation = { inside: sections.has('.debug_info') || sections.has('.zdebug_info') };
  const note = sections.get('.note.gnu.build-id');
  // A note: the lengths of its owner's name ("GNU\0") and of what it says, its type, then both.
  if (note && note.length > 16) found.buildId = read(note.offset, note.length).subarray(16).toString('hex');
  const link = sections.get('.gnu_debuglink');
  if (link) {
    const bytes = read(link.offset, link.length);
    const end = bytes.indexOf(0);
    const name = bytes.subarray(0, Math.max(0, end)).toString();
    // After the name's end, at the next multiple of four.
    const at = (end + 4) & ~3;
    if (name !== '' && !name.includes('/') && at + 4 <= bytes.length) found.link = { name, checksum: bytes.readUInt32LE(at) };
  }
  return found;
}

function sectionsOf(read: Read): Map<Wanted, Section> {
  const found = new Map<Wanted, Section>();
  const header = read(0, headerLength);
  if (endianness() !== 'LE' || header.length < headerLength || header.readUInt32BE(0) !== 0x7f454c46) return found;
  if (header[4] !== 2 || header[5] !== 1 || header.readUInt16LE(58) !== sectionLength) return found;
  const table = read(Number(header.readBigUInt64LE(40)), header.readUInt16LE(60) * sectionLength);
  const count = Math.floor(table.length / sectionLength);
  const place = (index: number) => ({
    offset: Number(table.readBigUInt64LE(index * sectionLength + 24)),
    length: Number(table.readBigUInt64LE(index * sectionLength + 32)),
  });
  const namesAt = header.readUInt16LE(62);
  if (namesAt >= count) return found;
  const names = read(place(namesAt).offset, place(namesAt).length);
  for (let index = 0; index < count; index += 1) {
    const begin = table.readUInt32LE(index * sectionLength);
    for (const [name, bytes] of wantedBytes)
      if (!found.has(name) && names.subarray(begin, begin + bytes.length).equals(bytes)) found.set(name, place(index));
  }
  return found;
}
