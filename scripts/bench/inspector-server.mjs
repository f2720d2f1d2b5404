// SPDX-License-Identifier: MIT
//
// What looking costs: the server's part of a core and its memory while it watches, and how long it takes to go through all processes.
// As a program of its own with a segment's name this file is a peer that grows it when told to.
//
//   node scripts/bench/inspector-server.mjs      by itself; `node esbuild.mjs` and `make -C native bench` before

import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { programs, quick, root, run } from './run.mjs';
import { kib, mib, table } from './table.mjs';

const require = createRequire(import.meta.url);
const addon = `${root}build/native/peermap.node`;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Of each thread, by process and number, what it had cost when it was last seen: those that have ended count as well. */
const threads = new Map();

function seeThread(pid, task) {
  try {
    const folder = `/proc/${pid}/task/${task}`;
    const ns = Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]);
    const status = readFileSync(`${folder}/status`, 'latin1');
    threads.set(`${pid}/${task}`, { pid, ns, switches: Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]) });
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error; // it has ended since it was listed
  }
}

/** Nanoseconds on a processor and context switches of all threads so far, and resident bytes now. */
function costOf(pid) {
  for (const task of readdirSync(`/proc/${pid}/task`)) seeThread(pid, task);
  const own = [...threads.values()].filter((thread) => thread.pid === pid);
  const sum = (of) => own.reduce((total, thread) => total + thread[of], 0);
  const resident = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * kib;
  return { ns: sum('ns'), switches: sum('switches'), resident };
}

/** dist/server.js as the extension starts it. */
async function startServer() {
  const { createMessageConnection, IPCMessageReader, IPCMessageWriter } = require('vscode-languageserver-protocol/node');
  const child = fork(`${root}dist/server.js`, ['--node-ipc'], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  connection.listen();
  const options = { readOnly: true };
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    initializationOptions: options,
  });
  return { pid: child.pid, connection, end: () => child.kill() };
}

async function startPeer(segment, name) {
  const child = fork(fileURLToPath(import.meta.url), [segment, name]);
  await once(child, 'message');
  return child;
}

/** The server's part of one core, in percent, and the most memory it had, while `work` goes on for so long. */
async function during(server, seconds, work) {
  const before = costOf(server.pid);
  const began = performance.now();
  let most = before.resident;
  const watching = setInterval(() => (most = Math.max(most, costOf(server.pid).resident)), 200);
  await work(seconds);
  clearInterval(watching);
  const after = costOf(server.pid);
  const wall = (performance.now() - began) / 1e3;
  return {
    seconds: wall,
    percent: (after.ns - before.ns) / wall / 1e7,
    switches: after.switches - before.switches,
    most,
    after: after.resident,
  };
}

async function watching(results) {
  const { Segment, unlink } = require(addon);
  const segment = `bench-server-${process.pid}`;
  Segment.create(segment, { peerName: 'first', initialSize: mib, reserveSize: 64 * 1024 * mib }).detach();
  const server = await startServer();
  const peers = [];
  try {
    for (const name of ['one', 'two', 'three']) peers.push(await startPeer(segment, name));
    const seen = { changes: 0, events: 0, missed: 0, largest: 0, sampling: undefined };
    server.connection.onNotification('peermap/changed', ({ batch, sampling }) => {
      const events = batch.rows.length / 13;
      Object.assign(seen, {
        changes: seen.changes + 1,
        events: seen.events + events,
        missed: seen.missed + batch.missed,
        sampling,
      });
      seen.largest = Math.max(seen.largest, events + batch.missed);
    });
    await server.connection.sendRequest('peermap/watch', { segment });
    await sleep(quick ? 2000 : 8000);
    const rows = [['', '% of a core', 'MiB at most', 'MiB after', 'messages/s', 'wake-ups/s']];
    const note = async (name, seconds, work) => {
      seen.changes = 0;
      const result = { bench: 'server', what: name, ...(await during(server, seconds, work)) };
      Object.assign(result, { messages: seen.changes / result.seconds });
      results.push(result);
      const { percent, most, after, messages, switches } = result;
      rows.push([
        name,
        percent.toFixed(2),
        ...[most, after].map((bytes) => (bytes / mib).toFixed(0)),
        messages.toFixed(1),
        (switches / result.seconds).toFixed(1),
      ]);
      return result;
    };
    await note('nothing happens', quick ? 2 : 10, (seconds) => sleep(seconds * 1e3));
    await note('10 growths/s', quick ? 3 : 20, async (seconds) => {
      for (let turn = 0; turn < seconds * 10; turn += 1) {
        peers[turn % 3].send(4 * kib);
        await sleep(100);
      }
    });
    for (const wanted of [10_000, 100_000]) {
      Object.assign(seen, { events: 0, missed: 0, largest: 0 });
      let wrote;
      const result = await note(`${wanted.toLocaleString('en')} events/s`, quick ? 2 : 10, async (seconds) => {
        wrote = await run('events', segment, wanted, seconds);
        await sleep(300);
      });
      Object.assign(result, {
        wanted,
        wrote,
        events: seen.events,
        missed: seen.missed,
        largest: seen.largest,
        sampling: seen.sampling,
      });
    }
    table(rows);
    for (const { wanted, wrote, missed, largest, sampling } of results.filter(({ wanted: some }) => some))
      console.log(
        `  of ${wanted.toLocaleString('en')} events/s ${Math.round(wrote.written / wrote.seconds).toLocaleString('en')} came about; ${missed} of ${wrote.written} were overwritten before they ` +
          `were read; at most ${largest} at once, of a ring of 4096; ${sampling.looksPerSecond} looks/s of ${sampling.lookMs} ms`,
      );
  } finally {
    for (const peer of peers) peer.kill();
    server.end();
    unlink(segment);
  }
}

/** Median ms of some calls. */
async function timed(turns, work) {
  const samples = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const began = performance.now();
    await work();
    samples.push(performance.now() - began);
  }
  return samples.sort((a, b) => a - b)[Math.floor(turns / 2)];
}

async function scanning(results) {
  const { census, processes } = require(addon);
  const extra = quick ? 100 : 1000;
  const shell = (command) => promisify(execFile)('sh', ['-c', `${command} >/dev/null 2>&1; true`]);
  const ways = {
    'processes()': () => processes(),
    'census()': () => census(),
    'grep -l /dev/shm /proc/[0-9]*/maps': () => shell('grep -l /dev/shm /proc/[0-9]*/maps'),
    ...(['/usr/bin/lsof', '/usr/sbin/lsof'].some((path) => existsSync(path))
      ? { 'lsof /dev/shm': () => shell('lsof /dev/shm') }
      : {}),
  };
  const sleepers = Array.from({ length: extra }, () => spawn('sleep', ['600'], { stdio: 'ignore' }));
  const ended = Promise.all(sleepers.map((child) => once(child, 'exit')));
  const rows = [['', 'ms']];
  try {
    await sleep(500);
    const count = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
    console.log(`\nGoing through ${count} processes: median`);
    for (const [name, way] of Object.entries(ways)) {
      const ms = await timed(quick ? 3 : 9, way);
      results.push({ bench: 'scan', way: name, processes: count, ms });
      rows.push([name, ms.toFixed(0)]);
    }
  } finally {
    for (const child of sleepers) child.kill();
    await ended;
  }
  table(rows);
}

export async function inspectorServer(results) {
  if (!existsSync(`${root}dist/server.js`)) throw new Error('no dist/server.js: run node esbuild.mjs');
  if (!existsSync(`${programs}/events`)) throw new Error('no build/native/bench/events: make -C native bench');
  console.log("\nThe inspector's server while it watches a segment of three peers");
  const own = [];
  await watching(own);
  await scanning(own);
  results.push(...own);
}

if (process.send && process.argv.length === 4) {
  const [, , segment, peerName] = process.argv;
  const peer = require(addon).Segment.attach(segment, { peerName });
  process.on('message', (bytes) => void peer.grow(bytes));
  process.send('attached');
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await inspectorServer([]);
}
