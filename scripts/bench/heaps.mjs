// SPDX-License-Identifier: MIT
//
// Allocating and freeing beside what one would use instead: native/bench/heap.c; and how much churning loses: native/bench/churn.c.

import { quick, run } from './run.mjs';
import { mib, spread, table } from './table.mjs';

const heaps = ['peermap', 'boost', 'libc', 'mimalloc'];

/** Operations are of one thread, in one turn. */
const plan = [
  ['pairs', 1, 1, 1_000_000],
  ['mixed', 1, 1, 400_000],
  ['mixed', 1, 8, 50_000],
  ['mixed', 4, 1, 100_000],
  ['mixed', 8, 1, 50_000],
  ['mixed', 8, 8, 6_000],
  ['large', 1, 1, 10_000],
  ['large', 4, 1, 2_000],
  ['handover', 1, 2, 100_000],
  ['handover', 4, 8, 5_000],
  ['across', 2, 1, 50_000],
  ['across', 8, 4, 3_000],
];

const ns = (samples) => (samples === undefined ? '–' : `${samples.median.toFixed(0)} (${samples.p90.toFixed(0)})`);
const others = heaps.slice(1);

export async function heapsBeside(results) {
  console.log('\nAllocating and freeing, all at once: median ns of one object for one thread (90 % are below)');
  const times = [['', 'processes', 'threads', ...heaps, ...others.map((name) => `peermap/${name}`)]];
  const missing = new Map();
  for (const [work, processes, threads, operations] of plan) {
    const result = await run('heap', work, processes, threads, quick ? operations / 10 : operations, quick ? 2 : 9);
    results.push(result);
    const ratios = others.map((name) => spread(result.ratios[name]));
    times.push([work, String(processes), String(threads), ...heaps.map((name) => ns(result.ns[name])), ...ratios]);
    for (const [name, reason] of Object.entries(result.missing)) missing.set(name, reason);
  }
  table(times);
  console.log(
    '  pairs: 64 bytes, there and gone.  mixed: 1000 objects a thread of 16 bytes to 4 KiB, replaced at random.  large: 1 MiB likewise.\n' +
      '  handover: one thread allocates, mixed, and another one frees; across: in another process.  libc and mimalloc are of one process: nobody else\n' +
      '  sees their objects.  boost: managed_shared_memory::allocate, which cannot grow.',
  );
  for (const [name, reason] of missing) console.log(`  ${name} is missing: ${reason}`);
}

export async function churned(results) {
  const result = await run('churn', quick ? 4 : Number(process.env['CHURN_SECONDS'] ?? 30), 4, 64);
  results.push(result);
  const whole = (bytes) => `${Math.round(bytes / mib)} MiB`;
  console.log(`\n4 processes churn for ${result.seconds} s, in changing sizes; CHURN_SECONDS=600 for longer`);
  for (const [name, { asked, held, footprint, lost }] of Object.entries(result.heaps))
    console.log(
      `  ${name}: ${whole(asked)} asked for, ${held > 0 ? `${whole(held)} in use for them, ` : ''}${whole(footprint)} of the system: ${(lost * 100).toFixed(0)} % lost`,
    );
}
