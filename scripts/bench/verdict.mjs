// SPDX-License-Identifier: MIT
//
// What was to be reached, and whether it was.

import { places, placeOf } from './run.mjs';
import { kib, mib, us } from './table.mjs';

const SOFT_US = 500; // how long a round waits before it reaches for a stopped peer

/** A line for each goal; a goal that could not be measured says so. */
export function verdict(results) {
  const lines = [];
  const say = (what, value, goal, text) => {
    lines.push({ met: value === undefined ? undefined : value <= goal, what, value, goal });
    console.log(value === undefined ? `not measured: ${what}` : `${value <= goal ? 'met' : 'MISSED'}: ${what}: ${text}`);
  };
  const growth = (peers, place) =>
    results.find((r) => r.bench === 'grow' && r.bytes === 64 * kib && r.peers === peers && placeOf(r).text === place.text);
  const ratioGoal = (peers, ours, other, goal, place) => {
    const result = growth(peers, place);
    const ratio = result?.ratios[ours]?.[other];
    const text =
      ratio && `${ratio.median.toFixed(2)} times ${other} (${ratio.p10.toFixed(2)}–${ratio.p90.toFixed(2)}), goal ${goal}`;
    const bound =
      ours === 'ahead' && ratio?.median > goal
        ? `; ${us(result.calls.median)} µs of it are the call that wakes whoever watches`
        : '';
    say(`64 KiB, ${peers} peer${peers > 1 ? 's' : ''}, ${place.text}, by ${ours}`, ratio?.median, goal, text && text + bound);
  };
  console.log();
  for (const place of [places.pinned, places.free]) {
    for (const peers of [1, 8, 64, 128]) ratioGoal(peers, 'ahead', 'fallocate', 1.3, place);
    for (const peers of [8, 64]) ratioGoal(peers, 'agent', 'mremap', 1.3, place);
    for (const peers of [8, 64]) ratioGoal(peers, 'agent', 'boost', 0.25, place);
  }
  stopped(growth(8, places.pinned), say);
  stopped(growth(8, places.free), say);
  single(results, say);
  heaps(results, say);
  looking(results, say);
  return lines;
}

function stopped(result, say) {
  const { unstop, agent } = result?.ways ?? {};
  const more = unstop && agent ? unstop.median - agent.median : undefined;
  const what = `one stopped peer of 8${result ? `, ${placeOf(result).text}` : ''}`;
  say(what, more, SOFT_US + 100, more && `costs ${us(more)} µs more than none, goal ${SOFT_US} + 100`);
}

function single(results, say) {
  const death = results.find((r) => r.bench === 'death')?.grower;
  const grower = death?.samples > 0 ? death : undefined;
  say(
    'a waiting growth notices a killed peer',
    grower?.median,
    1000,
    grower && `after ${us(grower.median)} µs (p99 ${us(grower.p99)}), goal 1000`,
  );
  for (const attach of results.filter((r) => r.bench === 'attach')) {
    const { median, p10, p90 } = attach.ratio;
    const bound = `; a thread alone brings it to ${(attach.thread.median / attach.bare.median).toFixed(2)}`;
    say(
      `attach, ${placeOf(attach).text}`,
      median,
      3,
      `${median.toFixed(2)} times shm_open and mmap (${p10.toFixed(2)}–${p90.toFixed(2)}), goal 3${median > 3 ? bound : ''}`,
    );
  }
  const idle = results.find((r) => r.bench === 'idle');
  say('idle peers', idle?.switches, 0, idle && `${idle.switches} context switches in ${idle.seconds} s, goal 0`);
}

function heaps(results, say) {
  const of = (work, processes, threads) =>
    results.find((r) => r.bench === 'heap' && r.work === work && r.processes === processes && r.threads === threads);
  const goal = (result, other, most, what) => {
    const ratio = result?.ratios[other];
    const text =
      ratio && `${ratio.median.toFixed(2)} times ${other} (${ratio.p10.toFixed(2)}–${ratio.p90.toFixed(2)}), goal ${most}`;
    say(what, ratio?.median, most, text);
  };
  goal(of('mixed', 4, 1), 'boost', 0.2, 'heap, mixed sizes, 4 processes');
  goal(of('mixed', 1, 1), 'libc', 3, 'heap, mixed sizes, one thread');
  goal(of('pairs', 1, 1), 'libc', 3, 'heap, 64 bytes there and gone, one thread');
  const churn = results.find((r) => r.bench === 'churn');
  const lost = churn?.heaps.peermap?.lost;
  say(
    'heap, lost to fragmentation',
    lost,
    0.25,
    lost && `${(lost * 100).toFixed(0)} % after ${churn.seconds} s of churn, goal 25 %`,
  );
}

function looking(results, say) {
  const server = (what) => results.find((r) => r.bench === 'server' && r.what === what);
  const percent = (what, most) => {
    const share = server(what)?.percent;
    say(`inspector's server, ${what}`, share, most, share !== undefined && `${share.toFixed(2)} % of a core, goal ${most}`);
  };
  percent('nothing happens', 0.05);
  percent('10 growths/s', 2);
  const flood = server('100,000 events/s');
  const most = flood && flood.most / mib;
  say("inspector's server, memory", most, 150, flood && `${most.toFixed(0)} MiB during 100,000 events/s, goal 150`);
  const rate = flood && Math.round(flood.wrote.written / flood.wrote.seconds).toLocaleString('en');
  say(
    "inspector's server, events",
    flood?.missed,
    0,
    flood && `${flood.missed} of ${flood.wrote.written} lost at ${rate}/s, goal 0`,
  );
  for (const { way, ms, processes } of results.filter((r) => r.bench === 'scan' && r.way.endsWith('()')))
    say(`going through all processes, ${way}`, ms, 100, `${ms.toFixed(0)} ms for ${processes}, goal 100`);
}
