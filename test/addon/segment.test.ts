// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { chownSync, existsSync, statSync, truncateSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { cleanUp, codeOf, freshName, kept, peermap, Script, seen, until, type PeermapError } from './addon';

const MiB = 1 << 20;

describe('addon: a process as a peer', () => {
  afterEach(cleanUp);

  it('creates, attaches and opens, and each is a peer under its name', async () => {
    const name = freshName();
    assert.throws(() => peermap.Segment.attach(name), { code: 'PEERMAP_ENOENT' });
    const one = kept(
      peermap.Segment.open(name, {
        peerName: 'one',
        initialSize: MiB,
        reserveSize: 64 * MiB,
        maxPeers: 8,
        mode: 0o640,
        strict: true,
      }),
    );
    assert.ok(existsSync(`/dev/shm/peermap.${name}`));
    assert.equal(one.name, name);
    assert.equal(one.size, MiB);
    assert.equal(one.epoch, 1);
    assert.ok(one.base > 0n);
    const two = await Script.peer(name, 'two');
    const peers = one.peers();
    assert.deepEqual(
      peers.map(({ name, pid, state, base, mapped, uid }) => ({ name, pid, state, base, mapped, uid })),
      [
        {
          name: 'one',
          pid: process.pid,
          state: 'alive',
          base: one.base,
          mapped: MiB,
          uid: process.getuid?.(),
        },
        { name: 'two', pid: two.pid, state: 'alive', base: one.base, mapped: MiB, uid: process.getuid?.() },
      ],
    );
    assert.equal(one.pidOf('two'), two.pid);
    assert.equal(one.pidOf('three'), undefined);
    const observer = kept(new peermap.Observer(name));
    assert.equal(observer.snapshot().object.mode, 0o640);
    assert.equal(observer.snapshot().header?.slots, 8);
  });

  it('does off the main thread what may wait for others, and keeps the process for as long', async () => {
    const name = freshName();
    const one = kept(await peermap.Segment.createAsync(name, { peerName: 'one', initialSize: MiB }));
    assert.ok(one instanceof peermap.Segment);
    assert.equal(one.size, MiB);
    await assert.rejects(peermap.Segment.createAsync(name), { code: 'PEERMAP_EEXIST' });
    await assert.rejects(peermap.Segment.attachAsync(1 as unknown as string), TypeError);
    await assert.rejects(peermap.Segment.attachAsync(name, { peerName: 'one', relocatable: true }), {
      code: 'PEERMAP_EPEERNAME',
    });
    const other = new Script(
      name,
      `peermap.Segment.openAsync(name, { peerName: 'other' }).then((segment) => segment.detachAsync()).then(() => console.log('left'));`,
    );
    assert.equal(await other.line(), 'left');
    assert.deepEqual(await other.ended, [0, null]);
    const dead = await Script.peer(name, 'dead');
    await dead.kill();
    assert.equal(await one.reapAsync(), 1);
    const leaving = one.detachAsync();
    assert.throws(() => one.size, { code: 'PEERMAP_EDETACHED' });
    await Promise.all([leaving, one.detachAsync()]);
    one.detach();
    assert.equal(seen(name, 'one'), undefined);
    await peermap.unlinkAsync(name);
    assert.ok(!existsSync(`/dev/shm/peermap.${name}`));
    await assert.rejects(peermap.unlinkAsync(name), { code: 'PEERMAP_ENOENT' });
  });

  it('ends its views at once where it leaves off the main thread', async function () {
    if (!peermap.canView) this.skip();
    const name = freshName();
    const observer = kept(peermap.Segment.create(name, { peerName: 'observer' }));
    const segment = await peermap.Segment.attachAsync(name, { peerName: 'viewer', relocatable: true });
    const view = segment.view(0, 64);
    await segment.detachAsync();
    assert.equal(view.byteLength, 0);
    assert.deepEqual(
      observer.peers().map((peer) => peer.name),
      ['observer'],
    );
  });

  it('throws PEERMAP_ELOST where the object was cut short from outside', () => {
    const name = freshName();
    const path = `/dev/shm/peermap.${name}`;
    const segment = kept(peermap.Segment.create(name, { initialSize: MiB, heap: true }));
    const small = segment.allocate(100);
    const large = [0, 1, 2, 3, 4].map(() => segment.allocate(MiB / 8)).at(-1) ?? 0;
    segment.write(large, Buffer.from('there'));
    assert.equal(segment.read(large, 5).toString(), 'there');
    truncateSync(path, statSync(path).size - segment.size + MiB / 4);
    const lost = { code: 'PEERMAP_ELOST', message: /cut short from outside/ };
    for (const call of [
      () => segment.allocate(MiB / 8),
      () => segment.allocate(MiB / 8, { zeroed: true }),
      () => segment.allocate(MiB / 8, { zeroed: true, alignment: 1 << 16 }),
      () => segment.reallocate(large, MiB / 8 - 8),
      () => segment.reallocate(large, MiB),
      () => segment.objectSize(large),
      () => segment.deallocate(large),
      () => segment.read(large, 5),
      () => segment.write(large, Buffer.from('lost')),
    ])
      assert.throws(call, lost);
    assert.equal(segment.objectSize(small), 100);
    segment.deallocate(small);
    assert.throws(() => segment.read(segment.size, 1), RangeError);
    truncateSync(path, 0);
    for (const call of [
      () => segment.allocate(8),
      () => segment.read(0, 1),
      () => segment.deallocate(large),
      () => segment.heapStats(),
    ])
      assert.throws(call, lost);
  });

  it('refuses what would change a segment that it has attached to read, and no view goes for it', async () => {
    const name = freshName();
    const writer = kept(peermap.Segment.create(name, { peerName: 'writer', initialSize: MiB, heap: true }));
    const object = writer.allocate(100);
    writer.write(object, Buffer.from('there'));
    writer.setRoot('it', object, 100);
    assert.throws(() => peermap.Segment.create(freshName(), { readOnly: true }), { code: 'PEERMAP_EINVAL' });
    assert.throws(() => peermap.Segment.open(freshName(), { readOnly: true }), { code: 'PEERMAP_ENOENT' });
    const reader = kept(peermap.Segment.attach(name, { peerName: 'reader', readOnly: true, relocatable: true }));
    const view = reader.view(object, 100);
    const refused = { code: 'PEERMAP_EREADONLY', message: /readOnly: true/ };
    for (const call of [
      () => reader.allocate(8),
      () => reader.allocate(8, { zeroed: true }),
      () => reader.reallocate(object, 200),
      () => reader.deallocate(object),
      () => reader.write(object, Buffer.from('lost')),
      () => reader.setRoot('it', object, 50),
      () => reader.reap(),
    ])
      assert.throws(call, refused);
    for (const call of [() => reader.grow(MiB), () => reader.shrink(4096), () => reader.remap()])
      await assert.rejects(call, refused);
    assert.equal(Buffer.from(view, 0, 5).toString(), 'there');
    assert.equal(reader.read(object, 5).toString(), 'there');
    assert.equal(reader.objectSize(object), 100);
    assert.equal(reader.heapStats().used, writer.heapStats().used);
    await writer.grow(MiB);
    assert.equal(reader.size, writer.size);
  });

  it('attaches to a segment of another user only if that was asked for', function () {
    if (process.geteuid?.() !== 0) {
      console.log('      skipped: only root can give an object to another user');
      return this.skip();
    }
    const name = freshName();
    const [owner, another] = [45691, 45692];
    const EREMOTE = 66; // which node:os does not know
    kept(peermap.Segment.create(name)).detach();
    chownSync(`/dev/shm/peermap.${name}`, owner, owner);
    for (const enter of ['attach', 'open'] as const) {
      const refusal = (pattern: RegExp) => ({ code: 'PEERMAP_EACCES', errno: EREMOTE, message: pattern });
      assert.throws(
        () => peermap.Segment[enter](name),
        refusal(/belongs to uid 45691.*with \{ foreign: true \}, or with \{ owner: uid \}$/),
      );
      assert.throws(() => peermap.Segment[enter](name, { foreign: false }), refusal(/uid 45691/));
      assert.throws(() => peermap.Segment[enter](name, { owner: another }), refusal(/not to uid 45692/));
      kept(peermap.Segment[enter](name, { foreign: true })).detach();
      kept(peermap.Segment[enter](name, { owner })).detach();
    }
    assert.throws(() => peermap.Segment.attach(name, { owner: -1 }), RangeError);
    assert.throws(() => peermap.Segment.attach(name, { owner: 2 ** 32 }), RangeError);
  });

  it('makes nothing under the name of a segment that is to be of another user', () => {
    const name = freshName();
    const owner = (process.geteuid?.() ?? 0) + 1;
    assert.throws(() => peermap.Segment.open(name, { owner }), { code: 'PEERMAP_ENOENT' });
    assert.throws(() => peermap.Segment.create(name, { owner }), { code: 'PEERMAP_EINVAL' });
    assert.ok(!existsSync(`/dev/shm/peermap.${name}`));
    kept(peermap.Segment.open(name, { owner: owner - 1 }));
  });

  it('grows and shrinks, and every peer maps it when the promise resolves', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', initialSize: MiB, strict: true }));
    const two = await Script.peer(name, 'two');
    const round = await segment.grow(3 * MiB);
    const { results, nanoseconds, ...counts } = round;
    const none = { late: 0, died: 0, unstopped: 0, ahead: 0, populated: 0 };
    assert.deepEqual(counts, { epoch: 2, size: 4 * MiB, peers: 2, acked: 2, ...none });
    assert.ok(nanoseconds > 0);
    assert.deepEqual(
      results
        .map(({ name: peer, pid, method, error }) => ({ peer, pid, method, error }))
        .sort((a, b) => a.peer.localeCompare(b.peer)),
      [
        { peer: 'one', pid: process.pid, method: 'self', error: 0 },
        { peer: 'two', pid: two.pid, method: 'agent', error: 0 },
      ],
    );
    assert.ok(results.every((answer) => answer.nanoseconds > 0));
    assert.deepEqual(segment.results(), results);
    assert.deepEqual(seen(name, 'two')?.missing, []);
    assert.equal(seen(name, 'two')?.mapped, 4 * MiB);
    assert.equal((await segment.shrink(2 * MiB)).size, 2 * MiB);
    assert.equal(segment.size, 2 * MiB);
    assert.equal((await segment.remap(seen(name, 'two')?.pid)).acked, 1);
    assert.equal((await segment.remap()).acked, 2);
    assert.equal((await segment.mapPeer()).late, 0);
    assert.deepEqual(seen(name, 'two')?.missing, []);
  });

  it('runs the rounds that are asked for at once one after the other, in order', async () => {
    const segment = kept(peermap.Segment.create(freshName(), { initialSize: MiB }));
    const order: number[] = [];
    const rounds = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        segment.grow(4096).then((round) => {
          order.push(i);
          return round;
        }),
      ),
    );
    assert.deepEqual(
      rounds.map((round) => round.size),
      rounds.map((_, i) => MiB + (i + 1) * 4096),
    );
    assert.deepEqual(
      order,
      rounds.map((_, i) => i),
    );
  });

  it('names the stopped peer that made a growth fail, and nothing was changed', async () => {
    const name = freshName();
    const options = { peerName: 'one', initialSize: MiB, deadlineMs: 100, strict: true, noPtrace: true };
    const segment = kept(peermap.Segment.create(name, options));
    const two = await Script.peer(name, 'two');
    two.signal('SIGSTOP');
    await until(() => seen(name, 'two')?.processState === 'T');
    const error = await segment.grow(MiB).then(
      () => assert.fail('grew'),
      (reason: unknown) => reason as PeermapError,
    );
    assert.equal(error.code, 'PEERMAP_ETIMEDOUT');
    assert.ok(error.round);
    assert.deepEqual(error.round.blocker, { pid: two.pid, name: 'two' });
    assert.equal(error.round.late, 1);
    assert.deepEqual(
      error.round.results.filter(({ method }) => method === 'none').map(({ pid, error: errno }) => ({ pid, errno })),
      [{ pid: two.pid, errno: constants.errno.EACCES }],
    );
    assert.match(error.message, /\(\{ noPtrace: true \}, or PEERMAP_NO_PTRACE in its environment\)/);
    assert.equal(segment.size, MiB);
    two.signal('SIGCONT');
    await until(() => seen(name, 'two')?.state === 'alive');
    assert.equal((await segment.grow(MiB)).late, 0);
  });

  it("grows inside what is mapped ahead without asking anybody, so that a stopped peer is in nobody's way", async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', initialSize: MiB, ahead: 8 * MiB }));
    const two = await Script.peer(name, 'two');
    assert.equal(seen(name, 'two')?.mapped, 9 * MiB);
    two.signal('SIGSTOP');
    await until(() => seen(name, 'two')?.processState === 'T');
    const before = seen(name, 'two');
    const round = await segment.grow(MiB);
    assert.deepEqual([round.size, round.acked, round.ahead, round.late], [2 * MiB, 2, 2, 0]);
    assert.deepEqual(
      round.results.map(({ method }) => method),
      ['ahead', 'ahead'],
    );
    const after = seen(name, 'two');
    assert.deepEqual(after?.missing, []);
    assert.equal(after.acked, before?.acked);
    two.signal('SIGCONT');
  });

  it('reaches a stopped peer through its agent, and leaves it stopped', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', initialSize: MiB, deadlineMs: 20_000, strict: true }));
    const two = await Script.peer(name, 'two');
    two.signal('SIGSTOP');
    await until(() => seen(name, 'two')?.processState === 'T');
    const round = await segment.grow(MiB);
    assert.deepEqual([round.size, round.acked, round.unstopped, round.late], [2 * MiB, 2, 1, 0]);
    assert.equal(round.results.find(({ pid }) => pid === two.pid)?.method, 'unstop');
    const peer = seen(name, 'two');
    assert.deepEqual([peer?.mapped, peer?.missing, peer?.method, peer?.unstopped], [2 * MiB, [], 'unstop', round.epoch]);
    await until(() => seen(name, 'two')?.processState === 'T');
    two.signal('SIGCONT');
  });

  it('has no answers for what was refused before anybody was asked', async () => {
    const segment = kept(peermap.Segment.create(freshName(), { initialSize: MiB }));
    assert.equal((await segment.grow(4096)).results.length, 1);
    const error = await segment.grow(2 ** 40).then(
      () => assert.fail('grew'),
      (reason: unknown) => reason as PeermapError,
    );
    assert.equal(error.code, 'PEERMAP_ELIMIT');
    assert.match(error.message, /has \d+ of at most \d+ bytes: no room for \d+ more; create it with a larger reserveSize$/);
    assert.deepEqual(error.round?.results ?? [], []);
  });

  it('populates the new pages in every peer where that is asked for', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', initialSize: MiB, prefault: true }));
    await Script.peer(name, 'two');
    // One that gets no core in time has it done from outside, which its row does not say.
    let itself = false;
    for (let turn = 0; turn < 20 && !itself; turn++) {
      const round = await segment.grow(MiB);
      assert.equal(round.populated, 2);
      itself = seen(name, 'two')?.populated === round.epoch;
    }
    assert.ok(itself);
    assert.ok(segment.pageSize >= 4096 && (segment.pageSize & (segment.pageSize - 1)) === 0);
  });

  it('reads and writes copies, and roots lead a peer to the data', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { initialSize: MiB }));
    segment.write(4096, Buffer.from('a structure'));
    segment.setRoot('index', 4096, 11, 'struct index');
    const { version, ...first } = segment.root('index') ?? {};
    assert.deepEqual(first, { offset: 4096, size: 11, type: 'struct index' });
    const reader = new Script(
      name,
      `const s = peermap.Segment.attach(name, { peerName: 'reader' }); const r = s.root('index');
       console.log(s.read(r.offset, r.size).toString()); s.write(r.offset, Buffer.from('A')); s.detach();`,
    );
    assert.equal(await reader.line(), 'a structure');
    assert.deepEqual(await reader.ended, [0, null]);
    assert.equal(segment.read(4096, 11).toString(), 'A structure');
    assert.equal(segment.read(segment.size, 0).length, 0);
    const copy = segment.read(4096, 1);
    copy[0] = 0;
    assert.equal(segment.read(4096, 1).toString(), 'A');
    segment.setRoot('index', 0, 8);
    const { version: later, ...second } = segment.root('index') ?? {};
    assert.deepEqual(second, { offset: 0, size: 8, type: '' });
    assert.ok(version !== undefined && later !== undefined && later > version);
    assert.throws(() => segment.root('no name'), { code: 'PEERMAP_ENAME' });
    segment.removeRoot('index');
    assert.equal(segment.root('index'), undefined);
  });

  it('reads and writes while another peer shrinks and grows: a copy, or RangeError, never a fault', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { initialSize: MiB, deadlineMs: 5000 }));
    const other = new Script(
      name,
      `const s = peermap.Segment.attach(name, { peerName: 'other', deadlineMs: 5000 }); console.log('attached');
       (async () => {
         while (s.root('enough') === undefined) { await s.shrink(${MiB / 2}); await s.grow(${MiB / 2}); }
         s.detach(); console.log('done'); process.exit(0);
       })();`,
    );
    assert.equal(await other.line(), 'attached');
    const last = other.line();
    const ended = { yet: false };
    void last.then(() => (ended.yet = true));
    let [copies, refusals] = [0, 0];
    const bytes = Buffer.alloc(MiB / 4, 1);
    while (!ended.yet) {
      if (copies + refusals >= 300 && copies > 0 && refusals > 0) segment.setRoot('enough', 0, 1);
      try {
        segment.write(MiB / 2 + MiB / 8, bytes);
        assert.equal(segment.read(MiB / 2, MiB / 2).length, MiB / 2);
        copies++;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        refusals++;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await last, 'done');
  });

  it('reaps dead peers, and a restart takes over the slot of its name', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one' }));
    const first = await Script.peer(name, 'two');
    const before = seen(name, 'two');
    await first.kill();
    assert.equal(segment.peers().find((peer) => peer.name === 'two')?.state, 'dead');
    const second = await Script.peer(name, 'two');
    const after = seen(name, 'two');
    assert.equal(after?.slot, before?.slot);
    assert.ok((after?.generation ?? 0) > (before?.generation ?? 0));
    await second.kill();
    assert.equal(segment.reap(), 1);
    assert.equal(segment.reap(), 0);
    assert.equal(seen(name, 'two'), undefined);
  });

  it('reaps whom it is given, and nobody who has died since', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one' }));
    const kill = async (peerName: string) => (await Script.peer(name, peerName)).kill();
    const dead = () => segment.peers().filter(({ state }) => state === 'dead');
    await kill('two');
    const [two] = dead();
    assert.ok(two);
    await kill('three');
    assert.equal(await segment.reapAsync([two]), 1);
    assert.equal(segment.reap([two]), 0);
    assert.equal(segment.reap([]), 0);
    assert.deepEqual(
      dead().map((peer) => peer.name),
      ['three'],
    );
    assert.equal(segment.reap([{ id: dead()[0]?.id ?? 0n }]), 1);
    assert.throws(() => segment.reap([{ id: 0n }]), { code: 'PEERMAP_EINVAL' });
    assert.throws(() => segment.reap(['two'] as never), TypeError);
    await assert.rejects(segment.reapAsync('two' as never), TypeError);
  });

  it('leaves the registry when detached, after the round that runs; everything else is refused then', async () => {
    const name = freshName();
    const other = kept(peermap.Segment.create(name, { peerName: 'other' }));
    const segment = peermap.Segment.attach(name, { peerName: 'one', relocatable: true });
    const settled = Promise.allSettled([segment.grow(4096), segment.grow(4096), segment.grow(4096)]);
    segment.detach();
    segment.detach();
    assert.equal(seen(name, 'one'), undefined);
    for (const outcome of await settled)
      if (outcome.status === 'rejected') assert.equal(codeOf(outcome.reason), 'PEERMAP_EDETACHED');
    const refused = { code: 'PEERMAP_EDETACHED' };
    assert.throws(() => segment.size, refused);
    assert.throws(() => segment.base, refused);
    assert.throws(() => segment.peers(), refused);
    assert.throws(() => segment.read(0, 1), refused);
    assert.throws(() => segment.setRoot('r', 0, 1), refused);
    await assert.rejects(segment.grow(1), refused);
    assert.equal(segment.name, name);
    assert.equal((await other.grow(4096)).peers, 1);
  });

  it('rounds that wait hold up no file: they have none of the threads of the pool', async () => {
    const settled: string[] = [];
    const segments = [];
    for (let i = 0; i < 6; i++) {
      const name = freshName();
      const options = { peerName: 'one', deadlineMs: 2000, strict: true, noPtrace: true };
      segments.push(kept(peermap.Segment.create(name, options)));
      (await Script.peer(name, 'two')).signal('SIGSTOP');
      await until(() => seen(name, 'two')?.processState === 'T');
    }
    const rounds = segments.map((segment) => segment.grow(MiB).catch(() => settled.push('round')));
    await readFile('/proc/self/stat').then(() => settled.push('file'));
    assert.deepEqual(settled, ['file']);
    await Promise.all(rounds);
    assert.equal(settled.length, 7);
  });
});
