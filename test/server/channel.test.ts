// SPDX-License-Identifier: MIT
//
// The channel to the server: what has not the form that the protocol says, and more than anybody waits for.

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { inspect } from 'node:util';
import type { Method } from '../../extension/protocol/requests';
import { cleanUp, Peer, testSegment } from '../peers/drive';
import { Client, type Refusal } from './client';

const mib = 1 << 20;

describe('the channel to the server', function () {
  this.timeout(180_000);
  let segment: string;

  beforeEach(() => (segment = testSegment()));
  afterEach(async () => {
    await Client.endAll();
    await cleanUp();
  });

  function send(client: Client, message: unknown): void {
    client.process.send(message as object);
  }

  async function lives(client: Client, after: string): Promise<void> {
    assert.ok((await client.request('peermap/list', {})).value, after);
  }

  const odd = [undefined, null, 0, 'x', 12n, true, [], [null], ['a', 1], {}, { id: null }, { id: {} }, { id: 12n }];
  const wrong = [...odd, { token: null }, { token: 5, value: { kind: 'x' } }, { value: null }, new Map(), new Uint8Array(9)];
  const notifications = ['$/cancelRequest', '$/progress', '$/setTrace', '$/logTrace', 'initialized', 'peermap/changed', ''];

  for (const method of notifications)
    it(`is not closed by a notification "${method}" that has no sense`, async () => {
      const client = await Client.start();
      for (const params of wrong) {
        send(client, { jsonrpc: '2.0', method, params });
        await lives(client, `${method} ${inspect(params)}`);
      }
    });

  it('is not closed by what is no message, or has no number', async () => {
    const client = await Client.start();
    const shapes = [
      null,
      1,
      'x',
      [],
      {},
      { id: 5 },
      { id: {}, result: 1 },
      { id: 'nobody', error: null },
      { id: null, result: 5 },
    ];
    const numbers = [null, {}, [], true, 12n, NaN, Infinity, 1.5, 'x'.repeat(mib)];
    const methods = [5, null, {}, ['peermap/list']];
    const requests = numbers.map((id) => ({ jsonrpc: '2.0', id, method: 'peermap/list' }));
    for (const message of [...shapes, ...requests, ...methods.map((method) => ({ id: 70_000, method })), { method: 5 }]) {
      send(client, message);
      await lives(client, inspect(message));
    }
  });

  it('answers a request whose parameters make no sense, whatever it is called', async () => {
    const client = await Client.start();
    for (const method of ['peermap/list', 'peermap/facts', 'peermap/watch', 'peermap/none', '__proto__', '', 'x'.repeat(mib)])
      for (const params of wrong.filter((each) => typeof each === 'object'))
        await client.connection
          .sendRequest(method, params)
          .catch((error: unknown) => assert.equal(typeof (error as Refusal).code, 'number'));
    await lives(client, 'all');
  });

  it('takes the word about what may be written once', async () => {
    const client = await Client.start({ readOnly: true });
    const again = { processId: null, rootUri: null, capabilities: {}, initializationOptions: { readOnly: false } };
    await assert.rejects(client.connection.sendRequest('initialize', again), { code: -32600 });
    assert.equal((await client.refusal('peermap/create', { segment, bytes: 4096 })).data?.code, 'PEERMAP_EACCES');
  });

  it('keeps a bound of what is asked at once: the rest is refused, and other questions are answered', async () => {
    await Peer.start(segment, 'writer', 'create', 2 * mib);
    const client = await Client.start();
    await client.request('peermap/snapshot', { segment });
    const each: [Method, object][] = [
      ['peermap/read', { segment, offset: 0, length: mib }],
      ['peermap/census', {}],
      ['peermap/facts', { pids: [process.pid] }],
      ['peermap/snapshot', { segment, strangers: true }],
    ];
    for (const [method, params] of each) {
      // Stopped meanwhile, so that all are there at once.
      client.process.kill('SIGSTOP');
      const asked = Array.from({ length: 2000 }, () => client.connection.sendRequest<object>(method, params));
      const other = client.request('peermap/events', { segment, after: 0 });
      client.process.kill('SIGCONT');
      const answers = await Promise.allSettled(asked);
      assert.ok(answers.some(({ status }) => status === 'fulfilled'));
      const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Refusal] : []));
      assert.ok(refused.length > 0, method);
      for (const { code } of refused) assert.equal(code, -32802);
      assert.ok((await other).value);
      assert.ok(await client.connection.sendRequest(method, params));
    }
    const status = fs.readFileSync(`/proc/${client.pid}/status`, 'latin1');
    assert.ok(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) * 1024 < 256 * mib);
  });
});
