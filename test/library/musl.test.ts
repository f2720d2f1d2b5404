// SPDX-License-Identifier: MIT
//
// One segment, two C libraries.

import * as assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
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

/** The kernel's own headers, which musl does not bring, and none of glibc's. */
function kernelHeaders(): string {
  const headers = folder();
  const system = run(['cc', '-print-multiarch']).trim();
  for (const [name, where] of [
    ['linux', 'linux'],
    ['asm-generic', 'asm-generic'],
    ['asm', existsSync('/usr/include/asm') ? 'asm' : `${system}/asm`],
  ] as const)
    symlinkSync(path.join('/usr/include', where), path.join(headers, name));
  return headers;
}

/** Tests of test/native that are about the library in somebody else's process, and need nothing of the observer's. */
const asAGuest = [
  'handlers_of_sigbus_get_along',
  'heap_alignment_of_every_size',
  'heap_segments_come_and_go_beside_others',
  'heap_threads_end_in_any_order',
  'sandbox_answers_in_the_agent',
  'two_copies_share_a_process',
  'unloaded_library_harms_nobody',
];

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

  it('is as good a guest with musl', () => {
    const peer = peerOfMusl();
    const place = folder();
    const musl = ['musl-gcc', '-std=c11', '-D_GNU_SOURCE', '-Inative/include'];
    const inside = path.join(library ?? '', 'libpeermap.a');
    mkdirSync(path.join(place, 'peers'));
    mkdirSync(path.join(place, 'tests/plugins'), { recursive: true });
    copyFileSync(peer, path.join(place, 'peers/peer'));
    const plugin = path.join(place, 'tests/plugins/copy.so');
    run([...musl, '-fPIC', '-shared', 'test/native/plugins/copy.c', inside, '-pthread', '-o', plugin]);
    const headers = ['-Inative/base', '-Inative/observer', '-idirafter', kernelHeaders()];
    for (const name of asAGuest) {
      const program = path.join(place, 'tests', name);
      run([...musl, ...headers, `test/native/${name}.c`, inside, '-pthread', '-o', program]);
      run([program]);
    }
  }).timeout(120_000);
});
