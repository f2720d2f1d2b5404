// SPDX-License-Identifier: MIT
//
// A worker's peer is a second one of this process, whose addresses the first has: hence `relocatable`.

import { strict as assert } from 'node:assert';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { atExit } from '../at-exit';
import { addonPath, cleanUp, freshName, kept, peermap, Script, seen, until } from './addon';

function startWorker(name: string, body: string): Worker {
  const source = `const { parentPort } = require('node:worker_threads'); const peermap = require(${JSON.stringify(addonPath)});
    const name = ${JSON.stringify(name)}; ${body}`;
  return new Worker(source, { eval: true });
}

describe('addon: the end of an environment', () => {
  afterEach(cleanUp);

  it('a terminated worker leaves the registry', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'main' }));
    const worker = startWorker(
      name,
      `globalThis.segment = peermap.Segment.attach(name, { peerName: 'worker', relocatable: true });
       globalThis.observer = new peermap.Observer(name); observer.watch(() => {}, { intervalMs: 0 });
       parentPort.postMessage('attached'); setInterval(() => {}, 1000);`,
    );
    await once(worker, 'message');
    assert.equal(seen(name, 'worker')?.state, 'alive');
    const busy = Array.from({ length: 50 }, () => segment.remap()); // so that its watch is calling
    await worker.terminate();
    assert.equal(seen(name, 'worker'), undefined);
    await Promise.all(busy);
    assert.equal((await segment.grow(4096)).peers, 1);
  });

  it('a worker that is terminated in the middle of its rounds does no harm', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'main', deadlineMs: 5000 }));
    for (let i = 0; i < 10; i++) {
      const worker = startWorker(
        name,
        `globalThis.segment = peermap.Segment.attach(name, { peerName: 'worker', relocatable: true, deadlineMs: 5000 });
         for (let i = 0; i < 200; i++) { segment.grow(4096).catch(() => {}); segment.shrink(4096).catch(() => {}); }
         segment.grow(4096).then(() => parentPort.postMessage('never'));
         setImmediate(() => parentPort.postMessage('growing')); setInterval(() => {}, 1000);`,
      );
      await once(worker, 'message');
      await worker.terminate();
      assert.equal(seen(name, 'worker'), undefined);
    }
    await segment.grow(4096);
  });

  it('a worker that is terminated while it joins and leaves does no harm', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'main', maxPeers: 64 }));
    for (let i = 0; i < 10; i++) {
      const worker = startWorker(
        name,
        `const join = (peerName) => peermap.Segment.attachAsync(name, { peerName, relocatable: true });
         for (let i = 0; i < 8; i++) join('worker' + i).then((segment) => segment.detachAsync(), () => {});
         join('kept').then((segment) => { globalThis.segment = segment; parentPort.postMessage('joined'); });
         setInterval(() => {}, 1000);`,
      );
      await once(worker, 'message');
      await worker.terminate();
      assert.deepEqual(
        segment.peers().map((peer) => peer.name),
        ['main'],
      );
    }
    await segment.grow(4096);
  });

  it('a worker that is terminated while it waits ends all its waits at once, however many', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'main' }));
    async function terminated(waits: number): Promise<number> {
      const worker = startWorker(
        name,
        `globalThis.segment = peermap.Segment.attach(name, { peerName: 'worker', relocatable: true });
         for (let i = 0; i < ${waits}; i++) segment.waitRoot('never', undefined, 60_000);
         parentPort.postMessage('waiting');`,
      );
      await once(worker, 'message');
      const begun = performance.now();
      await worker.terminate();
      assert.equal(seen(name, 'worker'), undefined);
      return performance.now() - begun;
    }
    const one = await terminated(1);
    const many = await terminated(300);
    assert.ok(many < 50 * Math.max(one, 20), `one after the other: ${many} ms of 300, ${one} ms of one`);
    await segment.grow(4096);
  });

  describe('with a look that does not come back', () => {
    let library: string;

    before(() => {
      const folder = mkdtempSync(join(tmpdir(), 'peermap-stuck-'));
      atExit(() => rmSync(folder, { recursive: true, force: true }));
      library = join(folder, 'stuck.so');
      const source = resolve('test/addon/stuck.c');
      execFileSync('cc', ['-D_GNU_SOURCE', '-shared', '-fPIC', source, '-o', library, '-ldl']);
    });

    for (const [what, end] of [
      ['a worker is terminated', 'worker.terminate().then(() => process.exit(3));'],
      ['a worker ends by itself', `worker.postMessage(''); worker.on('exit', () => process.exit(3));`],
      ['the process exits', 'process.exit(3);'],
    ] as const) {
      it(`${what}, and nobody waits for it`, async () => {
        const name = freshName();
        kept(peermap.Segment.create(name, { peerName: 'main' })); // without any segment no process is looked at
        const body = `const { parentPort } = require('node:worker_threads'); const peermap = require(${JSON.stringify(addonPath)});
          peermap.processesAsync({ withinMs: 1000 }).catch(() => {}); parentPort.once('message', () => parentPort.close());`;
        const script = new Script(
          name,
          `const worker = new (require('node:worker_threads').Worker)(${JSON.stringify(body)}, { eval: true });
           process.stdin.once('data', () => { setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20_000).unref(); ${end} });`,
          addonPath,
          { LD_PRELOAD: library },
        );
        assert.equal(await script.line(), 'stuck');
        script.say('end');
        assert.deepEqual(await script.ended, [3, null]);
      });
    }
  });

  // As libfaketime does where time runs fast, or stands still.
  it('a process to which a preloaded library gives another time leaves the registry when it exits', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'peermap-hurried-'));
    atExit(() => rmSync(folder, { recursive: true, force: true }));
    const library = join(folder, 'hurried.so');
    execFileSync('cc', ['-D_GNU_SOURCE', '-shared', '-fPIC', resolve('test/addon/hurried.c'), '-o', library]);
    const name = freshName();
    kept(peermap.Segment.create(name, { peerName: 'main' }));
    for (let i = 0; i < 5; i++) {
      const script = new Script(
        name,
        `globalThis.segment = peermap.Segment.attach(name, { peerName: 'hurried' }); segment.waitRoot('never', undefined, 60_000).catch(() => {});
         console.log('attached'); process.stdin.once('data', () => process.exit(3));`,
        addonPath,
        { LD_PRELOAD: library },
      );
      assert.equal(await script.line(), 'attached');
      script.say('end');
      assert.deepEqual(await script.ended, [3, null]);
      assert.equal(seen(name, 'hurried'), undefined);
    }
  });

  it('a worker that ends by itself leaves the registry, and its watch does not keep it', async () => {
    const name = freshName();
    kept(peermap.Segment.create(name, { peerName: 'main' }));
    const worker = startWorker(
      name,
      `globalThis.segment = peermap.Segment.attach(name, { peerName: 'worker', relocatable: true });
       globalThis.observer = new peermap.Observer(name); observer.watch(() => {});`,
    );
    assert.deepEqual(await once(worker, 'exit'), [0]);
    assert.equal(seen(name, 'worker'), undefined);
  });

  it('an addon that only a worker had loaded is gone with it, and nothing of it runs on', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'main' }));
    const child = spawn(process.execPath, [
      '-e',
      `const { Worker } = require('node:worker_threads');
       (async () => {
         for (let i = 0; i < 3; i++) {
           const worker = new Worker(${JSON.stringify(`
             const p = require(${JSON.stringify(addonPath)}); const name = ${JSON.stringify(name)};
             globalThis.s = p.Segment.attach(name, { peerName: 'only' }); globalThis.o = new p.Observer(name);
             o.watch(() => {}, { intervalMs: 0 }); s.remap().catch(() => {}); require('node:worker_threads').parentPort.postMessage(1);
             setInterval(() => {}, 1000);`)}, { eval: true });
           await require('node:events').once(worker, 'message');
           await worker.terminate();
         }
         const threads = require('node:fs').readdirSync('/proc/self/task').map((t) => require('node:fs').readFileSync('/proc/self/task/' + t + '/comm', 'utf8'));
         process.exitCode = threads.some((comm) => comm.startsWith('peermap')) ? 4 : 5;
       })();`,
    ]);
    assert.deepEqual(await once(child, 'exit'), [5, null]);
    assert.equal(seen(name, 'only'), undefined);
    await segment.grow(4096);
  });

  it('a process with a watch and a segment ends by itself, and has left the registry', async () => {
    const name = freshName();
    kept(peermap.Segment.create(name, { peerName: 'main' }));
    const script = new Script(
      name,
      `globalThis.segment = peermap.Segment.attach(name, { peerName: 'other' });
       globalThis.observer = new peermap.Observer(name); observer.watch(() => {}); console.log('attached');`,
    );
    assert.equal(await script.line(), 'attached');
    assert.deepEqual(await script.ended, [0, null]);
    assert.equal(seen(name, 'other'), undefined);
  });

  for (const [what, body] of [
    ['with watches and segments open', `process.exit(3);`],
    [
      'with waits under way',
      `for (let i = 0; i < 20; i++) segment.waitRoot('never', undefined, 60_000); setTimeout(() => process.exit(3), 50);`,
    ],
    ['in the middle of rounds', `for (let i = 0; i < 100; i++) segment.remap(); setImmediate(() => process.exit(3));`],
    [
      'while its watch is calling, in the middle of a round',
      // A watch keeps no process alive, and what was remapped before it began is no news to it.
      `setInterval(() => segment.remap(), 1); observer.unwatch(); observer.watch(() => process.exit(3));`,
    ],
    [
      'with a worker attached',
      `new (require('node:worker_threads').Worker)(
         'const p = require(' + ${JSON.stringify(JSON.stringify(addonPath))} + '); globalThis.s = p.Segment.attach("' + name + '", { peerName: "inner", relocatable: true });' +
         'globalThis.o = new p.Observer("' + name + '"); o.watch(() => {}); require("node:worker_threads").parentPort.postMessage(1); setInterval(() => {}, 99);',
         { eval: true }).on('message', () => process.exit(3));`,
    ],
  ] as const) {
    it(`process.exit() ${what} is a clean exit`, async () => {
      const name = freshName();
      const segment = kept(peermap.Segment.create(name, { peerName: 'main', deadlineMs: 5000 }));
      const script = new Script(
        name,
        `globalThis.segment = peermap.Segment.attach(name, { peerName: 'other', deadlineMs: 5000 });
         globalThis.observer = new peermap.Observer(name); observer.watch(() => {}, { intervalMs: 0 }); ${body}`,
      );
      assert.deepEqual(await script.ended, [3, null]);
      const state = seen(name, 'other')?.state;
      assert.ok(state === undefined || (state === 'dead' && what.includes('in the middle of')), state);
      assert.equal(seen(name, 'inner'), undefined);
      await segment.grow(4096);
    });
  }

  it('a segment that nobody refers to is detached when it is collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const name = freshName();
    kept(peermap.Segment.create(name, { peerName: 'main' }));
    (() => {
      peermap.Segment.attach(name, { peerName: 'forgotten', relocatable: true });
      new peermap.Observer(name).snapshot();
    })();
    assert.equal(seen(name, 'forgotten')?.state, 'alive');
    await until(() => {
      collect();
      return seen(name, 'forgotten') === undefined;
    });
  });

  it('a segment is not collected while its round runs', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const name = freshName();
    kept(peermap.Segment.create(name, { peerName: 'main' }));
    const round = (() => peermap.Segment.attach(name, { peerName: 'busy', relocatable: true }).grow(4096))();
    for (let i = 0; i < 5; i++) collect();
    assert.equal((await round).peers, 2);
  });

  it('a watched observer is not collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'main' }));
    let calls = 0;
    (() => new peermap.Observer(name).watch(() => calls++))();
    for (let i = 0; i < 5; i++) collect();
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    await segment.grow(4096);
    await until(() => calls > 0);
  });
});
