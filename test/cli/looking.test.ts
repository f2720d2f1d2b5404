// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import * as fs from 'node:fs';
import type { Snapshot } from '../../extension/protocol/model';
import { objectOf, Peer, testSegment, until } from '../peers/drive';
import { asNobody, cleanUp, isTame, json, object, peermap, row, Running, sanitized, tool, well } from './cli';

interface Listed {
  segments: {
    name: string;
    alive?: number;
    late?: number;
    dead?: number;
    active?: number;
    problem?: { code: string };
    memory?: { orphan: string; reason: string };
  }[];
}

async function listed(name: string) {
  const { segments } = await json<Listed>('ls');
  return segments.find((segment) => segment.name === name);
}

/** Replaces the bytes of every live slot's name, wherever it is. */
function rename(segment: string, from: string, to: Buffer): void {
  const bytes = fs.readFileSync(objectOf(segment));
  const at = bytes.indexOf(from);
  assert.ok(at > 0);
  const fd = fs.openSync(objectOf(segment), 'r+');
  for (let i = at; i >= 0 && i < bytes.length; i = bytes.indexOf(from, i + 1)) fs.writeSync(fd, to, 0, to.length, i);
  fs.closeSync(fd);
}

describe('cli: ls', () => {
  afterEach(cleanUp);

  it('counts who is alive and dead, and calls a segment without anybody an orphan', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    await Peer.start(name, 'beta');
    assert.deepEqual(row(await well('ls'), name).slice(1, 7), ['64 KiB', '64 KiB', '16 GiB', '2', '0', '0']);
    await alpha.end();
    await until(async () => (await listed(name))?.dead === 1, 'the death');
    assert.deepEqual(row(await well('ls'), name).slice(4, 7), ['1', '0', '1']);
    assert.equal((await listed(name))?.memory?.orphan, 'no');
    await cleanUpPeersOf(name);
    const gone = testSegment();
    await well('create', gone);
    assert.equal((await listed(gone))?.memory?.orphan, 'yes');
    assert.ok((await well('ls', '--orphans', '--names')).split('\n').includes(gone));
    assert.ok(row(await well('ls'), gone).includes('orphan'));
  });

  it('does not take an inspector for a user', async () => {
    const name = testSegment();
    await well('create', name);
    const watch = new Running(['events', name, '--follow']);
    await watch.said('created');
    // While another inspector has it open the kernel cannot tell whether anybody else has.
    const looked = (await listed(name))?.memory;
    assert.deepEqual([looked?.orphan, looked?.reason], ['unknown', 'looked-at']);
    assert.match(await well('ls'), new RegExp(`${name}.*unknown\\n +nobody but an inspector was seen`));
    await watch.end();
    assert.equal((await listed(name))?.memory?.orphan, 'yes');
  });

  it('names what cannot be a segment, and why', async () => {
    const name = testSegment();
    object(`peermap.${name}`, Buffer.alloc(8192, 0xa5));
    assert.equal((await listed(name))?.problem?.code, 'not-a-segment');
    assert.match(await well('ls'), new RegExp(`${name}.*not-a-segment`));
  });

  it('gives names alone for completion, and no name that no command would take', async () => {
    const name = testSegment();
    await well('create', name);
    object(`peermap.test-${process.pid}-\u001b[31mred`, 'x');
    const names = (await well('ls', '--names')).split('\n');
    assert.ok(names.includes(name));
    assert.ok(names.every(isTame));
    const text = await well('ls');
    assert.ok(isTame(text), JSON.stringify(text));
    assert.match(text, /\?\[31mred/);
  });
});

async function cleanUpPeersOf(segment: string): Promise<void> {
  await well('destroy', segment, '--force');
}

describe('cli: show', () => {
  afterEach(cleanUp);

  it('shows header, registry and roots, in the words of the model', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    await alpha.ask('root index 4096 512 struct_index');
    const snapshot = await json<Snapshot>('show', name);
    assert.equal(snapshot.name, name);
    assert.equal(snapshot.header?.active, 65536);
    assert.deepEqual(snapshot.header.flags, ['strict']);
    assert.equal(BigInt(snapshot.header.base), alpha.base);
    const [peer] = snapshot.peers;
    assert.equal(peer?.pid, alpha.pid);
    assert.equal(peer.state, 'alive');
    assert.deepEqual(peer.missing, []);
    assert.deepEqual(
      snapshot.roots.map(({ name: root, type, offset, size }) => ({ root, type, offset, size })),
      [{ root: 'index', type: 'struct_index', offset: 4096, size: 512 }],
    );
    const text = await well('show', name);
    const [pid, peerName, , state, base, claims, maps] = row(text, 'alpha');
    assert.deepEqual([pid, peerName, state, claims, maps], [String(alpha.pid), 'alpha', 'alive', '64 KiB', '64 KiB']);
    assert.equal(BigInt(base ?? 0), alpha.base);
    assert.deepEqual(row(text, 'struct_index'), ['0x1000', '512 bytes', 'index', 'struct_index']);
  });

  it('says whose process is stopped, and whose is dead', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const beta = await Peer.start(name, 'beta');
    beta.signal('SIGSTOP');
    await until(async () => row(await well('show', name), 'beta').includes('alive, stopped'), 'the stop');
    await alpha.end();
    await until(async () => row(await well('show', name), 'alpha').includes('dead'), 'the death');
    assert.match(await well('show', name), /2 peers: 1 alive, 1 dead, of 128 slots/);
  });

  it('holds the claim against what the kernel maps, and finds who is not registered', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    await alpha.ask('hole 8192 4096');
    const script =
      'import mmap, sys\nf = open(sys.argv[1], "r+b")\nm = mmap.mmap(f.fileno(), 0)\nprint("mapped", flush=True)\nsys.stdin.read()';
    const stranger = new Running([objectOf(name)], { program: ['python3', '-c', script] });
    await stranger.said('mapped');
    const text = await well('show', name);
    assert.deepEqual(row(text, 'alpha').slice(5, 7), ['64 KiB', '60 KiB']);
    assert.match(text, new RegExp(`4 KiB at 0x${(alpha.base + 8192n).toString(16)}: peermap remap mends it`));
    assert.ok(row(text, String(stranger.pid))[2]?.includes('python3'));
    const snapshot = await json<Snapshot>('show', name);
    assert.equal(snapshot.peers[0]?.missing?.[0]?.length, 4096);
    assert.equal(snapshot.strangers[0]?.pid, stranger.pid);
  });

  it('shows the heap: what is used by size and by peer', async () => {
    const name = testSegment();
    await well('create', name, '--heap', '--size', '2M');
    const { heap, header } = await json<{
      heap: { size: number; freeBytes: number; largestFree: number; faults: number };
      header: { flags: string[] };
    }>('show', name);
    assert.deepEqual(header.flags, ['heap']);
    assert.equal(heap.size, 2 << 20);
    assert.equal(heap.freeBytes, heap.size);
    assert.equal(heap.largestFree, heap.size);
    assert.equal(heap.faults, 0);
    assert.match(await well('show', name), /heap: 0 bytes used of 2 MiB, 0%/);
    const plain = testSegment();
    await well('create', plain);
    assert.equal('heap' in (await json('show', plain)), false);
  });

  it('says that every user may write an object, with the remedy; that a group may is only shown', async () => {
    interface Seen {
      object: { mode: number };
      problems: { code: string; where: string; text: string }[];
    }
    interface Listed {
      segments: { name: string; worldWritable: boolean; problem?: { code: string }; memory?: { worldWritable?: boolean } }[];
    }
    const [all, group] = [testSegment(), testSegment()];
    await well('create', all, '--mode', '0666');
    await well('create', group, '--mode', '0660');
    const shown = await well('show', all);
    assert.match(shown, /mode 0666 \(world-writable\)\n/);
    assert.match(
      shown,
      new RegExp(
        `\\n[12] problems?\\n  world-writable object: mode 0666 lets every user.*chmod o-w /dev/shm/peermap\\.${all}\\n`,
      ),
    );
    const seen = async (name: string) => {
      const { object, problems } = await json<Seen>('show', name);
      return [object.mode, ...problems.filter(({ code }) => code !== 'no-access').map(({ code, where }) => [code, where])];
    };
    assert.deepEqual(await seen(all), [0o666, ['world-writable', 'object']]);
    assert.deepEqual(await seen(group), [0o660]);
    assert.match(await well('show', group), /mode 0660\n/);
    const text = await well('ls');
    assert.deepEqual(row(text, all).slice(-2), ['0666', 'orphan, world-writable']);
    assert.deepEqual(row(text, group).slice(-2), ['0660', 'orphan']);
    const { segments } = await json<Listed>('ls');
    const facts = (name: string) =>
      segments
        .filter((each) => each.name === name)
        .map((each) => [each.worldWritable, each.problem?.code, each.memory?.worldWritable]);
    assert.deepEqual(
      [...facts(all), ...facts(group)],
      [
        [true, 'world-writable', true],
        [false, undefined, false],
      ],
    );
    const system = await well('system');
    assert.ok(row(system, `peermap.${all}`).includes('orphan, world-writable'));
    assert.ok(row(system, `peermap.${group}`).includes('orphan'));
  });

  it('ends with 4 if there is none, with 2 if there cannot be, and says so in a line', async () => {
    const missing = await peermap(['show', testSegment()]);
    assert.equal(missing.code, 4);
    assert.match(missing.err, /^peermap: test-[\w-]+: PEERMAP_ENOENT: .*peermap ls.*\n$/);
    const bad = await peermap(['show', 'a/b']);
    assert.equal(bad.code, 2);
    assert.match(bad.err, /PEERMAP_ENAME/);
  });

  it('says that it may not look, and lets the list go on', async function () {
    const nobody = asNobody();
    if (!nobody) {
      console.log('      skipped: only root can become another user');
      return this.skip();
    }
    const name = testSegment();
    const open = testSegment();
    try {
      await well('create', name);
      await well('create', open, '--mode', '0644');
      const refused = await peermap(['show', name], { program: nobody.program });
      assert.equal(refused.code, 1);
      assert.match(refused.err, /PEERMAP_EACCES: no permission to read/);
      const list = await peermap(['ls'], { program: nobody.program });
      assert.equal(list.code, 0);
      assert.ok(row(list.out, name).includes('unknown, no-access'));
      const shown = await peermap(['show', open], { program: nobody.program });
      assert.equal(shown.code, 0);
      const grown = await peermap(['grow', open, '64K'], { program: nobody.program });
      assert.equal(grown.code, 1);
      assert.match(grown.err, /PEERMAP_EACCES/);
      const system = await peermap(['system'], { program: nobody.program });
      assert.equal(system.code, 0);
      assert.match(system.out, /of other users could not be asked/);
    } finally {
      nobody.remove();
    }
  });

  it('ends quietly when nobody reads any more', async () => {
    await well('create', testSegment());
    const [command = '', ...before] = tool;
    const script = `${[command, ...before].join(' ')} system --all | head -1; echo "\${PIPESTATUS[0]}"`;
    const { out, err } = await peermap(['-c', script], { program: ['bash'] });
    assert.match(out, /^KIND.*\n(0|141)\n$/s);
    assert.equal(err, '');
  });

  it('says that it could not write', async () => {
    const { code, err } = await peermap(['-c', `${tool.join(' ')} system > /dev/full`], { program: ['bash'] });
    assert.equal(code, 1);
    assert.match(err, /standard output: No space left/);
  });
});

describe('cli: roots and hexdump', () => {
  afterEach(cleanUp);

  it('all roots are listed with their versions, and what is in one is shown by its name', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    assert.equal(await well('roots', name), 'no roots\n');
    await alpha.ask('root prices 4096 40 double[5]');
    await alpha.ask('root index 8192 16 struct_index');
    await alpha.ask('fill 4096 40 65');
    await alpha.ask('fill 8192 16 0');
    const [offset, size, version, root, type] = row(await well('roots', name), 'prices');
    assert.deepEqual([offset, size, root, type], ['0x1000', '40 bytes', 'prices', 'double[5]']);
    const { roots } = await json<Snapshot>('roots', name);
    assert.deepEqual(roots, (await json<Snapshot>('show', name)).roots);
    assert.equal(roots.find((one) => one.name === 'prices')?.version, Number(version));
    const line = '4141 4141 4141 4141 4141 4141 4141 4141  AAAAAAAAAAAAAAAA';
    assert.equal(
      await well('hexdump', name, 'prices'),
      `00001000: ${line}\n*\n00001020: 4141 4141 4141 4141                      AAAAAAAA\n`,
    );
    assert.equal(await well('hexdump', name, 'prices:4'), `00001000: ${'4141 4141'.padEnd(39)}  AAAA\n`);
    assert.equal(await well('hexdump', name, '0x1000:4'), await well('hexdump', name, 'prices:4'));
    assert.equal(await well('hexdump', name, '4K:10%'), await well('hexdump', name, '4096:6554'));
    const { root: by, hex } = await json('hexdump', name, 'prices');
    assert.deepEqual([by, hex], ['prices', '41'.repeat(40)]);
    const all = await well('hexdump', name);
    assert.match(all, /^00000000: (0000 ){8} \.{16}\n\*\n00001000: 4141.*\n\*\n00001020: .*\n00001030: .*\n\*\n0000fff0: .*\n$/);
  });

  it('what is not in the memory, or no place at all, is refused in a line', async () => {
    const name = testSegment();
    await well('create', name);
    for (const [place, code, words] of [
      ['64K', 1, /0x10000 is past its 65536 active bytes/],
      ['0:64K', 0, /^/],
      ['4K:64K', 1, /65536 bytes at 0x1000 are not in its 65536 active bytes/],
      ['prices', 1, /no root prices; peermap roots/],
      ['1.5', 2, /an offset is such as 0x10000, 65536 or 64K, or the name of a root; see peermap hexdump --help/],
      ['-1', 2, /an offset/],
      ['0:', 2, /a size is such as/],
      ['0:1.5', 2, /no part of a byte/],
      ['0:0', 2, /greater than zero/],
      ['0:1:2', 2, /a size is such as/],
    ] as const) {
      const result = await peermap(['hexdump', name, place]);
      assert.equal(result.code, code, place);
      assert.match(result.err, words);
    }
    fs.truncateSync(objectOf(name), fs.statSync(objectOf(name)).size - 4096);
    const { code, err } = await peermap(['hexdump', name, '0xf000']);
    assert.equal(code, 1);
    assert.match(err, /it ends at 0xf000 by now/);
  });
});

for (const [title, program] of [
  ['cli', tool],
  ['cli, sanitized', [sanitized]],
] as const) {
  describe(`${title}: what others wrote`, () => {
    afterEach(cleanUp);
    const all = async (name: string) => {
      const results = [];
      for (const args of [
        ['show', name],
        ['show', name, '--json'],
        ['events', name],
        ['watch', name, '--once'],
        ['watch', name, '--once', '--json'],
        ['roots', name],
        ['roots', name, '--json'],
        ['hexdump', name, '0:1K'],
        ['ls'],
        ['ls', '--json'],
        ['system'],
        ['system', '--json'],
      ]) {
        const result = await peermap(args, { program: [...program] });
        assert.ok(result.code === 0 || result.code === 1, `${args.join(' ')}: ${result.err}`);
        assert.equal(result.signal, null);
        assert.ok(isTame(result.out) && isTame(result.err), JSON.stringify(result));
        if (args.includes('--json')) JSON.parse(result.out);
        results.push(result.out);
      }
      return results;
    };

    it('garbage is shown as a problem', async () => {
      const name = testSegment();
      object(`peermap.${name}`, Buffer.from(Array.from({ length: 300000 }, (_, i) => (i * 7919) % 251)));
      const [text = ''] = await all(name);
      assert.match(text, /problems?\n {2}not-a-segment/);
    });

    it('an object that was cut short is shown as far as it goes', async () => {
      const name = testSegment();
      await well('create', name);
      fs.truncateSync(objectOf(name), 5000);
      const [text = ''] = await all(name);
      assert.match(text, /truncated/);
      fs.truncateSync(objectOf(name), 100);
      await all(name);
      fs.truncateSync(objectOf(name), 0);
      await all(name);
    });

    it('a name with escape sequences, and one that is no UTF-8, do not reach the terminal', async () => {
      const name = testSegment();
      await Peer.start(name, 'alpha-with-a-name', 'create', 65536);
      rename(name, 'alpha-with-a-name', Buffer.from('\u001b]0;owned\u0007\u202eX'));
      const [text = ''] = await all(name);
      assert.match(text, /\?\]0;owned\?/);
      rename(name, '\u001b]0;owned', Buffer.from([0xff, 0xfe, 0x9b, 0x33, 0x31, 0x6d, 0xc2, 0x9b, 0x00]));
      await all(name);
    });

    it('random bytes anywhere in the header harm nothing', async () => {
      const name = testSegment();
      await Peer.start(name, 'alpha', 'create', 65536);
      const heap = testSegment();
      await well('create', heap, '--heap');
      let state = 12345;
      const random = (below: number) => (state = (state * 1103515245 + 12345) % 2147483648) % below;
      const original = fs.readFileSync(objectOf(name));
      const copy = testSegment();
      for (let round = 0; round < 12; round += 1) {
        const bytes = Buffer.from(original);
        for (let i = 0; i < 1 << (round % 6); i += 1) bytes[round % 2 === 0 ? random(1024) : random(40000)] = random(256);
        object(`peermap.${copy}`, bytes);
        for (const args of [
          ['show', copy],
          ['show', copy, '--json'],
          ['events', copy],
          ['roots', copy, '--json'],
          ['hexdump', copy],
        ]) {
          const result = await peermap(args, { program: [...program] });
          assert.ok((result.code === 0 || result.code === 1) && isTame(result.out), `${args.join(' ')}: ${result.err}`);
          if (args.includes('--json')) JSON.parse(result.out);
        }
      }
    });
  });
}
