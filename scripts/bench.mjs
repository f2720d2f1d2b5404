// SPDX-License-Identifier: MIT
//
// Builds native/bench, runs it, and says how the runtime does against the least that could do the same by hand, and against other libraries.
//
//   node scripts/bench.mjs            about six minutes
//   node scripts/bench.mjs --quick    fewer turns: whether it works, not how fast
//
// Prints tables; build/bench/runtime.json has all the numbers.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { growths, shrinks } from './bench/growths.mjs';
import { churned, heapsBeside } from './bench/heaps.mjs';
import { inspectorPage } from './bench/inspector-page.mjs';
import { inspectorServer } from './bench/inspector-server.mjs';
import { observed } from './bench/observed.mjs';
import { quick, root } from './bench/run.mjs';
import { single, wakes } from './bench/single.mjs';
import { verdict } from './bench/verdict.mjs';
import { ensure } from './debian.mjs';
import { Expected } from './host/say.mjs';

/** Libraries to measure beside ours.  Without them the rest is measured all the same. */
function fetchBaselines() {
  for (const [title, name, header] of [
    ['Boost.Interprocess', 'libboost-dev', 'boost/interprocess/managed_shared_memory.hpp'],
    ['LMDB', 'liblmdb-dev', 'lmdb.h'],
    ['mimalloc', 'libmimalloc-dev', 'mimalloc.h'],
  ])
    try {
      ensure(title, [name], () => (existsSync(`/usr/include/${header}`) ? header : undefined));
    } catch (error) {
      if (!(error instanceof Expected)) throw error;
      console.log(`skipped: ${error.message}`);
    }
}

/** Its secondary processes find the memory of the first in files of hugetlbfs.  Tried with 22.11 of Debian 12: it builds and links. */
function skipDpdk(results) {
  const reason =
    "DPDK's processes share memory only in huge pages, which root must have reserved (vm.nr_hugepages): without, the first ends with " +
    '"Cannot get hugepage information"; and with --no-huge every further one ends with "Cannot init memory"';
  results.push({ bench: 'dpdk', skipped: reason });
  console.log(`  dpdk is missing: ${reason}`);
}

function build() {
  const made = spawnSync('make', ['-s', '--no-print-directory', '-C', `${root}native`, '-j2', 'bench', 'addon'], {
    stdio: ['ignore', 2, 'inherit'],
  });
  if (made.status !== 0) process.exit(1);
}

async function main() {
  fetchBaselines();
  build();
  const began = Date.now();
  const model = cpus()[0]?.model ?? 'unknown processor';
  const load = () => readFileSync('/proc/loadavg', 'latin1').split(' ')[0];
  const before = load();
  console.log(
    `${model}, ${availableParallelism()} cores, Linux ${release()}, load ${before}${quick ? ', QUICK: not to be believed' : ''}`,
  );
  const results = [];
  const missing = await growths(results);
  skipDpdk(results);
  for (const section of [shrinks, wakes, single, observed, heapsBeside, churned, inspectorServer, inspectorPage])
    try {
      await section(results);
    } catch (error) {
      console.log(`  failed: ${error.stderr?.trim() || error.message}`);
      process.exitCode = 1;
    }
  const goals = verdict(results);
  mkdirSync(`${root}build/bench`, { recursive: true });
  const seconds = Math.round((Date.now() - began) / 1000);
  const machine = {
    model,
    cores: availableParallelism(),
    kernel: release(),
    load: [Number(before), Number(load())],
    quick,
    seconds,
  };
  const text = JSON.stringify({ machine, goals, missing: Object.fromEntries(missing), results }, undefined, 2);
  writeFileSync(`${root}build/bench/runtime.json`, text + '\n');
  console.log(`All numbers: build/bench/runtime.json.  It took ${seconds} s; load ${before} before, ${load()} after`);
}

await main();
