// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Snapshot } from '../../extension/protocol/model';
import { objectOf, Peer, testSegment } from '../peers/drive';
import { cleanUp, json, object, peermap, Running, well, type Result } from './cli';

/** Writes every word of a file's last bytes again and again, in an order of its own. */
const restless = `import mmap, sys
f = open(sys.argv[1], "r+b")
m = mmap.mmap(f.fileno(), 0)
at = len(m) - 65536
print("writes", flush=True)
while True:
    for i in range(at, len(m), 4096):
        m[i] = (m[i] + 1) & 255`;

let folder = '';

/** What is told of the roots and the header of a segment, but for what is of one object alone. */
async function told(name: string) {
  const { header, roots } = await json<Snapshot>('show', name);
  return { roots, active: header?.active, flags: header?.flags, base: header?.base, reserved: header?.reserved };
}

const data = (name: string) => readFileSync(objectOf(name)).subarray(-65536);

describe('cli: copies', () => {
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'peermap-test-'))));
  afterEach(async () => {
    await cleanUp();
    rmSync(folder, { recursive: true, force: true });
  });

  it('what is dumped while a peer has it is loaded with its roots and bytes, sparse, with its permissions, and attaches', async () => {
    const [name, loaded, copied] = [testSegment(), testSegment(), testSegment()];
    const file = path.join(folder, 'quotes.dump');
    const alpha = await Peer.start(name, 'alpha', 'create', 1 << 20);
    await alpha.ask('root index 1003520 512 struct_index');
    await alpha.ask('fill 1003520 512 7');
    chmodSync(objectOf(name), 0o640);
    const text = await well('dump', name, file);
    assert.match(
      text,
      new RegExp(`^${name} dumped to .*: 1 MiB, 1 root\\n.* one moment, in which alpha \\(${alpha.pid}\\) had it.*\\n$`),
    );
    assert.deepEqual([statSync(file).mode & 0o777, statSync(file).size], [0o640, statSync(objectOf(name)).size]);
    assert.ok(statSync(file).blocks < statSync(objectOf(name)).blocks / 2);
    assert.deepEqual(readdirSync(folder), ['quotes.dump']);
    const report = await json('load', file, loaded);
    assert.deepEqual([report['segment'], report['size'], report['roots'], report['whole']], [loaded, 1 << 20, 1, true]);
    await well('copy', name, copied);
    for (const one of [loaded, copied]) {
      assert.deepEqual(await told(one), await told(name));
      assert.ok(data(one).equals(data(name)));
      assert.equal(statSync(objectOf(one)).mode & 0o777, 0o640);
      // Nobody who touches it gets SIGBUS for want of memory.
      assert.ok(statSync(objectOf(one)).blocks >= (1 << 20) / 512);
      const { peers, problems } = await json<Snapshot>('show', one);
      assert.deepEqual([peers.length, problems.filter(({ code }) => code !== 'no-access').map(({ code }) => code)], [0, []]);
    }
    const beta = await Peer.start(copied, 'beta', 'relocatable');
    assert.deepEqual(await beta.ask('get index'), ['1003520', '512']);
    await beta.ask('check 1003520 512 7');
    await beta.ask('grow 65536');
  });

  it('a heap goes on where it was, and what of it is a hole stays one', async () => {
    const [name, copied] = [testSegment(), testSegment()];
    const script = `import sys, peermap
with peermap.open(sys.argv[1], heap=True, relocatable=True) as s:
    if len(sys.argv) > 2:
        s.object(s.root("kept")).free()
        s.alloc(100000)
    else:
        s.set_root("kept", s.alloc(300000), type="char[300000]")
`;
    const python = (...args: string[]) =>
      peermap(args, {
        program: ['python3', '-W', 'error', '-c', script],
        env: { PYTHONPATH: 'native/python', PEERMAP_LIBRARY: path.resolve('build/native/libpeermap.so') },
      });
    const made = await python(name);
    assert.equal(made.code, 0, made.err);
    await well('copy', name, copied);
    const heap = async (of: string) => {
      const { heap } = await json<{ heap: { used: number; largeObjects: number; faults: number } }>('show', of);
      return [heap.used, heap.largeObjects, heap.faults];
    };
    assert.deepEqual(await heap(copied), await heap(name));
    assert.ok(statSync(objectOf(copied)).blocks <= statSync(objectOf(name)).blocks + 64);
    interface Objects {
      count: number;
      objects: { size: number; state: string; offset: number; allocatedAtMs: number }[];
    }
    const { count, objects } = await json<Objects>('objects', copied);
    assert.deepEqual([count, objects[0]?.size, objects[0]?.state], [1, 300000, 'unknown']);
    assert.ok(Math.abs(Number(objects[0]?.allocatedAtMs) - Date.now()) < 60000);
    assert.match(await well('objects', copied, '--dead'), /^1 object, 292.97 KiB\n/);
    assert.deepEqual((await json<{ roots: { offset: number }[] }>('roots', copied)).roots[0]?.offset, objects[0]?.offset);
    const used = await python(copied, 'again');
    assert.equal(used.code, 0, used.err);
  });

  it('what never holds still is refused, and taken with --live, which says so', async () => {
    const name = testSegment();
    await well('create', name, '--size', '16M');
    const object = readFileSync(objectOf(name));
    object.fill(1, object.length - (16 << 20));
    writeFileSync(objectOf(name), object);
    const writer = new Running([objectOf(name)], { program: ['python3', '-c', restless] });
    await writer.said('writes');
    /** Again until it was written while it was read: the writer may have had no core meanwhile. */
    const copy = async (holds: (result: Result) => boolean, ...more: string[]) => {
      for (;;) {
        const copied = testSegment();
        const result = await peermap(['copy', name, copied, ...more]);
        if (holds(result)) return { ...result, made: existsSync(objectOf(copied)) };
        await well('destroy', copied);
      }
    };
    const refused = await copy(({ code }) => code === 1, '--json');
    assert.equal((JSON.parse(refused.out) as { error: { code: string } }).error.code, 'refused');
    assert.match(refused.err, new RegExp(`changed each of 8 times .* pid ${writer.pid} \\(not registered\\).*--live`));
    assert.equal(refused.made, false);
    assert.equal((await copy(({ out }) => out.includes('this mixes moments'), '--live')).made, true);
    await writer.end();
    assert.equal((await json('copy', name, testSegment()))['whole'], true);
  });

  it('writes over no segment, and over no file but with --force', async () => {
    const [name, other] = [testSegment(), testSegment()];
    const file = path.join(folder, 'a');
    const old = path.join(folder, 'old');
    await well('create', name);
    await well('create', other);
    writeFileSync(file, 'precious');
    const refused = await peermap(['dump', name, file]);
    assert.deepEqual([refused.code, readFileSync(file, 'utf8')], [1, 'precious']);
    assert.match(refused.err, /this file exists already; --force replaces it\n$/);
    await well('dump', name, file, '--force');
    const before = statSync(objectOf(other)).ino;
    for (const args of [
      ['load', file, other],
      ['copy', name, other],
    ]) {
      const { code, err } = await peermap(args);
      assert.equal(code, 1);
      assert.match(err, /PEERMAP_EEXIST: .*never written over/);
    }
    assert.equal(statSync(objectOf(other)).ino, before);
    symlinkSync(file, old);
    assert.match((await peermap(['dump', name, old, '--force'])).err, /not a regular file/);
    assert.match((await peermap(['dump', name, objectOf(name), '--force'])).err, /it is what is copied/);
    assert.deepEqual(readdirSync(folder).sort(), ['a', 'old']);
  });

  it('loads nothing that is not a whole segment, in a line', async () => {
    const [name, loaded] = [testSegment(), testSegment()];
    const file = path.join(folder, 'a');
    await well('create', name, '--size', '1M');
    await well('dump', name, file);
    const bad = (bytes: Buffer | string) => {
      const other = path.join(folder, `bad-${readdirSync(folder).length}`);
      writeFileSync(other, bytes);
      return other;
    };
    const bytes = readFileSync(file);
    const damaged = Buffer.from(bytes);
    damaged.writeBigUInt64LE(12345n, 32); // the base
    for (const [source, words] of [
      [bad('no segment at all'), /not the mark of a segment/],
      [bad(bytes.subarray(0, 5000)), /too few for a segment/],
      [bad(bytes.subarray(0, bytes.length - 4096)), /was cut short/],
      [bad(damaged), /header.base/],
      ['/dev/null', /not a regular file/],
      [path.join(folder, 'none'), /No such file/],
    ] as const) {
      const { code, err } = await peermap(['load', source, loaded]);
      assert.equal(code, 1, err);
      assert.match(err, words);
      assert.match(err, /^peermap: [^\n]*\n$/);
      assert.ok(!existsSync(objectOf(loaded)));
    }
    object(`peermap.${loaded}`, 'x');
    truncateSync(objectOf(name), 5000);
    assert.equal((await peermap(['dump', name, path.join(folder, 'b')])).code, 1);
    assert.ok(!existsSync(path.join(folder, 'b')));
  });

  it('a kill in the middle leaves nothing, or all of it', async () => {
    const [name, copied] = [testSegment(), testSegment()];
    const size = 96 << 20;
    await well('create', name, '--size', String(size));
    const object = readFileSync(objectOf(name));
    for (let i = object.length - size; i < object.length; i += 4096) object[i] = 1;
    writeFileSync(objectOf(name), object);
    let nothing = 0;
    for (const after of [5, 15, 30, 60, 120]) {
      for (const args of [
        ['dump', name, path.join(folder, 'a')],
        ['copy', name, copied],
      ]) {
        const one = new Running(args);
        await rest(after);
        await one.end();
        const there = args[0] === 'dump' ? readdirSync(folder) : [copied].filter((each) => existsSync(objectOf(each)));
        nothing += there.length === 0 ? 1 : 0;
        if (there.length > 0)
          assert.ok(
            readFileSync(args[0] === 'dump' ? path.join(folder, 'a') : objectOf(copied))
              .subarray(-size)
              .equals(object.subarray(-size)),
          );
        rmSync(path.join(folder, 'a'), { force: true });
        rmSync(objectOf(copied), { force: true });
        assert.deepEqual(readdirSync(folder), []);
      }
    }
    assert.ok(nothing > 0);
  });
});
