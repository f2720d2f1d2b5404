// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { Demo } from '../../extension/client/demo';
import { Segments } from '../../extension/client/segments';
import { ServerConnection } from '../../extension/client/server-connection';
import { UnderWayFile } from '../../extension/client/under-way-file';
import { objectOf, Peer, root, testSegment, until } from '../peers/drive';
import { execute, extension, running, start, tidy, withoutQuestions } from './host';

describe('the demo', () => {
  withoutQuestions();
  afterEach(async () => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await tidy();
  });

  it('starts its programs as peers of a new segment, each in a terminal, and opens the inspector', async () => {
    const api = await running();
    const segment = testSegment();
    const folder = path.join(root, 'extension');
    assert.ok(fs.existsSync(path.join(extension().extensionPath, 'dist/demo/indexer')), 'dist/demo/indexer is not built');
    assert.deepEqual(await execute('peermap.startDemo', { segment, folder }), { segment });
    const names = () =>
      api
        .snapshot(segment)
        ?.peers.filter((peer) => peer.state === 'alive')
        .map((peer) => peer.name) ?? [];
    await until(() => ['indexer', 'search', 'stats'].every((name) => names().includes(name)), 'the three peers');
    assert.ok(api.inspectors.some((inspector) => inspector.segment === segment));
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await until(() => names().length === 0, 'the peers to end with their terminals');
  });

  it('started again, starts what does not run and leaves the rest; after a destroy, all of it', async () => {
    const api = await running();
    const segment = testSegment();
    const folder = path.join(root, 'extension');
    await execute('peermap.startDemo', { segment, folder });
    const pid = (name: string) => api.snapshot(segment)?.peers.find((peer) => peer.state === 'alive' && peer.name === name)?.pid;
    const { indexer, search } = await until(() => {
      const pids = { indexer: pid('indexer'), search: pid('search') };
      return pids.indexer !== undefined && pids.search !== undefined && pid('stats') !== undefined ? pids : undefined;
    }, 'the three peers');
    process.kill(search as number, 'SIGKILL');
    await until(() => vscode.window.terminals.every(({ name }) => name !== `search ${segment}`), 'the terminal to close');
    await execute('peermap.startDemo', { segment, folder });
    await until(() => pid('search') !== undefined && pid('search') !== search, 'another search');
    assert.equal(pid('indexer'), indexer);
    assert.equal(vscode.window.terminals.filter(({ name }) => name.endsWith(segment)).length, 3);

    await execute('peermap.destroy', { segment });
    await execute('peermap.startDemo', { segment, folder });
    await until(() => pid('indexer') !== undefined && pid('indexer') !== indexer, 'another indexer');
  });
});

describe('the demo of a window that closes', () => {
  let programs: string;
  let log: vscode.LogOutputChannel;
  let server: ServerConnection;
  let demo: Demo;
  let segment: string;

  const file = (name: string) => path.join(programs, name);

  /** An indexer that says that it was started, and goes on when it is let. */
  function makePrograms(): void {
    programs = fs.mkdtempSync(path.join(os.tmpdir(), 'pmdemo-'));
    const real = path.join(extension().extensionPath, 'dist/demo');
    const held = [`: > '${file('began')}'`, `until [ -e '${file('go')}' ]; do sleep 0.01; done`, `exec '${real}/indexer' "$@"`];
    fs.writeFileSync(file('indexer'), ['#!/bin/sh', ...held, ''].join('\n'), { mode: 0o755 });
    for (const name of ['search', 'stats']) fs.symlinkSync(path.join(real, name), file(name));
    fs.mkdirSync(file('-texts'));
    fs.writeFileSync(file('-texts/one.txt'), 'function');
  }

  // It stays: a server's end is written there later than it is stopped.
  before(() => (log = vscode.window.createOutputChannel('Demo', { log: true })));
  beforeEach(async () => {
    makePrograms();
    segment = testSegment();
    const module = path.join(extension().extensionPath, 'dist/server.js');
    server = new ServerConnection(module, new UnderWayFile(file('log')), log, () => false);
    await server.start();
    demo = new Demo(programs, new Segments(server, log), server, log);
  });
  afterEach(async () => {
    await demo.stop();
    await server.stop();
    await tidy();
    fs.rmSync(programs, { recursive: true });
  });

  /** With what happens between the start of the indexer and its first step. */
  async function started(meanwhile: () => Promise<unknown>): Promise<void> {
    const starting = demo.start(segment, '-texts');
    await until(() => fs.existsSync(file('began')), 'the indexer to be started');
    await meanwhile();
    fs.writeFileSync(file('go'), '');
    await starting;
  }

  it('takes the segment along that it made, of a folder whose name looks like an option', async () => {
    await started(() => Promise.resolve());
    assert.ok(fs.existsSync(objectOf(segment)));
    await demo.stop();
    assert.ok(!fs.existsSync(objectOf(segment)));
  });

  it('leaves one there that another process made while it was starting', async () => {
    await started(() => Peer.start(segment, 'maker', 'create', start));
    await demo.stop();
    assert.ok(fs.existsSync(objectOf(segment)));
  });
});
