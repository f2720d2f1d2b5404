// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { parseSize } from '../../extension/protocol/address';
import type { Round } from '../../native/addon/model';
import { mapsAll, objectOf, Peer, testSegment, until } from '../peers/drive';
import { asNobody, cleanUp, json, object, peermap, row, Running, tool, well } from './cli';

interface Report extends Round {
  op: string;
  before: number;
  error?: { code: string; text: string };
}

/** Of the header: layout.h. */
const registryLock = Number(/PM_AT\(pm_header, registry_lock, (\d+)\)/.exec(readFileSync('native/base/layout.h', 'utf8'))?.[1]);

const verbs = [['grow', '64K'], ['shrink', '64K'], ['remap'], ['trim'], ['reap']] as const;

describe('cli: segments of another user', () => {
  afterEach(cleanUp);

  it('are changed only if that is asked for, and everything that only looks needs nothing', async function () {
    const nobody = asNobody();
    if (!nobody) {
      console.log('      skipped: only root can become another user');
      return this.skip();
    }
    const [own, name] = [testSegment(), testSegment()];
    const { program } = nobody;
    const bytes = () => readFileSync(`/dev/shm/peermap.${name}`);
    try {
      await well('create', own, '--mode', '0666');
      const made = await peermap(['create', name, '--mode', '0666', '--heap', '--size', '1M'], { program });
      assert.equal(made.code, 0, made.err);
      const before = bytes();
      for (const [verb, ...more] of verbs) {
        const { code, out, err } = await peermap([verb, name, ...more]);
        assert.deepEqual([code, out], [1, ''], verb);
        assert.match(
          err,
          new RegExp(
            `^peermap: ${name}: PEERMAP_EACCES: it belongs to nobody \\(uid 65534\\), and this is root.*--owner with that uid, or --foreign\n$`,
          ),
        );
      }
      assert.ok(bytes().equals(before));
      const roots = await peermap(['grow', own, '64K'], { program });
      assert.match(roots.err, /it belongs to root \(uid 0\), and this is nobody/);
      for (const [verb, ...more] of verbs) assert.equal((await peermap([verb, name, ...more, '--foreign'])).code, 0, verb);
      assert.equal((await peermap(['grow', own, '64K', '--foreign'], { program })).code, 0);
      for (const [verb, ...more] of verbs) {
        assert.equal((await peermap([verb, name, ...more, '--owner', '65534'])).code, 0, verb);
        const other = await peermap([verb, name, ...more, '--owner=1', '--foreign']);
        assert.equal(other.code, 1, verb);
        assert.match(
          other.err,
          /PEERMAP_EACCES: it belongs to nobody \(uid 65534\), not to uid 1, as --owner demands: somebody else/,
        );
      }
      assert.match(
        (await peermap(['grow', own, '64K', '--owner', '65534'])).err,
        /it belongs to root \(uid 0\), not to uid 65534/,
      );
      for (const wrong of ['-1', '4294967295', '1x', ''])
        assert.equal((await peermap(['reap', name, '--owner', wrong])).code, 2, wrong);
      for (const verb of ['show', 'events']) await well(verb, name);
      assert.ok((await well('ls')).includes(name));
    } finally {
      nobody.remove();
    }
  });

  it('are told from those that their mode keeps to their owner', async function () {
    const nobody = asNobody();
    if (!nobody) return this.skip();
    const name = testSegment();
    try {
      await well('create', name);
      for (const more of [[], ['--foreign']]) {
        const { err } = await peermap(['grow', name, '64K', ...more], { program: nobody.program });
        assert.match(err, /PEERMAP_EACCES: cannot open segment .* see the owner and mode of/);
      }
    } finally {
      nobody.remove();
    }
  });
});

describe('cli: grow and shrink', () => {
  afterEach(cleanUp);

  it('maps the memory in every peer, and tells how each came to it', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const text = await well('grow', name, '64K');
    assert.match(text, new RegExp(`^${name} \\+64 KiB, 128 KiB in every peer after .*, epoch 2\n`));
    assert.equal(row(text, 'alpha')[3], 'mapped it, by its agent');
    assert.match(text, /peermap-cli-\d+ .* mapped it itself/);
    assert.ok(mapsAll(alpha, name, 131072));
    const report = await json<Report>('grow', name, '+50%');
    assert.deepEqual([report.op, report.before, report.size, report.late], ['grow', 131072, 196608, 0]);
    assert.equal(report.results.length, 2);
    assert.equal((await json<Report>('shrink', name, '128 KiB', '--force')).size, 65536);
    assert.deepEqual(await alpha.ask('size'), ['65536']);
  });

  it('leaves no slot behind, not even of a call that is interrupted', async () => {
    const name = testSegment();
    await Peer.start(name, 'alpha', 'create', 65536);
    const held = await Peer.start(name, 'held', 'no-ptrace');
    held.signal('SIGSTOP');
    const growth = new Running(['grow', name, '64K', '--deadline', '60000']);
    await until(async () => (await well('events', name)).includes('round begins'), 'the round');
    growth.child.kill('SIGINT');
    held.signal('SIGCONT');
    await growth.ended;
    assert.equal(growth.child.signalCode, 'SIGINT');
    const { peers } = await json<{ peers: { name: string }[] }>('show', name);
    assert.deepEqual(peers.map((peer) => peer.name).sort(), ['alpha', 'held']);
  });

  it('names the stopped peer that holds up a strict growth, and goes on without it if asked to', async () => {
    const name = testSegment();
    await Peer.start(name, 'alpha', 'create', 65536);
    const beta = await Peer.start(name, 'beta', 'no-ptrace');
    beta.signal('SIGSTOP');
    const refused = await peermap(['grow', name, '64K', '--deadline', '200']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`^peermap: ${name}: PEERMAP_ETIMEDOUT: peer beta .*${beta.pid}.*\n$`));
    assert.match(refused.out, /beta +did not map it: it is stopped, and its agent must not be run from outside/);
    assert.ok(!refused.out.includes('in every peer'));
    const asJson = await peermap(['grow', name, '64K', '--deadline', '200', '--json']);
    assert.equal(asJson.code, 1);
    const report = JSON.parse(asJson.out) as Report;
    assert.equal(report.error?.code, 'PEERMAP_ETIMEDOUT');
    assert.deepEqual(report.blocker, { pid: beta.pid, name: 'beta' });
    const allowed = await well('grow', name, '64K', '--deadline', '200', '--allow-late');
    assert.match(allowed, /128 KiB in all but 1 peer that did not answer/);
    beta.signal('SIGCONT');
    await until(() => mapsAll(beta, name, 131072), 'the late peer');
  });

  it('has one deadline for all that a command waits for', async () => {
    const name = testSegment();
    const held = await Peer.start(name, 'held', 'create', 65536, 'no-ptrace');
    await Peer.start(name, 'alpha');
    held.signal('SIGSTOP');
    const agent = readdirSync(`/proc/${held.pid}/task`).find((thread) => thread !== String(held.pid));
    const lock = (thread: number) => {
      const file = openSync(objectOf(name), 'r+');
      writeSync(file, Buffer.from(Uint32Array.of(thread).buffer), 0, 4, registryLock);
      closeSync(file);
    };
    lock(Number(agent));
    const begun = performance.now();
    setTimeout(() => lock(0), 1600);
    const { code, err } = await peermap(['grow', name, '64K', '--deadline', '2000']);
    const took = performance.now() - begun;
    assert.equal(code, 1);
    assert.match(err, /PEERMAP_ETIMEDOUT: peer held/);
    assert.ok(took > 1900 && took < 3000, `${String(took)} ms`);
    for (const wrong of ['0', '-1', '4294967296', '1.5', 'NaN', '']) {
      const refused = await peermap(['grow', name, '64K', '--deadline', wrong]);
      assert.deepEqual([refused.code, refused.err.includes('--deadline takes a number from 1 to 4294967295')], [2, true], wrong);
    }
  });

  it('says in a line what cannot be: past the reservation, less than nothing', async () => {
    const name = testSegment();
    await well('create', name, '--reserve', '1M');
    const grown = await peermap(['grow', name, '2M']);
    assert.equal(grown.code, 1);
    assert.match(
      grown.err,
      /^peermap: .*: PEERMAP_ELIMIT: .* has \d+ of at most \d+ bytes: no room for \d+ more; create it with a larger --reserve\n$/,
    );
    assert.equal((await peermap(['shrink', name, '1G'])).code, 1);
    assert.equal((await peermap(['grow', testSegment(), '64K'])).code, 4);
  });

  it('shows by how much the size changed, however little that is, and what was rounded', async () => {
    const name = testSegment();
    assert.match(
      await well('create', name, '--size', '1048000'),
      /created: 1 MiB \(1023.44 KiB, rounded up to pages of 4 KiB\) at 0x/,
    );
    assert.match(await well('grow', name, '4K'), new RegExp(`^${name} \\+4 KiB, 1.004 MiB in every peer`));
    assert.match(
      await well('grow', name, '64'),
      /^[\w-]+ \+4 KiB \(64 bytes, rounded up to pages of 4 KiB\), 1.008 MiB in every peer/,
    );
    assert.match(
      await well('shrink', name, '5K'),
      /^[\w-]+ -4 KiB \(5 KiB, rounded down to pages of 4 KiB\), 1.004 MiB in every peer/,
    );
    const events = await well('events', name);
    assert.match(events, /to 1.004 MiB in .*asking nobody/);
    assert.match(events, /shrinking, 1.008 MiB -> 1.004 MiB/);
    for (const [args, words] of [
      [['grow', name, '-4K'], /a size cannot be negative; peermap shrink takes memory away; see peermap grow --help\n$/],
      [['shrink', name, '-4K'], /a size cannot be negative; peermap grow adds memory/],
      [['grow', name, '1.5'], /there is no part of a byte/],
    ] as const) {
      const { code, err } = await peermap([...args]);
      assert.equal(code, 2);
      assert.match(err, words);
    }
  });

  it('grows to a size, once', async () => {
    const name = testSegment();
    await well('create', name);
    assert.match(await well('grow', name, '--to', '1M'), new RegExp(`^${name} \\+960 KiB, 1 MiB in every peer`));
    assert.match(await well('grow', name, '--to=100K'), /grow: 1 MiB already/);
    assert.equal((await json<Report>('grow', name, '--to', '1M')).size, 1 << 20);
    for (const args of [['64K', '--to', '1M'], [], ['--to', '+64K'], ['--to', '50%'], ['--to', '0']])
      assert.equal((await peermap(['grow', name, ...args])).code, 2, args.join(' '));
  });

  it('a shrink refuses while others have it or a root lies in what goes, unless it is forced', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 1 << 20);
    for (const root of ['one', 'two', 'three', 'four', 'five']) await alpha.ask(`root ${root} ${(1 << 20) - 4096} 8 long`);
    const refused = await peermap(['shrink', name, '64K']);
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      new RegExp(
        `alpha \\(${alpha.pid}\\) has it, and roots five, four, one, three and 1 other lie in its last 64 KiB, which is lost; --force`,
      ),
    );
    await alpha.ask('detach');
    await alpha.end();
    assert.match(
      (await peermap(['shrink', name, '4K'])).err,
      /: roots five.* lie in its last 4 KiB, which is lost; --force shrinks it all the same\n$/,
    );
    assert.equal((await json<Report>('shrink', name, '64K', '--force')).size, (1 << 20) - 65536);
    assert.equal((await json<Report>('shrink', name, '64K')).size, (1 << 20) - 131072);
    const other = testSegment();
    await Peer.start(other, 'beta', 'create', 65536);
    assert.equal((await peermap(['shrink', other, '128K'])).code, 1);
    assert.match((await peermap(['shrink', other, '4K'])).err, /beta \(\d+\) has it, and what is in its last 4 KiB is lost/);
  });

  it('takes sizes as the extension does', async () => {
    const texts = [
      '64K',
      '2 MiB',
      '0x10000',
      '1.5 MiB',
      '65536',
      '100kb',
      '+3m',
      '7 bytes',
      '1.25k',
      '1.5',
      '0.5 bytes',
      ' 64 K ',
      '64Q',
      '',
      '-1',
      '0x',
      '0x10K',
      '1e3',
      '1.',
      '.5K',
      '0',
      '9999999G',
      'K',
      '4 K B',
      '99999999999999999999',
      '0xffffffffffffffffff',
    ];
    for (const text of texts) {
      const name = testSegment();
      const parsed = parseSize(text, 0);
      const result = await peermap(['create', name, '--size', text, '--json']);
      if (parsed.kind === 'error') {
        assert.equal(result.code, 2, `${text}: ${result.out}${result.err}`);
      } else {
        const { size } = JSON.parse(result.out) as { size: number };
        assert.equal(size, Math.ceil(parsed.bytes / 4096) * 4096, text);
      }
    }
    for (const text of ['+25%', '12.5 %', '100%']) {
      const name = testSegment();
      await well('create', name, '--size', '1M');
      const parsed = parseSize(text, 1 << 20);
      assert.ok(parsed.kind === 'bytes');
      assert.equal((await json<Report>('grow', name, text)).size, (1 << 20) + parsed.bytes);
    }
  });
});

describe('cli: the other commands', () => {
  afterEach(cleanUp);

  it('remap mends a hole, in one peer or in all', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    await alpha.ask('hole 8192 4096');
    assert.equal(mapsAll(alpha, name, 65536), false);
    assert.match(await well('remap', name, String(alpha.pid)), /alpha .* mapped it, by its agent/);
    assert.ok(mapsAll(alpha, name, 65536));
    assert.equal((await json<Report>('remap', name)).acked, 2);
    const nobody = await peermap(['remap', name, '4194304']);
    assert.equal(nobody.code, 1);
    assert.match(nobody.err, /PEERMAP_ESRCH/);
    assert.equal((await peermap(['remap', name, 'alpha'])).code, 2);
  });

  it('reap frees the slots of the dead', async () => {
    const name = testSegment();
    await Peer.start(name, 'alpha', 'create', 65536);
    const beta = await Peer.start(name, 'beta');
    assert.match(await well('reap', name), /no slot freed/);
    await beta.end();
    assert.deepEqual(await json('reap', name), { segment: name, freed: 1 });
  });

  it('create makes what the options say', async () => {
    const name = testSegment();
    await well(
      'create',
      name,
      '--size',
      '1M',
      '--reserve',
      '1G',
      '--max-peers',
      '7',
      '--mode',
      '0640',
      '--strict',
      '--no-ptrace',
    );
    const { header, object: facts } = await json<{
      header: { active: number; reserved: number; slots: number; flags: string[] };
      object: { mode: number };
    }>('show', name);
    assert.deepEqual(header.flags, ['strict', 'noPtrace']);
    assert.deepEqual([header.active, header.reserved, header.slots, facts.mode], [1 << 20, 1 << 30, 7, 0o640]);
    const again = await peermap(['create', name]);
    assert.equal(again.code, 1);
    assert.match(again.err, /PEERMAP_EEXIST/);
    assert.equal((await peermap(['create', testSegment(), '--mode', '9'])).code, 2);
  });

  it('trim gives a heap back, and refuses where there is none', async () => {
    const name = testSegment();
    await well('create', name, '--heap', '--size', '4M');
    const report = await json<Report>('trim', name);
    assert.equal(report.before, 4 << 20);
    assert.ok(report.size < report.before);
    const plain = testSegment();
    await well('create', plain);
    const refused = await peermap(['trim', plain]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /PEERMAP_EINVAL/);
  });

  it('an object that was cut short is told so by those who look and by those who change, with one remedy', async () => {
    const name = testSegment();
    await well('create', name, '--size', '1M');
    truncateSync(objectOf(name), statSync(objectOf(name)).size - 4096);
    const words = /was cut short from outside: .* are left.*; destroy it, and create it anew/;
    assert.match(await well('show', name), words);
    const { code, err } = await peermap(['grow', name, '64K']);
    assert.equal(code, 1);
    assert.match(err, words);
    assert.match(err, /PEERMAP_ELOST/);
    await well('destroy', name);
  });

  it('destroy refuses while somebody has it, and when it cannot be sure, unless it is forced', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const refused = await peermap(['destroy', name]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`alpha \\(${alpha.pid}\\) has it.*--force`));
    assert.ok(existsSync(objectOf(name)));
    await well('destroy', name, '--force');
    assert.ok(!existsSync(objectOf(name)));

    // Whatever is in it: nobody has it, says the kernel.
    const garbage = testSegment();
    object(`peermap.${garbage}`, 'not a segment');
    await well('destroy', garbage);
    assert.ok(!existsSync(objectOf(garbage)));

    const unused = testSegment();
    await well('create', unused);
    assert.deepEqual(await json('destroy', unused), { segment: unused, destroyed: true });
    assert.equal((await peermap(['destroy', unused])).code, 4);
  });
});

describe('cli: questions', () => {
  afterEach(cleanUp);

  it('on a terminal a shrink and a dump over a file ask, and do what is said', async () => {
    const name = testSegment();
    const folder = mkdtempSync('/tmp/peermap-test-');
    const file = `${folder}/a`;
    await Peer.start(name, 'alpha', 'create', 1 << 20);
    const answered = async (answer: string, ...args: string[]) => {
      const one = new Running([...tool, ...args], { program: ['python3', 'test/cli/terminal.py'] });
      await one.said('[y/N]');
      one.say(`key ${answer}\r`);
      await one.ended;
      return one.out;
    };
    try {
      writeFileSync(file, 'precious');
      assert.match(await answered('n', 'shrink', name, '64K'), /alpha .* is lost\.[^]*Shrink [^]*not shrunk/);
      assert.match(await answered('', 'dump', name, file), /this file exists already\.[^]*Replace it[^]*not replaced/);
      assert.equal(readFileSync(file, 'utf8'), 'precious');
      assert.match(await answered('y', 'dump', name, file), /dumped to/);
      assert.match(await answered('y', 'shrink', name, '64K'), /-64 KiB, 960 KiB/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("cli: a folder of one's own", () => {
  afterEach(cleanUp);

  it('has the segments of every command, by option or environment, and nobody else sees them', async () => {
    const folder = mkdtempSync('/dev/shm/test-');
    const [name, copied] = [testSegment(), testSegment()];
    const there = (...args: string[]) => well(...args, '--directory', folder);
    try {
      await there('create', name, '--max-roots', '7');
      assert.ok(existsSync(`${folder}/peermap.${name}`));
      assert.deepEqual((await there('ls', '--names')).split('\n'), [name, '']);
      await there('grow', name, '64K');
      assert.match(await there('show', name), new RegExp(`^${name} +${folder}/peermap.${name}\n`));
      await there('dump', name, `${folder}/a`);
      await there('copy', name, copied);
      await there('load', `${folder}/a`, `${copied}-b`);
      for (const each of [name, copied, `${copied}-b`]) await there('destroy', each);
      assert.deepEqual(readdirSync(folder), ['a']);
      const byEnvironment = { env: { PEERMAP_DIR: folder } };
      assert.equal((await peermap(['create', name], byEnvironment)).code, 0);
      assert.equal((await peermap(['show', name])).code, 4);
      assert.equal((await peermap(['hexdump', name, ':16', `--directory=${folder}`])).code, 0);
      assert.equal((await peermap(['ls'], { env: { PEERMAP_DIR: 'dev/shm' } })).code, 2);
      assert.match((await peermap(['ls', '--directory', `${folder}/none`])).err, /none: No such file or directory\n$/);
      assert.match((await peermap(['copy', name, copied, '--directory', `${folder}/a`])).err, /not a directory/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('cli: --readonly', () => {
  afterEach(cleanUp);

  it('refuses whatever changes something, with 3, and nothing else', async () => {
    const name = testSegment();
    await well('create', name);
    const before = statSync(objectOf(name));
    const writes = [
      ['grow', name, '64K'],
      ['shrink', name, '4K'],
      ['remap', name],
      ['trim', name],
      ['reap', name],
      ['objects', name],
      ['create', testSegment()],
      ['destroy', name],
      ['dump', name, '/tmp/none'],
      ['load', '/tmp/none', testSegment()],
      ['copy', name, testSegment()],
    ];
    for (const args of writes) {
      const byOption = await peermap(['--readonly', ...args]);
      assert.equal(byOption.code, 3, args[0]);
      assert.match(byOption.err, /--readonly/);
      assert.equal((await peermap(args, { env: { PEERMAP_READONLY: '1' } })).code, 3, args[0]);
    }
    for (const args of [['ls'], ['show', name], ['events', name], ['system'], ['watch', name, '--once']])
      assert.equal((await peermap([...args, '--readonly'])).code, 0, args[0]);
    const after = statSync(objectOf(name));
    assert.deepEqual([after.ino, after.size, after.mtimeMs], [before.ino, before.size, before.mtimeMs]);
    assert.equal((await peermap(['grow', name, '64K'], { env: { PEERMAP_READONLY: '0' } })).code, 0);
  });
});
