// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { root, testSegment, until } from '../peers/drive';
import { execute, extension, running, tidy } from './host';

describe('the demo', () => {
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
});
