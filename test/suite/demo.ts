// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { root, testSegment, until } from '../peers/drive';
import { execute, extension, running, tidy, withoutQuestions } from './host';

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
