// SPDX-License-Identifier: MIT
//
// A program to which libfaketime gives another time: its waits end by the kernel's clock.

import * as assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { atExit } from '../at-exit';
import { needs, segment } from './library';

const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const faketime = `/usr/lib/${triplet}/faketime/libfaketimeMT.so.1`;

/** A peer of test/peers: what it answers, line by line. */
function peer(words: string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn('build/native/peers/peer', words, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const kill = () => {
    child.kill('SIGKILL');
    for (const left of ['faketime_shm', 'sem.faketime_sem']) rmSync(`/dev/shm/${left}_${String(child.pid)}`, { force: true });
  };
  atExit(kill);
  assert.ok(child.stdout && child.stdin && child.pid);
  const { pid, stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => String(((await lines.next()) as IteratorResult<string, undefined>).value);
  return { pid, line, ask: (text: string) => (stdin.write(`${text}\n`), line()), kill };
}

const isStopped = (pid: number) => /^State:\s+T/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));

describe('library, with libfaketime', () => {
  before(needs('libfaketime', ['libfaketime'], faketime));

  for (const [title, time] of Object.entries({
    'stands still': '2001-01-01 00:00:00',
    'runs a thousand times as fast': '@2001-01-01 00:00:00 x1000',
    'runs a thousand times as slow': '@2031-01-01 00:00:00 x0.001',
  })) {
    it(`a growth that a stopped peer holds up fails at its deadline where time ${title}`, async () => {
      const name = segment('faketime');
      const stopped = peer([name, 'stopped', 'create', '65536', 'no-ptrace']);
      assert.match(await stopped.line(), /^ready /);
      const faked = peer([name, 'faked', 'deadline', '600'], { LD_PRELOAD: faketime, FAKETIME: time });
      assert.match(await faked.line(), /^ready /);
      process.kill(stopped.pid, 'SIGSTOP');
      while (!isStopped(stopped.pid)) await new Promise(setImmediate);
      const begun = performance.now();
      assert.match(await faked.ask('grow 65536'), /^error PEERMAP_ETIMEDOUT .*stopped/);
      const took = performance.now() - begun;
      assert.ok(took >= 590 && took < 20_000, `it took ${String(took)} ms`);
      process.kill(stopped.pid, 'SIGCONT');
      assert.match(await faked.ask('grow 65536'), /^ok /);
      faked.kill();
      stopped.kill();
    });
  }
});
