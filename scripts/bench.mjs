// SPDX-License-Identifier: MIT
//
// Runs native/bench and says how the runtime does against the least that could do the same by hand.
//
//   node scripts/bench.mjs            about a minute
//   node scripts/bench.mjs --quick    fewer turns: whether it works, not how fast
//
// Prints tables; build/bench/runtime.json has all the numbers.  Build first: make -C native bench

import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const programs = `${root}build/native/bench`;
const addon = `${root}build/native/peermap.node`;
const quick = process.argv.includes('--quick');
const kib = 1024;
const goal = { peers: 8, bytes: 64 * kib, ratio: 2 };

async function run(program, ...args) {
  const { stdout } = await promisify(execFile)(`${programs}/${program}`, args.map(String));
  return JSON.parse(stdout);
}

const us = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
const time = ({ median, p99 }) => `${us(median)} (${us(p99)})`;
const spread = ({ median, p10, p90 }) => `${median.toFixed(2)} (${p10.toFixed(2)}–${p90.toFixed(2)})`;
const size = (bytes) => (bytes < 1024 * kib ? `${bytes / kib} KiB` : `${bytes / kib / kib} MiB`);

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log('  ' + row.map((cell, i) => (i < 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '));
}

/** Where the growths run: all processes on one core, or as the scheduler likes; back to back, or 1 ms apart. */
const places = [
  { text: 'one core', args: ['one-core'] },
  { text: 'all cores', args: [] },
  { text: 'all cores, 1 ms apart', args: ['pause=1000'] },
];
const placeOf = ({ pinned, pause }) => places[pinned ? 0 : pause === 0 ? 1 : 2].text;
const baselines = ['mmap', 'mremap', 'futex', 'nobody'];

function turnsFor(bytes, args) {
  if (quick) return [3, 5];
  return bytes > 64 * kib || args[0] === 'pause=1000' ? [20, 10] : [30, 25];
}

async function growths(results) {
  console.log('\nGrowth until N idle processes have it mapped: median µs (p99)');
  const times = [['', 'N', 'peermap', 'mmap', 'mremap', 'futex', 'nobody']];
  const ratios = [['', 'N', 'to mmap', 'to mremap', 'to futex']];
  for (const { text, args } of places)
    for (const bytes of [64 * kib, 2048 * kib])
      for (const peers of [1, 2, 8, 32]) {
        const result = await run('grow', peers, bytes, ...turnsFor(bytes, args), ...args);
        results.push(result);
        const label = [`${size(bytes)}, ${text}`, String(peers)];
        times.push([...label, ...['peermap', ...baselines].map((name) => time(result[name]))]);
        ratios.push([...label, ...baselines.slice(0, 3).map((name) => spread(result.ratios[name]))]);
      }
  table(times);
  console.log(
    '  mmap (the floor), mremap: a datagram to each process, the call there, a datagram back.  futex: one broadcast, one counter of\n' +
      '  answers.  Each contains what "nobody" is: allocating the memory (fallocate) and mapping it in the process that grows it.',
  );
  console.log('\nThe same as a multiple: median of the turns (10–90 % of them)');
  table(ratios);
}

async function single(results) {
  const rows = [['', 'peermap', 'by hand', 'by hand is']];
  const both = (text, ours, bare, what) => rows.push([text, time(ours), time(bare), what]);
  for (const pinned of [true, false]) {
    const result = await run('attach', quick ? 5 : 200, 1024 * kib, ...(pinned ? ['one-core'] : []));
    results.push(result);
    both(`attach, 1 MiB, ${pinned ? 'one core' : 'all cores'}`, result.peermap, result.bare, 'shm_open and mmap');
  }
  const death = await run('death', quick ? 5 : 200);
  results.push(death);
  both('a killed peer is known dead', death.registry, death.pidfd, 'polling a pidfd');
  console.log('\nOther costs: median µs (p99)');
  table(rows);
  const idle = await run('idle', 8, 2);
  results.push(idle);
  console.log(
    `\n${idle.peers} idle peers (${idle.threads} threads) in ${idle.seconds} s: ${idle.switches} context switches, ` +
      `${idle.ticks} ticks of processor time`,
  );
}

/** Growths while this script's observer watches, against growths while it does not. */
async function observedOnce(pinned) {
  const observer = fork(fileURLToPath(import.meta.url), ['observer']);
  const options = [8, 64 * kib, quick ? 3 : 40, 25, 'observe', ...(pinned ? ['one-core'] : [])].map(String);
  const bench = spawn(`${programs}/grow`, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(bench, 'close');
  let result;
  let looks = 0;
  let answered, failed;
  observer.on('message', (answer) => answered(answer));
  observer.on('exit', () => failed?.(new Error('the observer ended')));
  try {
    for await (const line of createInterface(bench.stdout)) {
      if (line.startsWith('{')) {
        result = JSON.parse(line);
        break;
      }
      const [word, name] = line.split(' ');
      observer.send({ word, name });
      const answer = await new Promise((resolve, reject) => {
        answered = resolve;
        failed = reject;
      });
      looks = answer.looks;
      bench.stdin.write('\n');
    }
    await ended;
  } finally {
    bench.kill('SIGKILL');
    observer.kill();
  }
  return { ...result, looks };
}

async function observed(results) {
  console.log('\nGrowth of 64 KiB with 8 idle peers, with and without an observer: median µs (p99)');
  if (!existsSync(addon)) {
    console.log('  skipped: build/native/peermap.node is not there; make -C native addon');
    results.push({ bench: 'observed', skipped: 'no addon' });
    return;
  }
  const rows = [['', 'unobserved', 'observed', 'ratio', 'looks']];
  for (const pinned of [true, false]) {
    const result = await observedOnce(pinned);
    results.push(result);
    rows.push([placeOf(result), time(result.unobserved), time(result.observed), spread(result.ratio), String(result.looks)]);
  }
  table(rows);
}

function verdict(results) {
  const isGoal = ({ bench, bytes, peers }) => bench === 'grow' && bytes === goal.bytes && peers === goal.peers;
  console.log();
  for (const result of results.filter(isGoal)) {
    const { median } = result.ratios.mmap;
    console.log(
      `${median <= goal.ratio ? 'met' : 'MISSED'}: a growth of 64 KiB with 8 idle peers takes ${median.toFixed(2)} times the floor ` +
        `(goal: ${goal.ratio}), ${placeOf(result)}`,
    );
  }
}

async function main() {
  if (!existsSync(`${programs}/grow`)) {
    console.error('bench: build/native/bench is not there; run: make -C native bench');
    process.exit(1);
  }
  const model = cpus()[0]?.model ?? 'unknown processor';
  const load = readFileSync('/proc/loadavg', 'latin1').split(' ')[0];
  console.log(
    `${model}, ${availableParallelism()} cores, Linux ${release()}, load ${load}${quick ? ', QUICK: not to be believed' : ''}`,
  );
  const results = [];
  await growths(results);
  await single(results);
  await observed(results);
  console.log('\nSkipped baselines: Boost.Interprocess and LMDB have no program in native/bench yet.');
  verdict(results);
  mkdirSync(`${root}build/bench`, { recursive: true });
  const machine = { model, cores: availableParallelism(), kernel: release(), load: Number(load), quick };
  writeFileSync(`${root}build/bench/runtime.json`, JSON.stringify({ machine, results }, undefined, 2) + '\n');
  console.log('All numbers: build/bench/runtime.json');
}

// As a child of itself: the observer.  "observe NAME" and "leave" come from the parent; both are answered when it is so.
if (process.argv[2] === 'observer') {
  const { Observer } = createRequire(import.meta.url)(addon);
  let observer;
  let last = 0;
  let looks = 0;
  const look = () => {
    looks++;
    observer.snapshot();
    last = observer.events(last).last;
  };
  process.on('message', ({ word, name }) => {
    observer?.close();
    observer = undefined;
    if (word === 'observe') {
      observer = new Observer(name);
      look();
      observer.watch(look);
    }
    process.send({ looks });
  });
} else {
  await main();
}
