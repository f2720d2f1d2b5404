// SPDX-License-Identifier: MIT
//
// Everything that is one number: attach, restart, death, idle; and the schemes by which wakes can travel.

import { places, placeOf, quick, run } from './run.mjs';
import { mib, spread, table, time } from './table.mjs';

export async function single(results) {
  const rows = [['', 'peermap', 'by hand', 'by hand is']];
  for (const { text, args } of [places.pinned, places.free]) {
    const result = await run('attach', quick ? 5 : 200, mib, ...args);
    results.push(result);
    rows.push([`attach, 1 MiB, ${text}`, time(result.peermap), time(result.bare), 'shm_open and mmap']);
    rows.push(['', '', time(result.thread), 'the same and a thread']);
  }
  for (const { text, args } of [places.pinned, places.free]) {
    const result = await run('restart', quick ? 5 : 100, mib, ...args);
    results.push(result);
    rows.push([`killed, restarted, has its root, ${text}`, time(result.restart), '', '']);
  }
  const death = await run('death', quick ? 5 : 100);
  results.push(death);
  rows.push(['a killed peer is known dead', time(death.registry), time(death.pidfd), 'looking at a pidfd']);
  rows.push(['a waiting growth notices a killed peer', time(death.grower), time(death.sleeper), 'sleeping in poll() on a pidfd']);
  console.log('\nOther costs: median µs (p99)');
  table(rows);
  const idle = await run('idle', 8, 2);
  results.push(idle);
  console.log(
    `\n${idle.peers} idle peers (${idle.threads} threads) in ${idle.seconds} s: ${idle.switches} context switches, ` +
      `${idle.ticks} ticks of processor time`,
  );
}

const schemes = ['broadcast', 'yielding', 'groups', 'each', 'chain', 'tree', 'message'];

export async function wakes(results) {
  console.log(
    '\nHow wakes travel, bare processes that map 64 KiB: median µs; as a multiple of a broadcast, median of the turns (10–90 %)',
  );
  const rows = [['', 'N', ...schemes]];
  for (const place of [places.free, places.apart, places.busy])
    for (const peers of quick ? [8] : [8, 32, 64]) {
      const result = await run('wakes', peers, ...(quick ? [3, 2] : [12, 8]), ...place.args);
      results.push(result);
      const cell = (name) => `${result.schemes[name].median.toFixed(0)}: ${spread(result.ratios[name])}`;
      rows.push([placeOf(result).text, String(peers), ...schemes.map(cell)]);
    }
  table(rows);
}
