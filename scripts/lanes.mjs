// SPDX-License-Identifier: MIT
//
// Runs jobs side by side.  What a job prints is kept, and printed as a whole when the job ends; on a terminal a line at the bottom says what
// runs.  A job whose output is wanted at once, because it is alone, is not kept.
//
// Each job is a process group of its own, so that an interruption ends all of it: first as asked, so that everybody clears up, and what is left
// after that by force.  A job that leaves processes behind is told of, and they are ended.

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** How long what was asked to end may take; half as long, what nobody asked. */
const patience = Number(process.env['PEERMAP_PATIENCE_MS'] ?? 20_000);
const running = new Map();
let interrupted = false;

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group is gone.
  }
}

/** Processes of the group, also when their parent is gone. @param {number} group @returns {string[]} */
function membersOf(group) {
  return readdirSync('/proc').filter((pid) => {
    try {
      if (!/^\d+$/.test(pid)) return false;
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, , groupOfIt] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(groupOfIt) === group && !/[ZX]/.test(state);
    } catch {
      return false;
    }
  });
}

/** What is left of a group when those that are about to end have ended. @param {number} group @returns {Promise<string[]>} */
async function leftOf(group) {
  const until = Date.now() + patience / 2;
  for (let pause = 10; membersOf(group).length > 0 && Date.now() < until; pause = Math.min(pause * 2, 500))
    await new Promise((end) => setTimeout(end, pause));
  return membersOf(group).map((pid) => {
    try {
      return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 100)}`;
    } catch {
      return pid;
    }
  });
}

/** Ends with 130 when everything that runs has ended. @param {() => void} clear */
export function endWhenInterrupted(clear) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      if (!interrupted) setTimeout(() => running.forEach(({ child }) => signalGroup(child, 'SIGKILL')), patience).unref();
      interrupted = true;
      for (const { child } of running.values()) signalGroup(child, signal === 'SIGHUP' ? 'SIGTERM' : signal);
      if (running.size === 0) process.exit(130);
    });
  process.on('exit', () => {
    running.forEach(({ child }) => signalGroup(child, 'SIGKILL'));
    clear();
  });
}

// ---- a place of its own ----

/**
 * A command that runs another with a /dev/shm of its own, which goes with it: what the jobs beside it make, look at and count there is nothing to it.
 * What the job has left there when it ends is said in its output, in a line for each name that `pattern` describes.
 * Nothing where that is not permitted: then all share the one of the machine.
 * @param {string} pattern of `case`
 * @returns {string[]}
 */
export function ownSharedMemory(pattern) {
  const script = [
    'mount -t tmpfs -o mode=1777,size=50% tmpfs /dev/shm || exit 125',
    'trap : INT TERM HUP', // which reach the whole group: the command ends first
    '"$@"; code=$?',
    `for left in $(ls -A /dev/shm); do case $left in ${pattern}) echo "left in /dev/shm: $left" >&2;; esac; done`,
    'exit $code',
  ].join('\n');
  const words = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'];
  return spawnSync(words[0], [...words.slice(1), 'true']).status === 0 ? words : [];
}

// ---- what is seen of it ----

const live = process.stdout.isTTY === true;
let shown = false;

function clearLine() {
  if (shown) process.stdout.write('\r\x1b[K');
  shown = false;
}

function showLine() {
  const now = Date.now();
  const names = [...running].map(([name, { since }]) => `${name} ${Math.round((now - since) / 1000)} s`);
  clearLine();
  if (names.length === 0) return;
  process.stdout.write(names.join(', ').slice(0, (process.stdout.columns ?? 80) - 1));
  shown = true;
}

if (live) setInterval(showLine, 1000).unref();

/** @param {string} text */
export function heading(text) {
  clearLine();
  console.log(`\n──── ${text}`);
}

/**
 * Runs a command to its end.
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, direct?: boolean }} [options] direct: its output is not kept
 * @returns {Promise<{ code: number, seconds: number, last: string, output: string, left: string[] }>} with its last line, and what it left running
 */
export function run(name, command, args, { env = {}, direct = false } = {}) {
  return new Promise((resolve) => {
    const since = Date.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, detached: true });
    const chunks = [];
    let tail = '';
    running.set(name, { child, since });
    const ended = async (code, more = '') => {
      const seconds = (Date.now() - since) / 1000;
      const left = child.pid === undefined ? [] : await leftOf(child.pid);
      if (left.length > 0) signalGroup(child, 'SIGKILL');
      running.delete(name);
      if (interrupted) {
        if (running.size === 0) process.exit(130);
        return;
      }
      const output = Buffer.concat(chunks).toString() + more;
      resolve({ code, seconds, last: tail.trimEnd().split('\n').at(-1) ?? '', output, left });
    };
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        if (stream === child.stdout) tail = (tail + chunk).slice(-4096);
        if (!direct) return void chunks.push(chunk);
        clearLine();
        (stream === child.stdout ? process.stdout : process.stderr).write(chunk);
      });
    child.on('error', (error) => void ended(1, `${error.message}\n`));
    // Not 'close': somebody whom it has left behind may hold its output open.
    child.on('exit', (code) => setImmediate(() => drained(child).then(() => ended(code ?? 1))));
  });
}

/** What it has written before it ended is read. @param {import('node:child_process').ChildProcess} child */
async function drained(child) {
  const ends = [child.stdout, child.stderr].map(
    (stream) => stream.readableEnded || new Promise((end) => stream.once('close', end)),
  );
  let timer;
  const enough = new Promise((end) => (timer = setTimeout(end, 2000)));
  await Promise.race([Promise.all(ends), enough]);
  clearTimeout(timer);
}

/**
 * Runs jobs in so many lanes: each lane takes the first job that may run.
 * @template {{ name: string, after?: Promise<unknown>, alone?: string }} Job
 * @param {Job[]} jobs `alone`: jobs with the same word do not run at the same time
 * @param {number} count
 * @param {(job: Job) => Promise<void>} work
 */
export async function inLanes(jobs, count, work) {
  const waiting = new Set(jobs);
  const ready = new Set(jobs.filter(({ after }) => after === undefined));
  const taken = new Set();
  let wake = () => {};
  for (const job of jobs)
    void job.after?.then(() => {
      ready.add(job);
      wake();
    });
  let busy = 0;
  while (waiting.size > 0 || busy > 0) {
    const job = busy < count ? [...waiting].find((one) => ready.has(one) && !taken.has(one.alone)) : undefined;
    if (job === undefined) {
      await new Promise((woken) => (wake = woken));
      continue;
    }
    waiting.delete(job);
    if (job.alone !== undefined) taken.add(job.alone);
    busy += 1;
    void work(job).finally(() => {
      busy -= 1;
      taken.delete(job.alone);
      wake();
    });
  }
}
