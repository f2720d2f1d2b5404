// SPDX-License-Identifier: MIT
//
// What the server process has cost so far, as the kernel counts it.

import * as fs from 'node:fs';
import { formatBytes, formatNanoseconds } from '../protocol/address';

/** In the words a person reads; undefined if it ended meanwhile. */
export function costOf(pid: number): { memory: string; time: string } | undefined {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
    const resident = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
    // Nanoseconds on a processor, of the main thread alone: where all of our work is done.
    const ran = Number(fs.readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]);
    if (!Number.isFinite(resident) || !Number.isFinite(ran)) return undefined;
    // Whole megabytes and tenths of a second: the tooltip shall not change with every look at it.
    const coarse = (value: number, step: number) => Math.round(value / step) * step;
    return { memory: formatBytes(coarse(resident, 1 << 20)), time: formatNanoseconds(coarse(ran, 1e8)) };
  } catch {
    return undefined;
  }
}
