// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import type { EventBatch, PeermapEvent } from '../../native/addon/model';
import { Peer, testSegment, until } from '../peers/drive';
import { cleanUp, json, object, peermap, Running, well } from './cli';

/** How often the threads of a process have gone to sleep. */
function sleeps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => /^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'))?.[1])
    .reduce((sum, count) => sum + Number(count), 0);
}

describe('cli: events', () => {
  afterEach(cleanUp);

  it('tells what happened in words, oldest first', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    await alpha.ask('grow 65536');
    await alpha.ask('root index 0 512 struct_index');
    const lines = (await well('events', name)).trimEnd().split('\n');
    const text = (word: string) => lines.find((line) => line.includes(` ${word} `)) ?? '';
    assert.match(text('attached'), /alpha +64 KiB after/);
    assert.match(text('round begins'), /alpha +growth, 64 KiB -> 128 KiB/);
    assert.match(text('mapped'), /alpha +128 KiB after .* by itself/);
    assert.match(text('round done'), /alpha +growth: 128 KiB after/);
    assert.match(text('root set'), /alpha +512 bytes at 0x0/);
    assert.deepEqual(
      lines.map((line) => Number(line.trim().split(' ')[0])),
      lines.map((_, i) => i + 1),
    );
  });

  it('gives the same as JSON, all or those after a number, or the last', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    await alpha.ask('grow 65536');
    const all = await json<EventBatch>('events', name);
    assert.deepEqual([all.missed, all.last, all.events.length], [0, all.last, all.last]);
    assert.ok(all.events.some(({ kind, op }) => kind === 'round-end' && op === 'grow'));
    const since = await json<EventBatch>('events', name, '--since', '3');
    assert.deepEqual(since.events, all.events.slice(3));
    const last = await json<EventBatch>('events', name, '--last', '2');
    assert.deepEqual(last.events, all.events.slice(-2));
    assert.deepEqual((await json<EventBatch>('events', name, '--since', String(all.last + 100))).events, []);
    assert.equal((await peermap(['events', name, '--since', 'x'])).code, 2);
  });

  it('says how many are missing where the ring went round', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    await alpha.ask('spin 3000');
    const batch = await json<EventBatch>('events', name);
    const first = batch.events[0]?.seq ?? 0;
    assert.ok(first > 1);
    assert.equal(batch.missed, first - 1);
    assert.match(await well('events', name), new RegExp(`^\\(${first - 1} older events are not in the ring any more\\)\n`));
    assert.match(await well('events', name, '--since', '1'), new RegExp(`^\\(${first - 2} events missed\\)\n`));
    const lines = new Running(['events', name, '--follow', '--since', '1', '--json']);
    await lines.said('\n');
    assert.deepEqual(lines.lines()[0], { missed: first - 2 });
  });

  it('follows a growth, sleeps while nothing happens, and ends with the segment', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const follow = new Running(['events', name, '--follow', '--last', '0', '--json']);
    const text = new Running(['events', name, '--follow']);
    await text.said('attached');
    await until(() => sleeps(follow.pid) > 0 && readdirSync(`/proc/${follow.pid}/task`).length > 1, 'the watch');
    const told = () => follow.lines<PeermapEvent>();
    let size = 65536;
    await until(async () => {
      await alpha.ask('grow 65536');
      size += 65536;
      return told().some(({ kind, op }) => kind === 'round-end' && op === 'grow');
    }, 'the growth');
    await until(() => told().some((event) => event.kind === 'round-end' && event.size === size), 'the last growth');
    await text.said(/round done +alpha +growth: 128 KiB/);
    await until(async () => {
      const before = sleeps(follow.pid) + sleeps(text.pid);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return sleeps(follow.pid) + sleeps(text.pid) === before;
    }, 'a second and a half without a wake');
    await well('destroy', name, '--force');
    await alpha.end();
    await Promise.all([follow.ended, text.ended]);
    assert.deepEqual([follow.child.exitCode, text.child.exitCode], [0, 0]);
    assert.match(text.out, /\(the segment was removed, and nobody is left in it\)\n$/);
  });

  it('ends when its reader does, though nothing happens', async () => {
    const name = testSegment();
    await well('create', name);
    const follow = new Running(['events', name, '--follow']);
    await follow.said('created');
    follow.child.stdout?.destroy();
    await follow.ended;
    assert.equal(follow.err, '');
  });

  it('of what is no segment, says so and ends with 1', async () => {
    const name = testSegment();
    object(`peermap.${name}`, 'no segment');
    const { code, err } = await peermap(['events', name]);
    assert.equal(code, 1);
    assert.match(err, /no events that could be read/);
  });

  it('keep their columns with long names, and a heap without objects says so', async () => {
    const name = testSegment();
    await well('create', name, '--heap');
    assert.match(await well('show', name), /^ {2}objects {3}none\n {2}free {6}1 MiB; the longest run is 1 MiB$/m);
    await Peer.start(name, 'a', 'no-ptrace');
    await Peer.start(name, 'twenty-characters-ab', 'no-ptrace');
    for (const text of [await well('events', name), await well('watch', name, '--once')]) {
      const places = [...text.matchAll(/^.*attached +(?:a|twenty-characters-ab) +(?=\d)/gm)].map(([line]) => line.length);
      assert.equal(places.length, 2, text);
      assert.equal(places[0], places[1], text);
    }
  });
});
