// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import type { PeermapApi } from '../../extension/client/api';
import type { Round } from '../../extension/protocol/model';
import { Peer, testSegment, until } from '../peers/drive';
import { execute, page, refusal, running, start, tidy } from './host';

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
    sleeper.signal('SIGSTOP');
    const failure = refusal('peermap.grow', { segment, bytes: page });
    await until(() => api.snapshot(segment)?.header?.intent?.op === 'grow', 'the growth to begin');
    await killServer();
    assert.match(await failure, /PEERMAP_SERVER: .*the growth of .* is not known/);
    sleeper.signal('SIGCONT');
    // A round of somebody else: it finds what the dead server left, and anything repeated would be in the queue before it.
    await execute<Round>('peermap.remapAll', { segment });
    assert.deepEqual(await peer.ask('size'), [String(start)]);
  });
});
