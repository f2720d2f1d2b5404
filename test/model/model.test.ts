// SPDX-License-Identifier: MIT
//
// Has spin go through every interleaving of the round protocol (peermap.pml), with a few peers that do a few things each; and through the
// same with one thing done wrong, to see that this is found.  The largest configurations are for `npm run test:long`.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { atExit } from '../at-exit';
import { long } from '../long';

const run = promisify(execFile);

/** Who is there: WORLD; and whatever else segment.pml lets be defined. */
type Configuration = Record<string, string | number>;

const [two, three] = [2, 3].map((peers) => Array.from({ length: peers }, (_, me) => `run agent(${me}, false);`).join(' ')) as [
  string,
  string,
];
const calls = (me: number, ...ops: string[]) => `run application(${me}, ${[...ops, 'NONE', 'NONE'].slice(0, 3).join(', ')});`;
const pins = (me: number, times: number) => `run reader(${me}, ${times});`;

const configurations = {
  'every wake-up reaches whom it is for': {
    ...{ PEERS: 3, DEADLINES: 0, WAKES: 1 },
    WORLD: three + calls(0, 'GROW') + calls(1, 'GROW'),
  },
  'one dies while two grow': {
    ...{ PEERS: 3, DEATHS: 1 },
    WORLD: three + calls(0, 'GROW') + calls(1, 'GROW'),
  },
  'one shrinks, the other has pinned, one dies': {
    ...{ PEERS: 2, START: 2, DEATHS: 1 },
    WORLD: two + calls(0, 'SHRINK', 'GROW') + pins(1, 2),
  },
  'a shrink is undone, and the other has pinned': {
    ...{ PEERS: 2, START: 2, AHEAD: 1 },
    WORLD: two + calls(0, 'SHRINK', 'GROW') + pins(1, 2),
  },
  'one shrinks, the other grows inside, one dies': {
    ...{ PEERS: 2, START: 2, AHEAD: 1, DEATHS: 1 },
    WORLD: two + calls(0, 'SHRINK', 'GROW') + calls(1, 'GROW'),
  },
  'one shrinks and dies, the other goes on growing': {
    ...{ PEERS: 2, START: 2, AHEAD: 1, DEATHS: 1 },
    WORLD: two + calls(0, 'SHRINK') + calls(1, 'GROW', 'GROW'),
  },
  'late peers are allowed': {
    ...{ PEERS: 2, START: 2, AHEAD: 1, 'ALLOWS_LATE(peer)': 'true' },
    WORLD: two + calls(0, 'SHRINK', 'GROW', 'MOVE') + calls(1, 'GROW'),
  },
  'the horizon moves, its mover dies': {
    ...{ PEERS: 3, AHEAD: 1, DEATHS: 1, 'MAY_DIE(peer)': '(peer == 0)' },
    WORLD: three + calls(0, 'MOVE') + calls(1, 'GROW', 'GROW'),
  },
  'one joins while the horizon moves': {
    ...{ PEERS: 3, AHEAD: 1, JOINERS: 1 },
    WORLD: `${two} run agent(2, true);` + calls(0, 'MOVE') + calls(1, 'GROW', 'GROW'),
  },
  'one joins a round while another grows inside': {
    ...{ PEERS: 3, START: 1, AHEAD: 1, JOINERS: 1, DEADLINES: 0, WAKES: 1 },
    WORLD: `${two} run agent(2, true);` + calls(0, 'MOVE') + calls(1, 'GROW'),
  },
} satisfies Record<string, Configuration>;

/** Those with the most interleavings. */
const large: (keyof typeof configurations)[] = [
  'one dies while two grow',
  'the horizon moves, its mover dies',
  'one joins while the horizon moves',
];

const undone = 'a shrink is undone, and the other has pinned';
const inside = 'one shrinks, the other grows inside, one dies';
const goesOn = 'one shrinks and dies, the other goes on growing';
const joins = 'one joins a round while another grows inside';
const late = 'late peers are allowed';

/** BUG_...: what it does wrong, and where that shows. */
const mutations: Record<string, [what: string, where: keyof typeof configurations]> = {
  ACTIVE_FIRST: ['the new size is active before the acks', undone],
  CUT_FIRST: ['the file is cut before the acks', 'one shrinks, the other has pinned, one dies'],
  PINS_FIRST: ['pins are looked for before the size is lowered', undone],
  STALE_TARGET: ['memory is given up for a target that was taken back', undone],
  LOOK_FIRST: ['the target is read again before the others are told', undone],
  HORIZON_FIRST: ['the horizon is raised before the acks', joins],
  HORIZON_LATE: ['the horizon is raised in spite of a late peer', late],
  CUT_OPEN: ['a late cut is made while others may grow inside', late],
  NO_COUNT: ['the active word does not count its changes', late],
  OPEN_JUDGED: ['what is under way is undone though the size is final, and others have grown since', goesOn],
  UNDONE_REGARDLESS: ['a shrink is undone though somebody has not come back to the memory', undone],
  UNDONE_EARLY: ['a shrink is undone after a death before all have the memory', inside],
  CUT_UNDONE: ['a shrink is undone whose memory has gone', inside],
  CLOSED_LATER: ['the active word is closed after its size was read', inside],
  JOIN_ANSWERS: ['a peer that joins takes what it mapped for the answer to what it was asked', joins],
  JOIN_FIRST: ['a peer maps before it is seen in its slot', 'one joins while the horizon moves'],
  BELL_LAST: ['the bell is read after the requests', 'every wake-up reaches whom it is for'],
};

interface Debian {
  ensure: (title: string, packages: string[], find: () => string | undefined) => string;
  onPath: (name: string) => string | undefined;
}

interface Verdict {
  errors: number;
  /** What the search says of itself, and the steps that led to the error. */
  said: string;
}

async function check(configuration: Configuration, bug?: string): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'peermap-model-'));
  const forget = atExit(() => rmSync(folder, { recursive: true, force: true }));
  const here = { cwd: folder, maxBuffer: 1 << 26 };
  try {
    const defined = Object.entries({ ...configuration, ...(bug ? { [`BUG_${bug}`]: 1 } : {}) });
    const lines = defined.map(([name, value]) => `#define ${name} ${value}\n`).join('');
    await writeFile(join(folder, 'model.pml'), `${lines}#include "${resolve('test/model/peermap.pml')}"\n`);
    await run('spin', ['-a', 'model.pml'], here);
    await run('cc', [bug ? '-O0' : '-O1', '-w', '-DSAFETY', '-DVECTORSZ=512', '-DMEMLIM=1500', '-o', 'pan', 'pan.c'], here);
    const { stdout } = await run('./pan', ['-m10000', '-b', '-n'], here);
    const errors = Number(/errors: (\d+)/.exec(stdout)?.[1] ?? NaN);
    if (errors > 0) return { errors, said: stdout + (await run('spin', ['-t', '-p', 'model.pml'], here)).stdout.slice(-20_000) };
    assert.doesNotMatch(stdout, /not completed|out of memory|too small|truncated/, 'not everything was searched');
    return { errors, said: stdout };
  } finally {
    await rm(folder, { recursive: true, force: true });
    forget();
  }
}

describe('model', () => {
  before(async function () {
    const script = pathToFileURL(resolve('scripts/debian.mjs')).href;
    const { ensure, onPath } = (await import(script)) as Debian;
    try {
      ensure('the model checker spin', ['spin'], () => onPath('spin'));
    } catch (error) {
      console.log(`      skipped: ${error instanceof Error ? error.message : String(error)}`);
      this.skip();
    }
  });

  for (const [title, configuration] of Object.entries(configurations)) {
    if ((large as string[]).includes(title) !== long) continue;
    it(title, async () => {
      const { errors, said } = await check(configuration);
      assert.equal(errors, 0, said);
    });
  }

  for (const [bug, [what, where]] of long ? [] : Object.entries(mutations)) {
    it(`finds that ${what}`, async () => {
      const { errors, said } = await check(configurations[where], bug);
      assert.equal(errors, 1, said);
    });
  }
});
