// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Round } from '../../extension/protocol/model';
import { Peer, testSegment, until } from '../peers/drive';
import { execute, page, refusal, running, start, tidy } from './host';

describe('read-only', () => {
  const set = (value: boolean | undefined) =>
    vscode.workspace.getConfiguration('peermap').update('readOnly', value, vscode.ConfigurationTarget.Global);

  afterEach(async () => {
    await set(undefined);
    await tidy();
  });

  it('shows segments, refuses to change them with the reason, and changes them again when it ends', async () => {
    const api = await running();
    const segment = testSegment();
    const peer = await Peer.start(segment, 'writer', 'create', start);
    const { pid } = api.server;
    await set(true);
    await until(() => api.server.state === 'running' && api.server.pid !== pid, 'the read-only server');
    for (const command of [
      'grow',
      'shrink',
      'remap',
      'remapAll',
      'reap',
      'attach',
      'detach',
      'destroy',
      'removeOrphan',
      'startDemo',
    ])
      assert.match(
        await refusal(`peermap.${command}`, { segment, bytes: page, pid: peer.pid }),
        /PEERMAP_EACCES: .*peermap\.readOnly/,
        command,
      );
    assert.deepEqual(await execute('peermap.inspect', { segment }), { segment });
    assert.deepEqual(await peer.ask('size'), [String(start)]);

    await set(undefined);
    const round = await until(() => execute<Round>('peermap.grow', { segment, bytes: page }).catch(() => undefined), 'a growth');
    assert.equal(round.size, start + page);
  });
});
