// SPDX-License-Identifier: MIT
//
// Views are mostly tested by what uses them, test/node.  Here: the addon alone, and a runtime that has none.

import { strict as assert } from 'node:assert';
import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { cleanUp, freshName, kept, peermap, Script } from './addon';

const MiB = 1 << 20;

describe('addon: views and objects', () => {
  afterEach(cleanUp);

  it('a view is the memory, until it is released or the segment is detached', () => {
    const segment = kept(peermap.Segment.create(freshName(), { initialSize: MiB }));
    assert.equal(peermap.canView, true);
    const [one, two] = [segment.view(8, 64), segment.view(8, 64)];
    new Uint8Array(one)[0] = 3;
    assert.equal(segment.read(8, 1)[0], 3);
    segment.release(one);
    assert.deepEqual([one.byteLength, two.byteLength], [0, 64]);
    segment.release(one);
    segment.detach();
    assert.equal(two.byteLength, 0);
    segment.release(two);
    assert.throws(() => segment.view(0, 8), { code: 'PEERMAP_EDETACHED' });
  });

  it('a free ends the views that lie in the object, and no others', () => {
    const segment = kept(peermap.Segment.create(freshName(), { heap: true }));
    const offset = segment.allocate(64, { zeroed: true });
    const [inside, around] = [segment.view(offset + 8, 8), segment.view(0, segment.size)];
    segment.deallocate(offset);
    assert.equal(inside.byteLength, 0);
    assert.equal(around.byteLength, segment.size);
    assert.equal(segment.objectSize(offset), 0);
    assert.throws(
      () => segment.deallocate(offset),
      (error: NodeJS.ErrnoException) => error.code === 'PEERMAP_EINVAL' && error.message.includes('freed twice'),
    );
    assert.throws(() => segment.reallocate(offset, 8), { code: 'PEERMAP_EINVAL' });
    assert.throws(() => segment.deallocate(segment.size), RangeError);
  });

  it('a free ends the views also where somebody writes into the registry that this process only reads', async () => {
    const name = freshName();
    const path = `/dev/shm/peermap.${name}`;
    kept(peermap.Segment.create(name, { heap: true }));
    const file = openSync(path, 'r');
    const header = Buffer.alloc(128);
    readSync(file, header, 0, header.length, 0);
    closeSync(file);
    const flags = Number(header.readBigUInt64LE(64)) + 256 + 44; // of the second slot
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const liar = new Worker(
      `const { openSync, writeSync } = require('node:fs');
       const { path, flags, stop } = require('node:worker_threads').workerData;
       const file = openSync(path, 'r+');
       require('node:worker_threads').parentPort.postMessage('');
       while (Atomics.load(stop, 0) === 0) writeSync(file, Uint8Array.of(9, 0, 0, 0), 0, 4, flags);`,
      { eval: true, workerData: { path, flags, stop } },
    );
    await new Promise((listening) => liar.once('message', listening));
    try {
      for (let turn = 0; turn < 20; turn++) {
        const segment = peermap.Segment.attach(name, { peerName: 'second', relocatable: true });
        const offset = segment.allocate(64);
        const view = segment.view(offset, 64);
        segment.deallocate(offset);
        assert.equal(view.byteLength, 0);
        segment.detach();
      }
    } finally {
      Atomics.store(stop, 0, 1);
      await liar.terminate();
    }
  });

  it('classes derived from Segment are made by create, attach and open; what is none is refused', () => {
    class Derived extends peermap.Segment {
      readonly mine = 1;
    }
    const name = freshName();
    const segment = kept(Derived.create(name));
    assert.ok(segment instanceof Derived);
    assert.equal(segment.mine, 1);
    assert.throws(() => peermap.Segment.open.call(Array as never, freshName()), TypeError);
    assert.equal(segment.peers().length, 1);
  });

  it('where the runtime allows no views one is refused with a code, and everything else works', async () => {
    const script = new Script(
      freshName(),
      `const segment = peermap.Segment.create(name, { heap: true, deadlineMs: 100 });
       const offset = segment.allocate(100); segment.write(offset, Buffer.from('copied'));
       console.log(peermap.canView, segment.read(offset, 6).toString());
       try { segment.view(0, 64); } catch ({ code, errno, message }) { console.log(code, errno, message); }
       segment.deallocate(offset);
       segment.trim().then(({ size }) => { console.log(size); segment.detach(); });`,
      resolve('build/native/caged/peermap.node'),
    );
    assert.equal(await script.line(), 'false copied');
    assert.equal(await script.line(), 'PEERMAP_EOS 95 this runtime allows no views of shared memory; use read() and write()');
    assert.ok(Number(await script.line()) < MiB); // the view that was refused pins nothing
    assert.deepEqual(await script.ended, [0, null]);
  });
});
