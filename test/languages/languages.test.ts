// SPDX-License-Identifier: MIT
//
// Processes in four languages on one segment: each grows it, each reads what each other one wrote, each is killed and goes on.

import { strict as assert } from 'node:assert';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { atExit, removeAtExit } from '../at-exit';

const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const programs: Record<string, string[]> = {
  c: [resolve('build/native/languages/c')],
  cxx: [resolve('build/native/languages/cxx')],
  node: [process.execPath, resolve('test/languages/peer.mjs')],
  python: [python, resolve('test/languages/peer.py')],
};
const languages = Object.keys(programs);
const environment = {
  ...process.env,
  PEERMAP_MODULE: resolve('build/node/index.mjs'),
  PEERMAP_LIBRARY: resolve('build/native/libpeermap.so'),
  PYTHONPATH: resolve('native/python'),
  PYTHONDONTWRITEBYTECODE: '1',
};

class Peer {
  private readonly forget: () => void;
  pieces = 0;
  base = '';

  private constructor(
    readonly language: string,
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    private readonly lines: AsyncIterator<string>,
  ) {
    this.forget = atExit(() => child.kill('SIGKILL'));
    child.stdin.on('error', () => undefined);
  }

  static async start(language: string, segment: string, ...more: string[]): Promise<Peer> {
    const [program = '', ...args] = programs[language] ?? [];
    const child = spawn(program, [...args, segment, language, ...more], { stdio: ['pipe', 'pipe', 'inherit'], env: environment });
    const peer = new Peer(language, child, createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    const [pid, base = '', pieces] = await peer.answer('ready');
    assert.equal(Number(pid), child.pid);
    peer.base = base;
    peer.pieces = Number(pieces);
    return peer;
  }

  /** The words after "ok". */
  ask(command: string): Promise<string[]> {
    this.child.stdin.write(`${command}\n`);
    return this.answer('ok');
  }

  async end(signal?: NodeJS.Signals): Promise<void> {
    const ended = once(this.child, 'exit');
    if (signal) this.child.kill(signal);
    else this.child.stdin.end();
    const [code] = (await ended) as [number | null];
    this.forget();
    if (!signal) assert.equal(code, 0, this.language);
  }

  private async answer(expected: string): Promise<string[]> {
    const line = await this.lines.next();
    const [word, ...rest] = (line.done === true ? 'ended' : line.value).split(' ');
    assert.equal(word, expected, `${this.language}: ${line.done === true ? 'it ended' : line.value}`);
    return rest;
  }
}

describe('four languages', () => {
  let name = '';
  let peers = new Map<string, Peer>();
  const peer = (language: string): Peer => peers.get(language) ?? assert.fail(language);
  const everybody = <T>(act: (peer: Peer, index: number) => Promise<T>) => Promise.all([...peers.values()].map(act));

  async function restart(language: string, ...more: string[]): Promise<Peer> {
    await peer(language).end('SIGKILL');
    const again = await Peer.start(language, name, ...more);
    peers.set(language, again);
    return again;
  }

  beforeEach(() => {
    name = `test-languages-${process.pid}-${Date.now()}`;
    removeAtExit(name);
    peers = new Map();
  });

  afterEach(async () => {
    await everybody((one) => one.end('SIGKILL').catch(() => undefined));
    rmSync(`/dev/shm/peermap.${name}`, { force: true });
  });

  async function startAll(...more: string[]): Promise<void> {
    for (const language of languages) peers.set(language, await Peer.start(language, name, ...more));
    const [first] = peers.values();
    for (const one of peers.values()) assert.equal(one.base, first?.base);
  }

  /** Every peer checks every byte of every peer, and sees the four of them. */
  async function checkAll(written: Map<string, number[]>): Promise<void> {
    await everybody(async (reader) => {
      for (const [writer, pieces] of written) {
        const bytes = pieces.reduce((sum, length) => sum + length, 0);
        assert.deepEqual(
          (await reader.ask(`check ${writer}`)).map(Number),
          [pieces.length, bytes],
          `${reader.language} of ${writer}`,
        );
      }
      assert.deepEqual(await reader.ask('peers'), languages.map((language) => `${language}:alive`).sort());
    });
  }

  it('grow one segment in turn and at once, read what each other wrote, and are killed and go on', async () => {
    await startAll();
    const written = new Map(languages.map((language) => [language, [] as number[]]));
    let seed = 0;
    const grow = async (one: Peer): Promise<void> => {
      const bytes = 4096 * (1 + (seed % 40));
      seed += 7;
      await one.ask(`grow ${bytes} ${seed}`);
      written.get(one.language)?.push(bytes);
    };
    for (let turn = 0; turn < 3; turn++) {
      for (const one of peers.values()) {
        await grow(one);
        await checkAll(written);
      }
    }
    for (let turn = 0; turn < 5; turn++) await everybody(grow);
    await checkAll(written);
    for (const language of languages) {
      const again = await restart(language);
      assert.equal(again.pieces, written.get(language)?.length, language);
      await grow(again);
      await checkAll(written);
    }
    await everybody((one) => one.end());
    peers.clear();
  });

  it('allocate objects that another one frees, and are killed and go on', async () => {
    await startAll('heap');
    const after = (index: number) => languages[(index + 1) % languages.length] ?? '';
    const lengths = (count: number, seed: number) => Array.from({ length: count }, (_, k) => ((seed + k) * 53) % 3000);
    const sum = (count: number, seed: number) => lengths(count, seed).reduce((a, b) => a + b, 0);
    for (let turn = 1; turn <= 4; turn++) {
      // All at once, then each takes what the next one made.
      await everybody((one, index) => one.ask(`make ${100 * turn} ${turn * 1000 + index}`));
      await everybody(async (one, index) => {
        const victim = (index + 1) % languages.length;
        const expected = [100 * turn, sum(100 * turn, turn * 1000 + victim)];
        assert.deepEqual((await one.ask(`take ${after(index)}`)).map(Number), expected, `${one.language} of ${after(index)}`);
      });
      // Some make while others take: the chain of each is only its maker's or its taker's at a time.
      await peer('c').ask('make 300 5');
      await peer('python').ask('make 300 6');
      await Promise.all([
        peer('cxx').ask('take c'),
        peer('node').ask('take python'),
        peer('c').ask('make 0 0'),
        peer('python').ask('peers'),
      ]);
    }
    for (const [index, language] of languages.entries()) {
      await peer(language).ask(`make 50 ${index}`);
      await restart(language, 'heap');
      await peer(language).ask(`make 50 ${index + 50}`);
      assert.deepEqual((await peer(after(index)).ask(`take ${language}`)).map(Number), [100, sum(100, index)]);
    }
    // Nothing is left but the tables, and whoever counts finds the same.
    await everybody(async (one) => assert.deepEqual((await one.ask('stats')).map(Number), [languages.length, 0], one.language));
    await everybody((one) => one.end());
    peers.clear();
  });
});
