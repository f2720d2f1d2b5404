// SPDX-License-Identifier: MIT
//
// Growths and shrinks by every way: native/bench/grow.c.

import { places, placeOf, quick, run } from './run.mjs';
import { kib, mib, size, spread, table, time } from './table.mjs';

const ways = ['ahead', 'agent', 'unstop', 'fallocate', 'nobody', 'mmap', 'mremap', 'futex', 'boost', 'lmdb'];
const { pinned, free, apart, busy } = places;

/** Which growths: the last two are the growths of a turn, and the seconds after which a run takes no further turn. */
const plan = [
  { bytes: 64 * kib, place: pinned, peers: [1, 2, 8, 32], samples: 15, seconds: 2 },
  { bytes: 64 * kib, place: pinned, peers: [64, 128], samples: 15, seconds: 9 },
  { bytes: 64 * kib, place: free, peers: [1, 2, 8, 32], samples: 15, seconds: 3 },
  { bytes: 64 * kib, place: free, peers: [64, 128], samples: 15, seconds: 9 },
  { bytes: 64 * kib, place: apart, peers: [1, 8, 64], samples: 10, seconds: 3 },
  { bytes: 64 * kib, place: busy, peers: [1, 2, 8, 32, 128], samples: 5, seconds: 3 },
  { bytes: 2 * mib, place: free, peers: [1, 2, 8, 32, 128], samples: 5, seconds: 2 },
  { bytes: 2 * mib, place: busy, peers: [1, 2, 8, 32, 128], samples: 3, seconds: 2 },
  { bytes: 64 * mib, place: free, peers: [1, 2, 8, 32, 128], samples: 1, seconds: 3 },
  { bytes: 64 * mib, place: busy, peers: [1, 2, 8, 32, 128], samples: 1, seconds: 3 },
];

/** One that fails, on a machine that is too small or too busy for it, is told, and the others go on. */
async function each(work) {
  for (const { bytes, place, peers, samples, seconds } of plan)
    for (const count of quick ? peers.filter((n) => n < 64) : peers) {
      const label = `${size(bytes)}, ${place.text}`;
      const turns = quick ? [3, 1, 1] : [20, samples, seconds];
      try {
        work(await run('grow', count, bytes, ...turns, ...place.args), label);
      } catch (error) {
        console.log(`  ${label}, ${count} processes: failed: ${error.stderr?.trim() || error.signal || error.message}`);
        process.exitCode = 1;
      }
    }
}

export async function growths(results) {
  console.log('\nGrowth until N idle processes have it mapped: median µs (p99)');
  const times = [['', 'N', ...ways]];
  const ratios = [['', 'N', 'ahead/fallocate', 'agent/mremap', 'agent/mmap', 'agent/futex', 'agent/boost', 'agent/lmdb']];
  const missing = new Map();
  let elsewhere = 0;
  await each((result, label) => {
    results.push(result);
    const row = [label, String(result.peers)];
    times.push([...row, ...ways.map((name) => time(result.ways[name]))]);
    ratios.push([...row, ...ratios[0].slice(2).map((pair) => spread(ratio(result, pair)))]);
    for (const name of ways) if (result.missing[name]) missing.set(name, result.missing[name]);
    elsewhere += Object.values(result.elsewhere).reduce((sum, n) => sum + n, 0);
  });
  table(times);
  console.log(
    '  ahead: as segments are by default.  agent: PEERMAP_STRICT, everybody is asked.  unstop: the same, one of the N is stopped.\n' +
      '  fallocate: the memory alone.  nobody: and it is mapped in the process that grows it; everything further right contains that.\n' +
      '  mmap, mremap: a datagram to each process, the call there, a datagram back.  futex: one broadcast, one counter of answers.\n' +
      '  boost: all close, managed_shared_memory::grow, all open.  lmdb: set_mapsize and a record; MDB_MAP_RESIZED and set_mapsize in all.',
  );
  console.log('\nThe same as a multiple: median of the turns (10–90 % of them)');
  table(ratios);
  if (elsewhere > 0)
    console.log(
      `  in ${elsewhere} turns the last growth did not come by the rung that its column is named after; runtime.json says where`,
    );
  for (const [name, reason] of missing) console.log(`  ${name} is missing: ${reason}`);
  return missing;
}

/** @param {string} pair "ours/other" */
function ratio(result, pair) {
  const [ours, other] = pair.split('/');
  return result.ratios[ours]?.[other];
}

export async function shrinks(results) {
  console.log('\nShrink until nobody has it mapped and the memory is given back: median µs (p99)');
  const columns = ['ahead', 'agent', 'nobody', 'mmap', 'mremap'];
  const rows = [['', 'N', ...columns, 'agent/mremap']];
  for (const [bytes, peers] of [
    [64 * kib, 8],
    [64 * kib, quick ? 16 : 64],
    [2 * mib, 8],
  ]) {
    const result = await run('grow', peers, bytes, ...(quick ? [3, 1, 1] : [15, 5, 2]), 'shrink');
    results.push(result);
    const cells = columns.map((name) => time(result.ways[name]));
    rows.push([`${size(bytes)}, ${placeOf(result).text}`, String(peers), ...cells, spread(result.ratios.agent?.mremap)]);
  }
  table(rows);
}
