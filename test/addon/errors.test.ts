// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { cleanUp, codeOf, freshName, kept, peermap, type PeermapError } from './addon';

function thrown(call: () => unknown): PeermapError {
  try {
    call();
  } catch (error) {
    return error as PeermapError;
  }
  throw new Error('did not throw');
}

describe('addon: errors', () => {
  afterEach(cleanUp);

  it('has the codes of the header, in order, and the declaration has the same', () => {
    const header = readFileSync('native/include/peermap.h', 'utf8');
    const inHeader = [...header.matchAll(/^ {4}X\((\w+), (-\d+), +"(.*)"\)/gm)].map(([, name, number, text]) => ({
      code: `PEERMAP_${name}`,
      number: Number(number),
      text,
    }));
    const union = /type ErrorCode =([^;]+);/.exec(readFileSync('native/addon/model.d.ts', 'utf8'))?.[1] ?? '';
    const declared = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
    assert.ok(inHeader.length >= 18);
    assert.deepEqual(peermap.errorCodes, inHeader);
    assert.deepEqual(
      declared,
      inHeader.map(({ code }) => code),
    );
  });

  it('has the problem words of the declaration', () => {
    const model = readFileSync('native/addon/model.d.ts', 'utf8').replaceAll(/\/\/.*/g, '');
    const union = /type ProblemCode =([^;]+);/.exec(model)?.[1] ?? '';
    const declared = [...union.matchAll(/'([\w-]+)'/g)].map(([, code]) => code);
    const list = readFileSync('native/observer/problem.h', 'utf8');
    const native = [...list.matchAll(/X\(\w+, "([\w-]+)"\)/g)].map(([, word]) => word);
    assert.ok(native.length >= 12);
    assert.deepEqual(native, declared);
  });

  it('throws an Error with the code and a sentence that names the thing', () => {
    const name = freshName();
    const missing = thrown(() => peermap.Segment.attach(name));
    assert.ok(missing instanceof Error);
    assert.equal(missing.code, 'PEERMAP_ENOENT');
    assert.ok(missing.message.includes(name), missing.message);
    assert.equal(thrown(() => new peermap.Observer(name)).code, 'PEERMAP_ENOENT');
    assert.equal(thrown(() => peermap.unlink(name)).code, 'PEERMAP_ENOENT');
    for (const bad of ['', '.hidden', 'a/b', 'x'.repeat(64)]) {
      assert.equal(thrown(() => peermap.Segment.create(bad)).code, 'PEERMAP_ENAME');
      assert.equal(thrown(() => new peermap.Observer(bad)).code, 'PEERMAP_ENAME');
    }
    kept(peermap.Segment.create(name));
    assert.equal(thrown(() => peermap.Segment.create(name)).code, 'PEERMAP_EEXIST');
  });

  it('throws TypeError for a wrong type and RangeError for a wrong value, and does nothing', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one' }));
    const observer = kept(new peermap.Observer(name));
    const wrong = (value: unknown) => value as never;
    const types: (() => unknown)[] = [
      () => peermap.Segment.create(wrong(1)),
      () => peermap.Segment.create('x', wrong('options')),
      () => peermap.Segment.create('x', { peerName: wrong(1) }),
      () => peermap.Segment.create('x', { initialSize: wrong('64K') }),
      () => peermap.Segment.create('x', { allowLate: wrong(1) }),
      () => peermap.Segment.create('x', { strict: wrong('yes') }),
      () => peermap.Segment.create('x', { noPtrace: wrong(null) }),
      () => peermap.Segment.create('x', { ahead: wrong('1 MiB') }),
      () => peermap.Segment.create('x', wrong({ haep: true })),
      () => segment.allocate(8, wrong({ zero: true })),
      () => observer.snapshot(wrong({ stranger: true })),
      () => {
        observer.watch(() => undefined, wrong({ interval: 5 }));
      },
      () => {
        peermap.checkOptions({ on: 1 }, ['off']);
      },
      () => peermap.unlink(wrong(undefined)),
      () => new (peermap.Segment as unknown as new (name: string) => unknown)(name),
      () => segment.read(wrong('0'), 1),
      () => segment.read(wrong(0n), 1),
      () => segment.write(0, wrong('text')),
      () => segment.write(0, wrong(new Uint16Array(4))),
      () => segment.setRoot(wrong(1), 0, 1),
      () => segment.pidOf(wrong({})),
      () => new peermap.Observer(wrong({})),
      () => observer.events(wrong('0')),
      () => observer.snapshot(wrong(1)),
      () => observer.snapshot({ strangers: wrong('yes') }),
      () => observer.watch(wrong('not a function')),
      () => {
        segment.read.call(wrong(observer), 0, 1);
      },
    ];
    for (const call of types) assert.throws(call, TypeError, call.toString());
    const ranges: (() => unknown)[] = [
      () => peermap.Segment.create('x', { initialSize: -1 }),
      () => peermap.Segment.create('x', { initialSize: 0.5 }),
      () => peermap.Segment.create('x', { initialSize: NaN }),
      () => peermap.Segment.create('x', { ahead: 0 }),
      () => peermap.Segment.create('x', { maxPeers: 2 ** 32 }),
      () => peermap.Segment.create('x', { mode: 0o10000 }),
      () => peermap.Segment.create('x\0y'),
      () => segment.read(0, 2 ** 53),
      () => segment.read(-1, 1),
      () => segment.read(segment.size, 1),
      () => segment.read(0, segment.size + 1),
      () => segment.write(segment.size - 1, Buffer.from('ab')),
      () => segment.setRoot('r', segment.size, 1),
      () => segment.notify(2),
      () => segment.waitSync(segment.size, 0),
      () => segment.allocateTo(4, 8),
      () => segment.compareExchangeRoot('r', 0, segment.size, 1),
      () => observer.events(-1),
      () => observer.events(0, 0),
      () => observer.read(1.5, 1),
      () => observer.watch(() => undefined, { intervalMs: -1 }),
    ];
    for (const call of ranges) assert.throws(call, RangeError, call.toString());
    assert.throws(() => peermap.Segment.create('x', wrong({ max_peers: 5 })), {
      message: 'unknown option max_peers; did you mean maxPeers?',
    });
    assert.throws(() => segment.read(8, 2 ** 40), {
      message: /^offset 8 and length 1099511627776 are outside the active memory of \d+ bytes$/,
    });
    // What returns a promise tells by it.
    await assert.rejects(segment.grow(wrong('1')), TypeError);
    await assert.rejects(segment.grow(0), RangeError);
    await assert.rejects(segment.shrink(Infinity), RangeError);
    await assert.rejects(segment.remap(-1), RangeError);
    assert.equal(segment.epoch, 1);
  });

  it('rejects a failed round with its report', async () => {
    const segment = kept(peermap.Segment.create(freshName(), { reserveSize: 1 << 20 }));
    await assert.rejects(segment.grow(1 << 30), (error) => codeOf(error) === 'PEERMAP_ELIMIT');
    await assert.rejects(segment.shrink(1 << 30), (error) => codeOf(error) === 'PEERMAP_EINVAL');
    await assert.rejects(segment.remap(2 ** 22 - 1), (error) => codeOf(error) === 'PEERMAP_ESRCH');
    const size = segment.size;
    assert.equal((await segment.grow(4096)).size, size + 4096);
  });
});
