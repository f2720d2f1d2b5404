// SPDX-License-Identifier: MIT
//
// Growths while an observer watches, against growths while it does not.  As a program of its own this file is the observer.

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { placeOf, places, programs, quick, root } from './run.mjs';
import { kib, spread, table, time } from './table.mjs';

const addon = `${root}build/native/peermap.node`;

async function observedOnce({ args }) {
  const observer = fork(fileURLToPath(import.meta.url), ['observer']);
  const options = [8, 64 * kib, quick ? 3 : 40, 25, ...args].map(String);
  const bench = spawn(`${programs}/observed`, options, { stdio: ['pipe', 'pipe', 'inherit'] });
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
    bench.kill();
    observer.kill();
  }
  return { ...result, looks };
}

export async function observed(results) {
  console.log('\nGrowth of 64 KiB that asks 8 idle peers, with and without an observer: median µs (p99)');
  if (!existsSync(addon)) {
    console.log('  skipped: build/native/peermap.node is not there; make -C native addon');
    results.push({ bench: 'observed', skipped: 'no addon' });
    return;
  }
  const rows = [['', 'unobserved', 'observed', 'ratio', 'looks']];
  for (const place of [places.pinned, places.free]) {
    const result = await observedOnce(place);
    results.push(result);
    rows.push([placeOf(result).text, time(result.unobserved), time(result.observed), spread(result.ratio), String(result.looks)]);
  }
  table(rows);
}

// "observe NAME" and "leave NAME" come from the parent; both are answered when it is so.
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
}
