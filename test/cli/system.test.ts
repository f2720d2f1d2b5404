// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { heldUp, Peer, testSegment, until } from '../peers/drive';
import { atExit } from '../at-exit';
import { asNobody, cleanUp, json, object, peermap, row, Running, tool, well } from './cli';

interface Memory {
  kind: string;
  name?: string;
  id?: number;
  size: number;
  sizeKnown: boolean;
  allocated?: number;
  mode?: number;
  attached?: number;
  removed: boolean;
  orphan: string;
  reason: string;
  reasonText: string;
  nameBefore?: string;
  users: { pid: number; command: string; mapped: number; mappings: number; descriptors: number }[];
}

interface System {
  memory: Memory[];
  limits: { shmSize?: number; shmmax?: number; shmall?: number; shmmni?: number };
  asked: number;
  hidden: number;
  whole: boolean;
}

/** The tool in a pid namespace of its own, where no process of the machine is to be seen: as in a container that shares /dev/shm. */
const inside = ['unshare', '--pid', '--fork', '--mount-proc', ...tool];

async function hasNamespaces(): Promise<boolean> {
  return (await peermap(['--version'], { program: inside })).code === 0;
}

/** A process that has this file open, by a descriptor that is on its way through a socket, where no look at /proc finds it. */
async function sender(file: string): Promise<Running> {
  const script = `
import os, socket, sys
a, b = socket.socketpair()
fd = os.open(sys.argv[1], os.O_RDWR)
socket.send_fds(a, [b"x"], [fd])
os.close(fd)
print("sent", flush=True)
sys.stdin.read()`;
  const one = new Running(['-c', script, file], { program: ['python3'] });
  await one.said('sent');
  return one;
}

let count = 0;

/** A process that has one of each, and what `system` says of each. */
async function start(): Promise<{ name: string; segment: number; orphan: number; holder: Running; finish: () => Promise<void> }> {
  const name = `test-${process.pid}-memory-${++count}`;
  const holder = new Running([name], { program: ['python3', 'test/cli/memory.py'] });
  atExit(() => rmSync(`/dev/shm/${name}`, { force: true }));
  await holder.said(/^ready \d+ \d+\n/);
  const [, segment, orphan] = holder.out.trim().split(' ').map(Number);
  const finish = async () => {
    holder.child.stdin?.end();
    await holder.ended;
  };
  return { name, segment: segment ?? -1, orphan: orphan ?? -1, holder, finish };
}

async function find(segment: string): Promise<Memory> {
  const { memory } = await json<System>('system');
  const found = memory.find((each) => each.name === `peermap.${segment}`);
  assert.ok(found, segment);
  return found;
}

describe('cli: system', () => {
  afterEach(cleanUp);

  it('sees every kind of shared memory, how large it is, and who has it', async () => {
    const { name, segment, orphan, holder, finish } = await start();
    try {
      const { memory, limits, asked } = await json<System>('system');
      const find = (what: string, test: (one: Memory) => boolean) => {
        const found = memory.find(test);
        assert.ok(found, `${what} in ${JSON.stringify(memory)}`);
        return found;
      };
      const ours = (one: Memory) => one.users.some(({ pid }) => pid === holder.pid);

      const memfd = find('memfd', (one) => one.kind === 'memfd' && one.name === name);
      assert.deepEqual([memfd.size, memfd.sizeKnown, memfd.allocated], [3 << 20, true, 4096]);
      assert.deepEqual([memfd.users[0]?.pid, memfd.users[0]?.mapped], [holder.pid, 3 << 20]);
      assert.match(memfd.users[0]?.command ?? '', /memory\.py/);
      const open = find('open memfd', (one) => one.kind === 'memfd' && one.name === `${name}-open`);
      assert.deepEqual([open.size, open.users[0]?.mappings, open.users[0]?.descriptors], [12288, 0, 1]);

      const sysv = find('System V', (one) => one.kind === 'sysv' && one.id === segment);
      assert.deepEqual([sysv.size, sysv.mode, sysv.attached, sysv.orphan], [7 << 20, 0o640, 1, 'no']);
      assert.ok(ours(sysv));
      const unattached = find('orphan', (one) => one.kind === 'sysv' && one.id === orphan);
      assert.deepEqual([unattached.attached, unattached.orphan, unattached.users], [0, 'yes', []]);

      const posix = find('POSIX', (one) => one.kind === 'posix' && one.name === name);
      assert.deepEqual([posix.size, posix.removed, posix.orphan], [1 << 20, false, 'no']);
      const gone = find('removed', (one) => one.kind === 'posix' && one.name === `${name}-gone`);
      assert.equal(gone.removed, true);
      find('anonymous', (one) => one.kind === 'anonymous' && one.size === 5 << 20 && ours(one));

      assert.ok((limits.shmmni ?? 0) > 0 && (limits.shmmax ?? 0) > 0 && limits.shmSize !== undefined);
      assert.ok(asked > 0);
    } finally {
      await finish();
    }
  });

  it('says the same for people, orphans alone if asked to', async () => {
    const { name, orphan, holder, finish } = await start();
    const left = `test-${process.pid}-left`;
    object(left, Buffer.alloc(4096));
    try {
      const text = await well('system');
      assert.match(text, new RegExp(`^memfd +${name} +3 MiB +4 KiB `, 'm'));
      assert.match(text, new RegExp(`^posix +${name} +1 MiB `, 'm'));
      assert.ok(row(text, `id ${orphan} (private)`).includes('orphan'));
      assert.match(text, new RegExp(` ${holder.pid} +\\S+ +3 MiB +\\S*python3.* `));
      assert.match(text, /^System V +\d+ of \d+ segments/m);
      assert.match(text, /^\/dev\/shm +.* used of /m);
      const orphans = await well('system', '--orphans');
      assert.ok(row(orphans, left).includes('orphan'));
      assert.ok(!orphans.includes(`${name}-gone`));
    } finally {
      await finish();
    }
  });

  it('shows the segments of this library with the others', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const { memory } = await json<System>('system');
    const segment = memory.find((one) => one.name === `peermap.${name}`);
    assert.deepEqual(
      segment?.users.map(({ pid }) => pid),
      [alpha.pid],
    );
  });

  it('calls nothing an orphan that somebody has beyond the border of its pid namespace, and destroys nothing of that', async function () {
    if (!(await hasNamespaces())) {
      console.log('      skipped: no pid namespace can be made here');
      this.skip();
    }
    const { name, finish } = await start();
    const segment = testSegment();
    const left = `test-${process.pid}-left`;
    const held = testSegment();
    object(left, Buffer.alloc(4096));
    try {
      const alpha = await Peer.start(segment, 'alpha', 'create', 65536);
      await well('create', held);
      const keeper = new Running(['-c', `exec sleep 1000 < /dev/shm/peermap.${held}`], { program: ['bash'] });
      await until(async () => (await find(held)).users.length > 0, 'somebody to have it open');
      const { out } = await peermap(['system', '--json'], { program: inside });
      const { memory, whole } = JSON.parse(out) as System;
      const verdict = (object: string) => {
        const one = memory.find((each) => each.kind === 'posix' && each.name === object);
        return [one?.orphan, one?.reason, one?.users.length];
      };
      assert.equal(whole, false);
      assert.deepEqual(verdict(name), ['no', 'unseen', 0]);
      assert.deepEqual(verdict(`peermap.${held}`), ['no', 'unseen', 0]);
      assert.deepEqual(verdict(`peermap.${segment}`), ['no', 'registered', 0]);
      assert.deepEqual(verdict(left), ['yes', 'leased', 0]);
      const text = (await peermap(['system'], { program: inside })).out;
      assert.match(text, new RegExp(`${name} .* in use\\n +a process has it that cannot be seen from here`));
      assert.match(text, /asked, all that can be seen from here/);
      const orphans = (await peermap(['system', '--orphans'], { program: inside })).out;
      assert.ok(row(orphans, left).includes('orphan') && !orphans.includes(name) && !orphans.includes(segment));

      const refused = await peermap(['destroy', held], { program: inside });
      assert.equal(refused.code, 1);
      assert.match(refused.err, /a process has it that cannot be seen from here, .*; --force/);
      assert.equal((await peermap(['destroy', segment], { program: inside })).code, 1);
      assert.ok(existsSync(`/dev/shm/peermap.${held}`) && existsSync(`/dev/shm/peermap.${segment}`));
      await keeper.end();
      await alpha.end();
    } finally {
      await finish();
    }
  });

  it('asks the kernel, which counts a descriptor on its way through a socket', async () => {
    const name = testSegment();
    await well('create', name);
    const one = await sender(`/dev/shm/peermap.${name}`);
    const { orphan, reason, reasonText } = await find(name);
    assert.deepEqual([orphan, reason], ['no', 'unseen']);
    assert.match(reasonText, /cannot be seen from here/);
    assert.equal((await peermap(['destroy', name])).code, 1);
    await one.end();
    assert.equal((await find(name)).orphan, 'yes');
    await well('destroy', name);
  });

  it('sees who maps an object by a bind mount, and says what a second hard link of it keeps', async function () {
    const name = testSegment();
    await well('create', name);
    const script = [
      'import mmap, os, sys',
      "fd = os.open(sys.argv[1], os.O_RDWR); kept = mmap.mmap(fd, 4096); os.close(fd); print('ready', flush=True); sys.stdin.read()",
    ].join('\n');
    const mounted = `touch "$1" && mount --bind "$2" "$1" && exec python3 -c "$3" "$1"`;
    const target = path.join(tmpdir(), `${name}.bound`);
    const child = spawn('unshare', ['-m', 'sh', '-c', mounted, 'sh', target, `/dev/shm/peermap.${name}`, script]);
    const ended = once(child, 'close');
    try {
      const ready = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
      if (!ready) this.skip();
      assert.deepEqual([(await find(name)).orphan, (await find(name)).reason], ['no', 'seen']);
    } finally {
      child.stdin.end();
      await ended;
      rmSync(target, { force: true });
    }
    const other = `peermap.${testSegment()}`;
    linkSync(`/dev/shm/peermap.${name}`, `/dev/shm/${other}`);
    assert.match(await well('destroy', name), /destroyed; its memory stays, under another name/);
    rmSync(`/dev/shm/${other}`);
  });

  it('says what it cannot know, and why, to who does not own an object', async function () {
    const nobody = asNobody();
    if (!nobody) this.skip();
    const name = testSegment();
    try {
      await well('create', name, '--mode', '0644');
      const { out } = await peermap(['system', '--json'], { program: nobody.program });
      const one = (JSON.parse(out) as System).memory.find((each) => each.name === `peermap.${name}`);
      assert.deepEqual([one?.orphan, one?.reason], ['unknown', 'not-owner']);
      const text = (await peermap(['system'], { program: nobody.program })).out;
      assert.match(
        text,
        new RegExp(`peermap\\.${name} .* unknown\\n +nobody was seen to have it, but the kernel tells only its owner`),
      );
      const orphans = (await peermap(['system', '--orphans'], { program: nobody.program })).out;
      assert.ok(!orphans.includes(name));
      const refused = await peermap(['destroy', name], { program: nobody.program });
      assert.equal(refused.code, 1);
      assert.match(refused.err, /PEERMAP_EACCES: .*only its owner and root.*this user may not remove it/);
      assert.doesNotMatch(refused.err, /--force/, 'which would not help');
      const forced = await peermap(['destroy', name, '--force'], { program: nobody.program });
      assert.equal(forced.code, 1);
      assert.match(forced.err, /PEERMAP_EACCES: this user may not remove it/);
      assert.ok(existsSync(`/dev/shm/peermap.${name}`));
    } finally {
      nobody.remove();
      await well('destroy', name);
    }
  });

  it('names what a removal left behind that was interrupted; destroy ends that', async () => {
    const name = testSegment();
    const aside = `.peermap-removing.0.peermap.${name}`;
    object(aside, 'x');
    assert.match(await well('system'), new RegExp(`${aside} .*being removed\\n.* it was called peermap\\.${name}`));
    const { memory } = await json<System>('system');
    assert.equal(memory.find((each) => each.name === aside)?.nameBefore, `peermap.${name}`);
    await well('destroy', name);
    assert.ok(!existsSync(`/dev/shm/${aside}`));
    assert.equal((await peermap(['destroy', name])).code, 4);
  });

  it('does not mind processes that end while it looks', async () => {
    const busy = new Running(['-c', 'while :; do /bin/true; done'], { program: ['bash'] });
    for (let i = 0; i < 10; i += 1) await json('system');
    await busy.end();
  });

  it('answers though a process is held up in the kernel, and says so', async function () {
    const name = testSegment();
    await Peer.start(name, 'peer', 'create', 65536);
    const stuck = await heldUp();
    if (!stuck) this.skip();
    try {
      const said = new RegExp(`/proc/${stuck.pid}: the memory of held-up is held up`);
      assert.match(await well('system'), new RegExp(`not seen +${said.source}`));
      assert.match(await well('ls'), new RegExp(`${name} `));
      const { problems } = await json<{ problems: { code: string; where: string }[] }>('ls');
      assert.ok(problems.some(({ code, where }) => code === 'left-out' && where === `/proc/${stuck.pid}`));
      assert.match(await well('show', name), /peer/);
    } finally {
      await stuck.end();
    }
    assert.doesNotMatch(await well('system'), /held up/);
  });
});
