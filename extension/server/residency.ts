// SPDX-License-Identifier: MIT
//
// How much of a segment is in each peer's page tables, as /proc/PID/smaps has it.  While the kernel makes that file for a process, the
// process waits if it wants to change its mappings: so this is read when a person asks, and tells what it cost.

import * as l10n from '@vscode/l10n';
import type { Peer, Snapshot } from '../../native/addon/index';
import { fromAddress, plus, toAddress } from '../protocol/address';
import type { Problem, Residency } from '../protocol/model';
import { pidHere } from '../protocol/process';
import type { Answer } from '../protocol/requests';
import { residency } from './budgets';
import { isHeldUp, memoryFile, memoryLines, most, type MemoryReader } from './foreign-files';
import { integers } from './parameters';

type Range = Residency['ranges'][number];

const mostBounds = 4096;
const pageSize = 4096;
/** A word for each page, in /proc/PID/pagemap; that the page is in the page tables is its highest bit. */
const wordSize = 8;
/** Mappings of 16 GiB; what is longer is told as a whole. */
const mostWords = 4 << 20;

export async function residencyOf(addon: MemoryReader, snapshot: Snapshot, given: unknown = []): Promise<Answer<Residency[]>> {
  const bounds = integers(given, 'bounds', mostBounds);
  const value: Residency[] = [];
  const problems: Problem[] = [];
  const started = performance.now();
  let ranges = 0;
  let without = 0;
  // One after the other: each is held up for its own time only, and the cost told is its own.
  for (const peer of snapshot.peers) {
    const here = pidHere(peer);
    if (peer.state === 'dead' || here === undefined || !peer.mappings) continue;
    const withinMs = Math.ceil(started + residency.ms - performance.now());
    if (withinMs <= 0 || ranges >= residency.ranges) {
      without += 1;
      continue;
    }
    const where = `/proc/${here}/smaps`;
    try {
      const began = process.hrtime.bigint();
      const found = new Ranges(snapshot.object.inode, peer.mappings);
      for await (const line of memoryLines(addon, here, 'smaps', { limit: most.list, withinMs })) found.read(line);
      const whole = found.list;
      const told = bounds.length === 0 ? whole : await inPieces({ addon, pid: here, withinMs }, whole, bounds);
      ranges += told.length;
      value.push({ pid: peer.pid, ranges: told, tookNs: Number(process.hrtime.bigint() - began) });
    } catch (error) {
      problems.push(problemOf(error, where, peer));
    }
  }
  if (without > 0) problems.push(leftOut(without));
  return { value, problems };
}

function leftOut(peers: number): Problem {
  const text = l10n.t('What {0} peers have in memory is left out: asking all takes too long, and holds each of them up.', peers);
  return { code: 'left-out', where: '/proc', text };
}

function problemOf(error: unknown, where: string, { name, pid }: Peer): Problem {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ESRCH')
    return { code: 'no-process', where, text: l10n.t('{0} ({1}) ended before it could be asked', name, pid) };
  if (isHeldUp(error)) {
    const text = l10n.t(
      'What {0} ({1}) has in memory is left out: that memory is held up, as that of a process is which is stuck in the kernel, on a file system that does not answer.',
      name,
      pid,
    );
    return { code: 'left-out', where, text };
  }
  const text = l10n.t('What {0} ({1}) has in memory may not be read: {2}', name, pid, code);
  return { code: code === 'EACCES' || code === 'EPERM' ? 'no-access' : 'os', where, text };
}

const headLine = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) [0-9a-f]+:[0-9a-f]+ (\d+)/;
const amountLine = /^(Rss|Pss|Shared_Dirty|Private_Dirty|Swap): +(\d+) kB$/;

/** Those of the object: an inode alone could be of another file system, so the kernel's own list of the object's mappings decides. */
export class Ranges {
  readonly list: Range[] = [];
  private current: Range | undefined;

  constructor(
    private readonly inode: number,
    private readonly mappings: NonNullable<Peer['mappings']>,
  ) {}

  /** A line of smaps. */
  read(line: string): void {
    const head = headLine.exec(line);
    if (head) {
      this.current = this.begin(head);
      if (this.current) this.list.push(this.current);
      return;
    }
    const amount = this.current && amountLine.exec(line);
    if (!this.current || !amount) return;
    const bytes = Number(amount[2]) * 1024;
    if (amount[1] === 'Rss') this.current.resident = bytes;
    else if (amount[1] === 'Pss') this.current.proportional = bytes;
    else if (amount[1] === 'Swap') this.current.swapped = bytes;
    else this.current.dirty += bytes;
  }

  private begin([, from = '', to = '', permissions = '', offset = '', file = '']: RegExpExecArray): Range | undefined {
    const [begin, end] = [BigInt(`0x${from}`), BigInt(`0x${to}`)];
    const isOurs =
      Number(file) === this.inode &&
      this.mappings.some(({ address, length }) => address < end && begin < address + BigInt(length));
    if (!isOurs) return undefined;
    return {
      address: toAddress(begin),
      length: Number(end - begin),
      offset: Number(`0x${offset}`),
      permissions,
      resident: 0,
      proportional: 0,
      dirty: 0,
      swapped: 0,
    };
  }
}

/** Who is asked by what, and for how long each. */
interface Asked {
  addon: MemoryReader;
  pid: number;
  withinMs: number;
}

/** Cut at the bounds, with what is resident of each piece counted page by page. */
async function inPieces({ addon, pid, withinMs }: Asked, whole: readonly Range[], bounds: readonly number[]): Promise<Range[]> {
  const ranges: Range[] = [];
  for (const range of whole) {
    const words = range.length / pageSize;
    const inside = bounds.filter((bound) => bound > range.offset && bound < range.offset + range.length);
    if (inside.length === 0 || words > mostWords) {
      ranges.push(range);
      continue;
    }
    const from = Number(fromAddress(range.address) / BigInt(pageSize)) * wordSize;
    const pages = await memoryFile(addon, pid, 'pagemap', { from, limit: words * wordSize, withinMs });
    ranges.push(...cut(range, [range.offset, ...inside, range.offset + range.length], pages));
  }
  return ranges;
}

/** `pages` has the words of the range's pages; the kernel's numbers are of huge pages' parts as well. */
export function cut(range: Range, edges: readonly number[], pages: Buffer): Range[] {
  const counts = edges.slice(1).map((to, index) => {
    const from = edges[index] ?? 0;
    let count = 0;
    for (let page = Math.floor((from - range.offset) / pageSize); page < Math.floor((to - range.offset) / pageSize); page += 1)
      count += (pages[page * wordSize + wordSize - 1] ?? 0) >> 7;
    return { from, length: to - from, count };
  });
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  return counts.map(({ from, length, count }) => {
    const share = (bytes: number): number => (all === 0 ? 0 : Math.round((bytes * count) / all));
    return {
      ...range,
      address: plus(range.address, from - range.offset),
      offset: from,
      length,
      resident: count * pageSize,
      proportional: share(range.proportional),
      dirty: share(range.dirty),
      swapped: share(range.swapped),
    };
  });
}
