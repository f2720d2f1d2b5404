// SPDX-License-Identifier: MIT
//
// Who has the next turn, and how much may be told: with work that ends when the test says so.

import * as assert from 'node:assert/strict';
import { setImmediate as immediately } from 'node:timers/promises';
import { bytesOf, Flow } from '../../extension/server/flow';
import { Turns, type Cancellation } from '../../extension/server/turns';

/** Work that is begun, and ends by its name. */
class Bench {
  readonly begun: string[] = [];
  private readonly ends = new Map<string, () => void>();

  work(name: string): () => Promise<string> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve) => this.ends.set(name, () => resolve(name)));
    };
  }

  async end(name: string): Promise<void> {
    this.ends.get(name)?.();
    await immediately();
  }
}

function cancellable(): Cancellation & { cancel(): void } {
  const listeners: (() => void)[] = [];
  const token = {
    isCancellationRequested: false,
    onCancellationRequested: (listener: () => void) => listeners.push(listener),
    cancel: () => {
      token.isCancellationRequested = true;
      for (const listener of listeners) listener();
    },
  };
  return token;
}

describe('turns', () => {
  it('go round the subjects, and one that takes for ever holds up no other', async () => {
    const bench = new Bench();
    const turns = new Turns({ atOnce: 2, waiting: 8 });
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) void turns.take(name.charAt(0), bench.work(name));
    await immediately();
    assert.deepEqual(bench.begun, ['a1', 'b1']);
    await bench.end('b1');
    assert.deepEqual(bench.begun, ['a1', 'b1', 'c1']);
    await bench.end('c1');
    assert.deepEqual(bench.begun, ['a1', 'b1', 'c1', 'b2']);
    await bench.end('b2');
    assert.equal(bench.begun.length, 4); // a1 has not ended
    await bench.end('a1');
    assert.deepEqual(bench.begun.slice(4), ['a2']);
  });

  it('give the answer of what waits to all who ask for the same', async () => {
    const bench = new Bench();
    const turns = new Turns({ atOnce: 1, waiting: 8 });
    const first = turns.take('a', bench.work('a1'), { name: 'look' });
    await immediately();
    // The first has begun: what it sees is older than the question.
    const [second, third] = [
      turns.take('a', bench.work('a2'), { name: 'look' }),
      turns.take('a', bench.work('a3'), { name: 'look' }),
    ];
    await bench.end('a1');
    await bench.end('a2');
    assert.deepEqual(await Promise.all([first, second, third]), ['a1', 'a2', 'a2']);
    assert.deepEqual(bench.begun, ['a1', 'a2']);
  });

  it('are lost by what nobody waits for any more', async () => {
    const bench = new Bench();
    const turns = new Turns({ atOnce: 1, waiting: 8 });
    const [one, other] = [cancellable(), cancellable()];
    void turns.take('a', bench.work('a1'));
    const dropped = turns.take('b', bench.work('b1'), { name: 'look', token: one });
    const kept = turns.take('c', bench.work('c1'), { name: 'look', token: one });
    void turns.take('c', bench.work('c2'), { name: 'look', token: other });
    one.cancel();
    await assert.rejects(dropped, /Nobody waits/);
    await immediately();
    await bench.end('a1');
    assert.deepEqual(bench.begun, ['a1', 'c1']);
    await bench.end('c1');
    assert.equal(await kept, 'c1');
  });

  it('go on after work that fails, and turn away who comes to a line that is too long', async () => {
    const bench = new Bench();
    const turns = new Turns({ atOnce: 1, waiting: 2 });
    const failing = turns.take('a', () => Promise.reject(new Error('no')));
    void turns.take('a', bench.work('a2'));
    void turns.take('a', bench.work('a3')).catch(() => undefined);
    assert.throws(() => void turns.take('a', bench.work('a4')), /Too many requests wait for a/);
    void turns.take('b', bench.work('b1'));
    await assert.rejects(failing, /no/);
    await immediately();
    assert.deepEqual(bench.begun, ['b1']);
  });

  it('begin beside work that is stuck, but not beside that of its own subject', async () => {
    const bench = new Bench();
    const turns = new Turns({ atOnce: 1, waiting: 8, stuckMs: 1, mostStuck: 1 });
    for (const name of ['a1', 'a2', 'b1', 'c1']) void turns.take(name.charAt(0), bench.work(name));
    while (bench.begun.length < 2) await immediately();
    assert.deepEqual(bench.begun, ['a1', 'b1']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(bench.begun, ['a1', 'b1']); // one may be stuck, and b1 is the second
    await bench.end('b1');
    assert.deepEqual(bench.begun, ['a1', 'b1', 'c1']);
    await bench.end('a1');
    await bench.end('c1');
    assert.deepEqual(bench.begun, ['a1', 'b1', 'c1', 'a2']);
  });
});

describe('what watched segments tell', () => {
  it('makes a rest that is as long as it was large, also for one that told again too early', () => {
    const flow = new Flow({ bytesPerSecond: 1000, bytesPerSecondInAll: 10_000 });
    assert.equal(flow.rest('a', 0), 0);
    flow.told('a', 100, 0);
    assert.equal(flow.rest('a', 0), 100);
    assert.equal(flow.rest('a', 60), 40);
    flow.told('a', 100, 60);
    assert.equal(flow.rest('a', 60), 140);
    assert.equal(flow.rest('a', 200), 0);
    assert.equal(flow.rest('b', 60), 0);
  });

  it('is no more from all together than from all together is allowed', () => {
    const flow = new Flow({ bytesPerSecond: 1000, bytesPerSecondInAll: 2000 });
    const names = Array.from({ length: 8 }, (_, at) => `segment ${at}`);
    let bytes = 0;
    // Each tells as soon as it may, for ten seconds.
    for (let now = 0; now < 10_000; now += 1)
      for (const name of names) {
        if (flow.rest(name, now) > 0) continue;
        flow.told(name, 50, now);
        bytes += 50;
      }
    assert.ok(bytes <= 10 * 2000 + names.length * 50, `${bytes} bytes`);
    assert.ok(bytes >= 10 * 1900, `${bytes} bytes`);
  });

  it('is counted about as large as it is on its way', () => {
    const change = { rows: new Float64Array(13), delta: { peers: { 7: { set: { name: 'flood', acked: 12 } } } }, gone: [1, 2] };
    const bytes = bytesOf(change);
    assert.ok(bytes >= 13 * 8 + JSON.stringify({ ...change, rows: 0 }).length && bytes < 400, `${bytes} bytes`);
  });
});
