// SPDX-License-Identifier: MIT
//
// The server, asked about processes that lie about themselves (hostile.c), by means that every user has: it answers, and goes on with what it had.

import * as assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { atExit } from '../at-exit';
import { cleanUp, root, testSegment } from '../peers/drive';
import { Client } from './client';

const mib = 1 << 20;

describe('the server', function () {
  this.timeout(180_000);
  let segment: string;
  let folder: string;
  let hostile: ChildProcess | undefined;

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-hostile-'));
    const include = `-I${path.join(root, 'native/include')}`;
    const uses = [path.join(root, 'build/native/libpeermap.a'), '-pthread'];
    execFileSync('cc', [
      '-std=gnu11',
      include,
      path.join(root, 'test/server/hostile.c'),
      ...uses,
      '-o',
      path.join(folder, 'hostile'),
    ]);
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => (segment = testSegment()));
  afterEach(async () => {
    await Client.endAll();
    hostile?.kill('SIGKILL');
    await cleanUp();
  });

  async function start(...words: string[]): Promise<number> {
    const child = spawn(path.join(folder, 'hostile'), [segment, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    hostile = child;
    atExit(() => child.kill('SIGKILL'));
    const line = await Promise.race([
      once(child.stdout, 'data').then(([text]) => String(text)),
      once(child, 'exit').then(([code]) => `it ended with ${String(code)}`),
    ]);
    const pid = /^ready (\d+)/.exec(line)?.[1];
    assert.ok(pid, line);
    return Number(pid);
  }

  /** The most that the server ever had in memory. */
  function peakOf(client: Client): number {
    const status = fs.readFileSync(`/proc/${client.process.pid ?? 0}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  }

  it('shows the beginning of a command line that is 300 MiB long', async () => {
    const pid = await start('command-line', '300');
    const client = await Client.start();
    await client.request('peermap/snapshot', { segment });
    const before = peakOf(client);
    const { value } = await client.request('peermap/facts', { pids: [pid] });
    const [facts] = value;
    assert.equal(facts?.pid, pid);
    assert.match(facts.commandLine, /^A/);
    assert.ok(facts.commandLine.length <= 4096);
    assert.ok(peakOf(client) - before < 64 * mib, `${peakOf(client) - before} bytes more`);
  });

  it('finds no debug information in a program of 16,384 sections with one name of a mebibyte', async () => {
    await start('program', path.join(folder, 'program'));
    const client = await Client.start();
    await client.request('peermap/snapshot', { segment });
    const before = peakOf(client);
    const { value, problems } = await client.request('peermap/structure', { segment, root: 'look' });
    assert.equal(value, null);
    assert.equal(problems.length > 0, true);
    assert.ok(peakOf(client) - before < 128 * mib, `${peakOf(client) - before} bytes more`);
  });
});
