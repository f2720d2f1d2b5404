// SPDX-License-Identifier: MIT
//
// One segment, two C libraries.

import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { cleanUp, mapsAll, Peer, testSegment } from '../peers/drive';
import { folder, make, needs, root, run } from './library';

let library: string | undefined;

/** A program and the library under it, built with musl. */
function builtWithMusl(source: string): string {
  if (library === undefined) make('lib', 'CC=musl-gcc', `OUT=${(library = folder())}`);
  const program = path.join(folder(), 'program');
  run([
    'musl-gcc',
    '-std=c11',
    '-D_GNU_SOURCE',
    '-Inative/include',
    source,
    `${library}/libpeermap.a`,
    '-pthread',
    '-o',
    program,
  ]);
  assert.match(run(['readelf', '-l', program]), /ld-musl/);
  return program;
}

const peerOfMusl = () => builtWithMusl('test/peers/peer.c');

async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('library, musl', () => {
  before(needs('musl', ['musl-tools'], 'musl-gcc'));
  afterEach(cleanUp);

  it('a musl and a glibc process are peers: each grows in turn, both see the whole, a killed one goes on under its name', async () => {
    const builds = { glibc: path.join(root, 'build/native/peers/peer'), musl: peerOfMusl() };
    const segment = testSegment();
    const start = (name: 'glibc' | 'musl', ...words: (string | number)[]) => Peer.startAs(builds[name], segment, name, ...words);
    const peers = { glibc: await start('glibc', 'create', 65536), musl: await start('musl') };
    const expectPart = (peer: Peer, turn: number) => peer.ask(`check ${String(65536 * turn)} 65536 ${String(turn)}`);

    for (let turn = 1; turn <= 40; turn++) {
      const [grower, reader] = turn % 2 === 0 ? (['glibc', 'musl'] as const) : (['musl', 'glibc'] as const);
      await peers[grower].ask('grow 65536');
      await peers[grower].ask(`fill ${String(65536 * turn)} 65536 ${String(turn)}`);
      await expectPart(peers[reader], turn);
      for (const peer of Object.values(peers)) assert.ok(mapsAll(peer, segment, 65536 * (turn + 1)));
      if (turn % 5 === 0) {
        await peers[reader].end('SIGKILL');
        peers[reader] = await start(reader);
      }
    }
    for (const peer of Object.values(peers)) for (let turn = 1; turn <= 40; turn++) await expectPart(peer, turn);
    const rows = await peers.musl.ask('peers');
    assert.deepEqual(rows.map((row) => row.split(':')[0]).sort(), ['glibc', 'musl']);
  });

  it('a stopped process is let run across the two', async () => {
    const segment = testSegment();
    const glibc = await Peer.start(segment, 'glibc', 'create', 65536);
    const musl = await Peer.startAs(peerOfMusl(), segment, 'musl');
    for (const [grower, stopped] of [
      [glibc, musl],
      [musl, glibc],
    ] as const) {
      stopped.signal('SIGSTOP');
      await until(() => readFileSync(`/proc/${String(stopped.pid)}/stat`, 'utf8').includes(') T '));
      await grower.ask('grow 65536');
      assert.equal((await grower.ask('report'))[0], '1');
      const [size] = await grower.ask('size');
      assert.ok(mapsAll(stopped, segment, Number(size)));
      stopped.signal('SIGCONT');
    }
  });

  it('objects of the heap are made by one and freed by the other', () => {
    const glibc = path.join(folder(), 'objects');
    run(['cc', '-std=c11', '-Inative/include', 'test/library/objects.c', 'build/native/libpeermap.a', '-pthread', '-o', glibc]);
    const musl = builtWithMusl('test/library/objects.c');
    const segment = testSegment();
    for (const [maker, taker] of [
      [glibc, musl],
      [musl, glibc],
    ] as const) {
      run([maker, segment, 'put', '3000']);
      assert.equal(run([taker, segment, 'take']), '3000 0');
    }
  });
});
