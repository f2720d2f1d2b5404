// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { constants } from 'node:os';
import type { PeermapEvent, Snapshot } from '../../extension/protocol/model';
import { Peer, testSegment, until } from '../peers/drive';
import { cleanUp, json, peermap, Running, tool, well } from './cli';

/** `peermap watch` on a terminal. */
class Screen extends Running {
  constructor(args: string[], env: NodeJS.ProcessEnv = {}) {
    super([...tool, ...args], { program: ['python3', 'test/cli/terminal.py'], env });
  }

  /** The lines of what it drew last, without colours. */
  get drawn(): string[] {
    const frames = this.out.split('\u001b[H').filter((frame) => frame.includes('\u001b[J'));
    return (frames.at(-1) ?? '')
      .replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, '')
      .split('\r\n')
      .map((line) => line.trimEnd());
  }

  async shows(text: string | RegExp): Promise<void> {
    const holds = () => this.drawn.some((line) => (typeof text === 'string' ? line.includes(text) : text.test(line)));
    await until(() => holds() || this.over, String(text));
    assert.ok(holds(), `${String(text)} in\n${this.drawn.join('\n')}\n${this.err}`);
  }

  async result(): Promise<{ code?: number; signal?: number; same: boolean }> {
    await this.ended;
    return JSON.parse(this.err.trimEnd().split('\n').at(-1) ?? '') as { code?: number; signal?: number; same: boolean };
  }
}

const restored = /\u001b\[\?25h\u001b\[\?1049l$/;

describe('cli: watch', () => {
  afterEach(cleanUp);

  it('is redrawn in place when something changes; q ends it, and the terminal is what it was', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const screen = new Screen(['watch', name]);
    await screen.shows('64 KiB active');
    await screen.shows(/\d+ +alpha +root? *alive/);
    await alpha.ask('grow 65536');
    await screen.shows('128 KiB active');
    await screen.shows(/round done +alpha +growth: 128 KiB/);
    const beta = await Peer.start(name, 'beta');
    await screen.shows('2 peers: 2 alive');
    await beta.end();
    await screen.shows('2 peers: 1 alive, 1 dead');
    assert.equal(screen.out.match(/\u001b\[\?1049h/g)?.length, 1);
    screen.say('key q');
    assert.deepEqual(await screen.result(), { code: 0, same: true });
    assert.match(screen.out, restored);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGSEGV', 'SIGABRT'] as const) {
    it(`gives the terminal back when it ends by ${signal}`, async () => {
      const name = testSegment();
      await well('create', name);
      const screen = new Screen(['watch', name]);
      await screen.shows('64 KiB active');
      screen.say(`signal ${constants.signals[signal]}`);
      const result = await screen.result();
      assert.deepEqual(result, { signal: constants.signals[signal], same: true });
      assert.match(screen.out, restored);
    });
  }

  it('gives the terminal back when it is stopped, and draws again when it goes on', async () => {
    const name = testSegment();
    await well('create', name);
    const screen = new Screen(['watch', name]);
    await screen.shows('64 KiB active');
    screen.say('key \u001a');
    await until(() => {
      screen.say('state');
      return screen.err.includes('state T true');
    }, 'the stop');
    assert.match(screen.out, restored);
    await well('grow', name, '64K');
    screen.say(`signal ${constants.signals.SIGCONT}`);
    await screen.shows('128 KiB active');
    screen.say('key q');
    assert.deepEqual(await screen.result(), { code: 0, same: true });
  });

  it('fits the terminal, also when that becomes smaller', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha-with-quite-a-long-name', 'create', 65536);
    for (let i = 0; i < 10; i += 1) await alpha.ask('grow 65536');
    const screen = new Screen(['watch', name], { NO_COLOR: '1' });
    await screen.shows('704 KiB active');
    const fits = (rows: number, columns: number) =>
      screen.drawn.length <= rows && screen.drawn.every((line) => line.length <= columns);
    assert.ok(fits(24, 80), JSON.stringify(screen.drawn));
    assert.equal(screen.drawn.length, 24);
    screen.say('size 10 40');
    await until(() => fits(10, 40) && screen.drawn.some((line) => line.startsWith('q quits')), 'a smaller picture');
    screen.say('size 3 20');
    await until(() => fits(3, 20), 'a tiny picture');
    assert.doesNotMatch(screen.out, /\u001b\[3[0-9]m/);
    screen.say('key q');
    assert.equal((await screen.result()).code, 0);
  });

  it('prints a block for each change where there is no terminal, and ends with the segment', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const watch = new Running(['watch', name]);
    await watch.said('64 KiB active');
    await alpha.ask('grow 65536');
    await watch.said(/128 KiB active[^]*round done +alpha/);
    assert.doesNotMatch(watch.out, /\u001b/);
    await well('destroy', name, '--force');
    await watch.said('removed');
    await alpha.end();
    await watch.ended;
    assert.equal(watch.child.exitCode, 0);
  });

  it('is a line of JSON for each change, with what happened since the last', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const watch = new Running(['watch', name, '--json']);
    await watch.said('\n');
    await alpha.ask('grow 65536');
    type Line = Snapshot & { events: PeermapEvent[]; missed: number };
    const lines = () => watch.lines<Line>();
    await until(() => lines().at(-1)?.header?.active === 131072, 'the growth');
    await until(
      () =>
        lines()
          .flatMap(({ events }) => events)
          .some(({ kind }) => kind === 'round-end'),
      'its event',
    );
    const numbers = lines().flatMap(({ events }) => events.map(({ seq }) => seq));
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
    );
  });

  it('looks once if asked to', async () => {
    const name = testSegment();
    await well('create', name);
    assert.match(await well('watch', name, '--once'), /64 KiB active/);
    assert.equal((await json<Snapshot>('watch', name, '--once')).name, name);
    assert.equal((await peermap(['watch', testSegment()])).code, 4);
  });

  it('asks on a terminal before it destroys what somebody has', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const no = new Screen(['destroy', name]);
    await no.said(`alpha (${alpha.pid}) has it`);
    await no.said('[y/N]');
    no.say('key n\r');
    no.say('key \r');
    assert.equal((await no.result()).code, 1);
    const yes = new Screen(['destroy', name]);
    await yes.said('[y/N]');
    yes.say('key y');
    yes.say('key \r');
    assert.equal((await yes.result()).code, 0);
    assert.equal((await peermap(['show', name])).code, 4);
  });
});
