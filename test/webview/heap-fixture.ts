// SPDX-License-Identifier: MIT
//
// A heap and a root to look at, as the server would tell of them.

import type { HeapCount, Structure } from '../../extension/protocol/model';
import { KiB, MiB } from './fixtures';

export function heapOf(used = 9 * MiB, change: Partial<HeapCount> = {}): HeapCount {
  const strides = [16, 32, 48, 64, 96, 128, 256, 1024];
  return {
    size: 16 * MiB,
    used,
    smallObjects: 41_234,
    largeObjects: 12,
    largeBytes: 3 * MiB,
    spanBytes: 8 * MiB,
    freeBytes: 3 * MiB,
    holeBytes: MiB,
    largestFree: 2 * MiB,
    grown: 3,
    faults: 0,
    reclaimed: 0,
    lostThreads: 0,
    metadata: 272 * KiB,
    classes: strides.map((stride, at) => ({
      stride,
      spans: at === 4 ? 0 : 8 * (at + 1),
      objects: at === 4 ? 0 : Math.floor(((8 * (at + 1) * 16 * KiB) / stride) * (0.95 - at * 0.1)),
      capacity: at === 4 ? 0 : (8 * (at + 1) * 16 * KiB) / stride,
      bytes: at === 4 ? 0 : 8 * (at + 1) * 16 * KiB,
    })),
    peers: [
      peer(4711, 'indexer', 310_220, 22 * MiB, 280_114, 14 * MiB),
      peer(4718, 'search', 1_204, 96 * KiB, 1_180, 90 * KiB),
      peer(0, '', 88_000, 5 * MiB, 71_000, 4 * MiB),
    ],
    tookNs: 412_000,
    problems: [],
    ...change,
  };
}

function peer(
  pid: number,
  name: string,
  allocations: number,
  allocatedBytes: number,
  frees: number,
  freedBytes: number,
): HeapCount['peers'][number] {
  return { pid, name, threads: 4, spans: 12, spanBytes: 192 * KiB, allocations, allocatedBytes, frees, freedBytes };
}

export function indexStructure(words = 11): Structure {
  return {
    root: 'index',
    type: 'struct index',
    source: { file: '/usr/bin/indexer', reader: 'gdb 13.1' },
    offset: 0x1000,
    size: 64,
    takenAtMs: 0,
    fields: [
      { name: 'words', type: 'uint64_t', offset: 0x1000, size: 8, value: String(words) },
      { name: 'title', type: 'char [16]', offset: 0x1008, size: 16, value: '"quotes"' },
      { name: 'first', type: 'struct word *', offset: 0x1018, size: 8, value: '0x7e8000002000', target: 0x2000 },
      {
        name: 'buckets',
        type: 'uint32_t [1024]',
        offset: 0x1020,
        size: 4096,
        value: '',
        fields: [0, 1, 2].map((at) => ({
          name: `[${at}]`,
          type: 'uint32_t',
          offset: 0x1020 + at * 4,
          size: 4,
          value: String(at * 7),
        })),
        omitted: 1021,
      },
    ],
  };
}
