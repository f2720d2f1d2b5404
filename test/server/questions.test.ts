// SPDX-License-Identifier: MIT
//
// What only the server can tell the page: bytes, the heap, what is in memory, what /proc says; and removing what nobody has.

import * as assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { containerOf } from '../../extension/server/facts';
import { idOf } from '../../extension/protocol/object-id';
import { cleanUp, objectIdOf, objectOf, Peer, root, testSegment, until } from '../peers/drive';
import { Client } from './client';

const mib = 1 << 20;
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('questions', function () {
  this.timeout(180_000);
  let segment: string;
  const files: string[] = [];
  const others: ChildProcess[] = [];

  beforeEach(() => (segment = testSegment()));
  afterEach(async () => {
    await Client.endAll();
    await cleanUp();
    for (const other of others.splice(0)) other.kill('SIGKILL');
    for (const file of files.splice(0)) fs.rmSync(file, { force: true });
  });

  /** Into the object itself, from outside, as a peer would write. */
  async function written(client: Client, texts: Record<number, string>): Promise<void> {
    const { value } = await client.request('peermap/snapshot', { segment });
    const file = fs.openSync(objectOf(segment), 'r+');
    for (const [offset, text] of Object.entries(texts))
      fs.writeSync(file, text, (value.header?.headerLength ?? 0) + Number(offset));
    fs.closeSync(file);
  }

  describe('memory', () => {
    it('is read from the data, from the header before it, and ends where the object does', async () => {
      await Peer.start(segment, 'writer', 'create', 64 * 1024, 'ahead', 0);
      const client = await Client.start();
      await written(client, { 100: 'quotes' });
      const { bytes } = await client.request('peermap/read', { segment, offset: 98, length: 10 });
      assert.equal(Buffer.from(bytes, 'base64').toString('latin1'), '\0\0quotes\0\0');

      const { value } = await client.request('peermap/snapshot', { segment });
      const headerLength = value.header?.headerLength ?? 0;
      const header = await client.request('peermap/read', { segment, offset: -headerLength, length: 8 });
      assert.deepEqual(Buffer.from(header.bytes, 'base64'), fs.readFileSync(objectOf(segment)).subarray(0, 8));

      const last = value.object.length - headerLength - 4;
      const end = await client.request('peermap/read', { segment, offset: last, length: 100 });
      assert.equal(Buffer.from(end.bytes, 'base64').length, 4);
      const beyond = await client.request('peermap/read', { segment, offset: last + mib, length: 100 });
      assert.equal(beyond.bytes, '');
    });

    it('is refused as invalid outside of what can be asked for', async () => {
      await Peer.start(segment, 'writer', 'create', 64 * 1024);
      const client = await Client.start();
      const outside = [
        { offset: 0, length: 2 * mib },
        { offset: 0, length: -1 },
        { offset: 0.5, length: 1 },
        { offset: -1e12, length: 1 },
        { offset: 'zero' as unknown as number, length: 1 },
      ];
      for (const range of outside) assert.equal((await client.refusal('peermap/read', { segment, ...range })).code, -32602);
      const empty = await client.refusal('peermap/search', { segment, from: 0, pattern: '' });
      assert.equal(empty.code, -32602);
    });

    it('is searched forwards and backwards, also across the pieces that it is read in', async () => {
      await Peer.start(segment, 'writer', 'create', 4 * mib);
      const client = await Client.start();
      await written(client, { 5000: 'needle', [mib - 3]: 'needle', [3 * mib]: 'needle' });
      const pattern = base64('needle');
      const places = [];
      for (let from = 0; ;) {
        const { found, end } = await client.request('peermap/search', { segment, from, pattern });
        if (found === undefined) {
          assert.ok(end);
          break;
        }
        places.push(found);
        from = found + 1;
      }
      assert.deepEqual(places, [5000, mib - 3, 3 * mib]);
      const back = [];
      for (let from = 4 * mib; ;) {
        const { found, end } = await client.request('peermap/search', { segment, from, pattern, backwards: true });
        if (found === undefined) {
          assert.ok(end);
          break;
        }
        back.push(found);
        from = found;
      }
      assert.deepEqual(back, places.toReversed());
    });
  });

  describe('processes', () => {
    it('have in memory what they touched, range by range, and it is told what asking cost', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', mib, 'ahead', 0);
      await peer.ask('touch');
      const client = await Client.start();
      const { value, problems } = await client.request('peermap/residency', { segment });
      assert.deepEqual(problems, []);
      const [told] = value;
      assert.equal(told?.pid, peer.pid);
      assert.ok(told.tookNs > 0);
      const resident = told.ranges.reduce((sum, range) => sum + range.resident, 0);
      assert.ok(resident >= mib && resident < 2 * mib, `${resident} bytes`);
      assert.ok(told.ranges.every(({ permissions }) => /^r[w-]-s$/.test(permissions)));
    });

    it('have in memory, of each piece, what they touched there', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', mib, 'ahead', 0);
      await peer.ask(`fill ${64 * 1024} ${64 * 1024} 7`);
      const client = await Client.start();
      const { value: snapshot } = await client.request('peermap/snapshot', { segment });
      const headerLength = snapshot.header?.headerLength ?? 0;
      const bounds = [0, 64, 128, 1024].map((kib) => headerLength + kib * 1024);
      const { value, problems } = await client.request('peermap/residency', { segment, bounds });
      assert.deepEqual(problems, []);
      const data = value[0]?.ranges.filter(({ offset }) => offset >= headerLength && offset < headerLength + mib) ?? [];
      assert.deepEqual(
        data.map(({ offset, length, resident }) => [offset - headerLength, length, resident]),
        [
          [0, 64 * 1024, 0],
          [64 * 1024, 64 * 1024, 64 * 1024],
          [128 * 1024, 896 * 1024, 0],
        ],
      );
      assert.equal(BigInt(data[1]?.address ?? 0), peer.base + 64n * 1024n);
      const { code } = await client.refusal('peermap/residency', { segment, bounds: [-1] });
      assert.equal(code, -32602);
    });

    it('are described as /proc has them, with who traces them; those that ended are left out', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', mib);
      const client = await Client.start();
      const ended = await Peer.start(testSegment(), 'ended', 'create', mib);
      const pids = [peer.pid, ended.pid];
      await ended.end();
      const { value } = await client.request('peermap/facts', { pids });
      const [facts] = value;
      assert.equal(value.length, 1);
      assert.equal(facts?.pid, peer.pid);
      assert.equal(facts.user, os.userInfo().username);
      assert.equal(facts.executable, fs.realpathSync(path.join(root, 'build/native/peers/peer')));
      assert.ok(facts.commandLine.includes(`${segment} writer create`));
      assert.ok(Math.abs(facts.startedAtMs - Date.now()) < 120_000, `started at ${facts.startedAtMs}`);
      assert.ok(facts.threads >= 2);
      assert.equal(facts.tracer, undefined);
      assert.equal((await client.refusal('peermap/facts', { pids: [0] })).code, -32602);
      assert.equal((await client.refusal('peermap/facts', { pids: 'all' as unknown as number[] })).code, -32602);
    });

    it('are described behind however many groups they are in', async function () {
      if (process.geteuid?.() !== 0) this.skip(); // only root may be in groups at will
      const groups = Array.from({ length: 10_000 }, (_, i) => 1_000_000_000 + i).join(',');
      const child = spawn('setpriv', ['--groups', groups, 'unshare', '--pid', '--fork', 'sh', '-c', 'echo ready; exec sleep 60']);
      try {
        await once(child.stdout, 'data');
        const inner = Number(fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'));
        const client = await Client.start();
        const { value } = await client.request('peermap/facts', { pids: [inner] });
        assert.deepEqual(
          value.map(({ pid, threads, containerPid }) => ({ pid, threads, containerPid })),
          [{ pid: inner, threads: 1, containerPid: 1 }],
        );
        process.kill(inner, 'SIGKILL');
      } finally {
        child.kill('SIGKILL');
      }
    });

    it('name the container that their control group tells of', () => {
      const id = '3f2a9c0d1e2b'.padEnd(64, '7');
      assert.equal(containerOf(`0::/system.slice/docker-${id}.scope\n`), 'docker 3f2a9c0d1e2b');
      assert.equal(containerOf(`12:pids:/docker/${id}\n`), 'docker 3f2a9c0d1e2b');
      assert.equal(containerOf(`0::/machine.slice/libpod-${id}.scope/container\n`), 'podman 3f2a9c0d1e2b');
      assert.equal(containerOf(`0::/kubepods.slice/kubepods-pod1.slice/${id}\n`), 'kubernetes 3f2a9c0d1e2b');
      assert.equal(containerOf('0::/lxc.payload.web\n'), 'web');
      assert.equal(containerOf('0::/user.slice/user-1000.slice/session-2.scope\n'), undefined);
    });
  });

  it('a segment without a heap has none, and one with a heap is counted', async () => {
    const client = await Client.start();
    await client.request('peermap/create', { segment, bytes: mib });
    assert.equal((await client.request('peermap/heap', { segment })).value, null);
    await client.request('peermap/destroy', { segment });
    await client.request('peermap/create', { segment, bytes: mib, heap: true });
    const { value } = await client.request('peermap/heap', { segment });
    assert.ok(value && value.size > 0 && value.smallObjects === 0 && value.tookNs > 0);
  });

  describe('removal', () => {
    const left = (): string => {
      const name = `test-left-${process.pid}-${files.length}`;
      files.push(`/dev/shm/${name}`);
      fs.writeFileSync(`/dev/shm/${name}`, 'left behind');
      return name;
    };
    const found = async (client: Client, name: string) => {
      const { value } = await client.request('peermap/census', {});
      const object = value.objects.find((each) => each.kind === 'posix' && each.name === name);
      assert.ok(object, `${name} is in the census`);
      return { kind: 'posix' as const, name, ...idOf(object) };
    };

    it('removes what nobody has', async () => {
      const client = await Client.start();
      const name = left();
      assert.equal(await client.request('peermap/remove', await found(client, name)), null);
      assert.ok(!fs.existsSync(`/dev/shm/${name}`));
    });

    it('refuses what somebody has, another object of the name, and any other folder', async () => {
      const client = await Client.start();
      const name = left();
      const object = await found(client, name);
      const holder = spawn('tail', ['-f', `/dev/shm/${name}`], { stdio: 'ignore' });
      others.push(holder);
      await until(async () => {
        const { value } = await client.request('peermap/census', {});
        return value.objects.find((each) => each.name === name)?.users.some(({ pid }) => pid === holder.pid);
      }, 'somebody to have it');
      const busy = await client.refusal('peermap/remove', object);
      assert.equal(busy.data?.code, 'PEERMAP_EBUSY');
      assert.match(busy.message, /tail/);

      for (const other of [{ inode: object.inode + 1 }, { device: object.device + 1 }, { bornNs: '0x1' as const }]) {
        const another = await client.refusal('peermap/remove', { ...object, ...other });
        assert.equal(another.data?.code, 'PEERMAP_EBUSY', Object.keys(other)[0]);
      }
      const elsewhere = await client.refusal('peermap/remove', { ...object, name: '../etc/hostname' });
      assert.equal(elsewhere.data?.code, 'PEERMAP_ENOENT');
      assert.ok(fs.existsSync(`/dev/shm/${name}`));
    });

    it('refuses what somebody has whom no look at /proc finds: the kernel counts', async () => {
      const client = await Client.start();
      const name = left();
      const script = `
import os, socket, sys
a, b = socket.socketpair()
fd = os.open(sys.argv[1], os.O_RDWR)
socket.send_fds(a, [b"x"], [fd])
os.close(fd)
print("sent", flush=True)
sys.stdin.read()`;
      const holder = spawn('python3', ['-c', script, `/dev/shm/${name}`], { stdio: ['pipe', 'pipe', 'inherit'] });
      others.push(holder);
      await once(holder.stdout, 'data');
      const { value } = await client.request('peermap/census', {});
      const object = value.objects.find((each) => each.name === name);
      assert.deepEqual([object?.orphan, object?.reason, object?.users], ['in-use', 'unseen', []]);
      const busy = await client.refusal('peermap/remove', await found(client, name));
      assert.equal(busy.data?.code, 'PEERMAP_EBUSY');
      assert.match(
        busy.message,
        /is not removed: a process has it that cannot be seen from here, or has it open by another path/,
      );
      assert.ok(fs.existsSync(`/dev/shm/${name}`));
    });

    it('knows a segment that it watches itself for an orphan, and removes it', async () => {
      const client = await Client.start();
      const peer = await Peer.start(segment, 'alpha', 'create', 65536);
      const name = `peermap.${segment}`;
      await client.request('peermap/watch', { segment });
      const alive = await client.refusal('peermap/remove', await found(client, name));
      assert.match(alive.message, /its registry has a live peer, alpha/);
      await peer.end();
      await until(async () => {
        const { value } = await client.request('peermap/census', {});
        return value.objects.find((each) => each.name === name)?.orphan === 'orphan';
      }, 'the orphan');
      assert.equal(await client.request('peermap/remove', await found(client, name)), null);
      assert.ok(!fs.existsSync(`/dev/shm/${name}`));
    });

    it('destroys the segment that was meant, and none that has its name by now', async () => {
      const client = await Client.start();
      const peer = await Peer.start(segment, 'alpha', 'create', 65536);
      const id = objectIdOf(segment);
      for (const other of [{ inode: id.inode + 1 }, { device: id.device + 1 }, { bornNs: '0x1' as const }]) {
        const another = await client.refusal('peermap/destroy', { segment, ...id, ...other });
        assert.equal(another.data?.code, 'PEERMAP_EBUSY', Object.keys(other)[0]);
      }
      assert.ok(fs.existsSync(`/dev/shm/peermap.${segment}`));
      await client.request('peermap/destroy', { segment, ...id });
      assert.ok(!fs.existsSync(`/dev/shm/peermap.${segment}`));
      await peer.end();
    });

    it('is refused where Peermap only looks', async () => {
      const client = await Client.start({ readOnly: true });
      const name = left();
      const { data } = await client.refusal('peermap/remove', await found(client, name));
      assert.equal(data?.code, 'PEERMAP_EACCES');
      assert.ok(fs.existsSync(`/dev/shm/${name}`));
    });
  });
});
