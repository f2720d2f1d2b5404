// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { PeermapApi } from '../../extension/client/api';
import { ServerConnection } from '../../extension/client/server-connection';
import { UnderWayFile } from '../../extension/client/under-way-file';
import type { Round } from '../../extension/protocol/model';
import type { SnapshotFile } from '../../extension/protocol/snapshot-file';
import { readUnderWay } from '../../extension/protocol/undertaking';
import { Peer, root, testSegment, until } from '../peers/drive';
import { execute, extension, page, refusal, running, start, tidy } from './host';

describe('when the server is killed', () => {
  let api: PeermapApi;
  let segment: string;

  before(async () => {
    api = await running();
    await execute('peermap.segments.focus');
  });
  beforeEach(() => (segment = testSegment()));
  afterEach(tidy);

  const activeShown = () => api.snapshot(segment)?.header?.active;

  async function killServer(): Promise<void> {
    const { pid } = api.server;
    assert.ok(pid);
    process.kill(pid, 'SIGKILL');
    await until(() => api.server.state === 'running' && api.server.pid !== undefined && api.server.pid !== pid, 'another server');
  }

  it('another one comes, and what was watched is live again', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start);
    await until(() => activeShown() === start, 'the segment to be watched');
    await killServer();
    await peer.ask(`grow ${page}`);
    await until(() => activeShown() === start + page, 'the growth after the restart');
    assert.equal((await execute<Round>('peermap.grow', { segment, bytes: page })).size, start + 2 * page);
  });

  it('a growth that was under way is rejected, and not done again', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start, 'no-ptrace');
    const sleeper = await Peer.start(segment, 'sleeper');
    await until(() => activeShown() === start, 'the segment to be watched');
    await sleeper.stop();
    const failure = refusal('peermap.grow', { segment, bytes: page });
    await until(() => api.snapshot(segment)?.header?.intent?.op === 'grow', 'the growth to begin');
    await killServer();
    assert.match(await failure, /PEERMAP_SERVER: .*the growth of .* is not known/);
    sleeper.signal('SIGCONT');
    // A round of somebody else: it finds what the dead server left, and anything repeated would be in the queue before it.
    await execute<Round>('peermap.remapAll', { segment });
    assert.deepEqual(await peer.ask('size'), [String(start)]);
  });

  /** The file in which the server writes down what it is in the middle of. */
  function underWay(pid: number) {
    const folder = `/proc/${pid}/fd`;
    const number = fs.readdirSync(folder).find((each) => fs.readlinkSync(path.join(folder, each)).includes('/under-way-'));
    return readUnderWay(number === undefined ? '' : fs.readFileSync(path.join(folder, number), 'utf8'));
  }

  it('what it was in the middle of is left out and named, until it is tried again; all else goes on', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-death-'));
    let number = 0;
    const exported = async (): Promise<SnapshotFile> => {
      const file = path.join(folder, `${(number += 1)}.json`);
      await execute('peermap.exportSnapshot', { segment, file });
      return JSON.parse(fs.readFileSync(file, 'utf8')) as SnapshotFile;
    };
    try {
      // A heap that takes as long to count as a look may take.
      await Peer.startAs(path.join(root, 'build/native/peers/swamp'), segment, 'swamp', 'heap');
      const interrupted = exported().catch(() => undefined);
      await until(() => underWay(api.server.pid ?? 0).some(({ method }) => method === 'peermap/heap'), 'the count to begin');
      await killServer();
      await interrupted;
      const { pid } = api.server;
      const without = await exported();
      assert.equal(without.heap, undefined);
      assert.ok(without.snapshot.header);
      const sentence = `The Peermap server ended while it was counting the heap of ${segment}. That is left out until you try again.`;
      assert.ok(
        without.problems.some(({ where, text }) => where === 'peermap/heap' && text === sentence),
        JSON.stringify(without.problems),
      );
      await execute('peermap.tryAgain', { segment });
      assert.ok((await exported()).heap);
      assert.equal(api.server.pid, pid);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe('a server that is replaced while it is started again', () => {
  let folder: string;
  let log: vscode.LogOutputChannel;

  // It stays: a server's end is written there later than it is stopped.
  before(() => (log = vscode.window.createOutputChannel('Server', { log: true })));
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-replaced-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const started = () => fs.readFileSync(path.join(folder, 'started'), 'utf8').trim().split('\n').map(Number);

  /** The server, which says that it was started; of three the second one never gets further. */
  function stuckOnce(): string {
    const module = path.join(folder, 'server.js');
    const [pids, real] = [path.join(folder, 'started'), path.join(extension().extensionPath, 'dist/server.js')];
    const lines = [
      "const fs = require('node:fs');",
      `fs.appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n');`,
      `if (fs.readFileSync(${JSON.stringify(pids)}, 'utf8').split('\\n').length === 3) setInterval(() => {}, 1000);`,
      `else require(${JSON.stringify(real)});`,
    ];
    fs.writeFileSync(module, lines.join('\n'));
    return module;
  }

  it('ends without a trace: its successor runs on, and nothing else is started', async () => {
    const server = new ServerConnection(stuckOnce(), new UnderWayFile(folder), log, () => false);
    await server.start();
    process.kill(server.pid ?? 0, 'SIGKILL');
    const stuck = await until(() => started()[1], 'another server to be started');
    await server.start();
    const states: string[] = [];
    const listening = server.onDidChangeStatus(({ state }) => states.push(state));
    try {
      await until(() => !fs.existsSync(`/proc/${stuck}`), 'the one that was stuck to end');
      for (let turn = 0; turn < 10; turn += 1) await server.request('peermap/list', {}, 'a look');
      assert.deepEqual(states, []);
      assert.deepEqual([server.status.state, server.pid], ['running', started()[2]]);
      assert.equal(started().length, 3);
    } finally {
      listening.dispose();
      await server.stop();
    }
  });
});
