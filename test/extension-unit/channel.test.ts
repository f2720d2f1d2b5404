// SPDX-License-Identifier: MIT
//
// The server's end of the channel where the client takes nothing, as an extension host does that stands in a debugger.

import * as assert from 'node:assert/strict';
import { Channel, type Port } from '../../extension/server/channel';
import { Flow } from '../../extension/server/flow';

/** A channel that sends nothing until it is told to. */
class Held implements Port {
  readonly sent: unknown[] = [];
  private readonly waiting: (() => void)[] = [];
  private receive: (message: unknown) => void = () => undefined;

  on(event: string, listener: (message: never) => void): void {
    if (event === 'message') this.receive = listener as (message: unknown) => void;
  }
  off(): void {
    this.receive = () => undefined;
  }
  send(message: unknown, _: undefined, __: undefined, sent: (error: null) => void): boolean {
    this.waiting.push(() => {
      this.sent.push(message);
      sent(null);
    });
    return false;
  }
  post(message: unknown): void {
    this.receive(message);
  }
  flush(): void {
    for (const each of this.waiting.splice(0)) each();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const message = { jsonrpc: '2.0', method: 'peermap/changed' };

describe('the channel of a client that takes nothing', () => {
  it('begins no request until what was answered is sent', async () => {
    const port = new Held();
    const { reader, writer } = new Channel(port);
    const begun: unknown[] = [];
    reader.listen((each) => begun.push(each));
    for (let id = 0; id < 10; id += 1) port.post({ jsonrpc: '2.0', id, method: 'peermap/list' });
    await turn();
    assert.equal(begun.length, 1);
    await writer.write({ jsonrpc: '2.0', id: 0, result: 'large' } as never);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    assert.deepEqual([1, 2].includes(begun.length), true);
    port.flush();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    assert.equal(begun.length, 10);
  });

  it('refuses what is asked beyond that, and has nothing of it', async () => {
    const port = new Held();
    const { reader } = new Channel(port);
    const begun: unknown[] = [];
    reader.listen((each) => begun.push(each));
    for (let id = 0; id < 10_000; id += 1) port.post({ jsonrpc: '2.0', id, method: 'peermap/list' });
    port.flush();
    for (let turns = 0; turns < 200; turns += 1) await turn();
    assert.equal(begun.length, 64);
    assert.equal(port.sent.length, 10_000 - 64);
  });

  it('is told of nothing that changes, until it takes something again', async () => {
    const port = new Held();
    const channel = new Channel(port);
    const flow = new Flow({ bytesPerSecond: Infinity, bytesPerSecondInAll: Infinity }, () => channel.isStuck);
    let told = 0;
    for (; told < 1000 && flow.rest('demo', 0) === 0; told += 1) await channel.writer.write(message);
    assert.ok(told > 1 && told < 10, String(told));
    port.flush();
    assert.equal(flow.rest('demo', 0), 0);
  });
});
