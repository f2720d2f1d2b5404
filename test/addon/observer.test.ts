// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { besidesHeldUp } from '../problems';
import { cleanUp, freshName, kept, peermap, Script, until, type PeermapEvent } from './addon';

const MiB = 1 << 20;
const objectOf = (name: string) => `/dev/shm/peermap.${name}`;

describe('addon: looking at a segment', () => {
  afterEach(cleanUp);

  it('shows header, peers, mappings and roots as plain copies', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', initialSize: MiB, reserveSize: 64 * MiB }));
    const two = await Script.peer(name, 'two');
    segment.setRoot('b', 64, 8, 'struct b');
    segment.setRoot('a', 0, 8);
    const before = Date.now();
    const snapshot = kept(new peermap.Observer(name)).snapshot({ strangers: true });
    assert.deepEqual(besidesHeldUp(snapshot.problems), []);
    assert.equal(snapshot.name, name);
    assert.ok(Math.abs(snapshot.takenAtMs - before) < 60_000);
    assert.ok(Math.abs(snapshot.monotonicNs - Number(process.hrtime.bigint())) < 60e9);
    assert.ok(snapshot.header);
    const { header } = snapshot;
    assert.equal(header.active, MiB);
    assert.equal(header.reserved, 64 * MiB);
    assert.equal(header.base, segment.base);
    assert.equal(header.lock, undefined);
    const startTime = snapshot.peers[0]?.startTime;
    assert.deepEqual(header.creator, { pid: process.pid, uid: process.getuid?.(), startTime, name: 'one' });
    assert.ok(Math.abs(header.createdAtMs - before) < 60_000);
    assert.equal(snapshot.object.length, header.headerLength + MiB);
    assert.deepEqual(
      snapshot.peers.map(({ name, pid, state, samePid, missing, relocated }) => ({
        name,
        pid,
        state,
        samePid,
        missing,
        relocated,
      })),
      [
        { name: 'one', pid: process.pid, state: 'alive', samePid: true, missing: [], relocated: false },
        { name: 'two', pid: two.pid, state: 'alive', samePid: true, missing: [], relocated: false },
      ],
    );
    const mapping = snapshot.peers[1]?.mappings?.[0];
    assert.ok(mapping);
    assert.equal(mapping.permissions, 'rw-s');
    assert.equal(mapping.address + BigInt(header.headerLength - mapping.offset), header.base);
    assert.deepEqual(snapshot.roots, [
      { name: 'a', type: '', offset: 0, size: 8, version: snapshot.roots[0]?.version },
      { name: 'b', type: 'struct b', offset: 64, size: 8, version: snapshot.roots[1]?.version },
    ]);
    assert.deepEqual(snapshot.strangers, []);
  });

  it('tells what a segment and its peers were created with, and how far ahead they map', async () => {
    const name = freshName();
    const options = { peerName: 'one', initialSize: MiB, reserveSize: 64 * MiB, ahead: 4 * MiB, noPtrace: true };
    kept(peermap.Segment.create(name, options));
    await Script.peer(name, 'two');
    const { header, peers, problems } = kept(new peermap.Observer(name)).snapshot();
    assert.deepEqual(problems, []);
    assert.deepEqual(header?.flags, ['noPtrace']);
    assert.deepEqual([header.active, header.ahead, header.target, header.closed], [MiB, 4 * MiB, 5 * MiB, false]);
    assert.equal(header.horizon, 5 * MiB);
    assert.deepEqual(
      peers.map(({ noPtrace, mapped, missing }) => ({ noPtrace, mapped, missing })),
      [
        { noPtrace: true, mapped: 5 * MiB, missing: [] },
        { noPtrace: false, mapped: 5 * MiB, missing: [] },
      ],
    );
    const other = freshName();
    kept(peermap.Segment.create(other, { strict: true }));
    const strict = kept(new peermap.Observer(other)).snapshot().header;
    assert.deepEqual(strict?.flags, ['strict']);
    assert.equal(strict.horizon, strict.active);
  });

  it('tells who only reads, in the registry and in the inventory, and finds nothing missing there', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', initialSize: MiB, reserveSize: 64 * MiB }));
    const reader = new Script(
      name,
      `const segment = peermap.Segment.open(name, { peerName: 'viewer', readOnly: true }); console.log(segment.size);
       process.stdin.resume().on('end', () => { segment.detach(); process.exit(0); });`,
    );
    assert.equal(await reader.line(), String(MiB));
    await segment.grow(MiB);
    const { peers, problems } = kept(new peermap.Observer(name)).snapshot();
    assert.deepEqual(problems, []);
    assert.deepEqual(
      peers.map(({ name: who, readOnly, mapped, missing, state }) => [who, readOnly, mapped, missing, state]),
      [
        ['one', undefined, 64 * MiB, [], 'alive'],
        ['viewer', true, 64 * MiB, [], 'alive'],
      ],
    );
    const data = peers[1]?.mappings?.filter(({ offset, length }) => offset + length > (peers[1]?.mappings?.at(-1)?.offset ?? 0));
    assert.deepEqual([...new Set(data?.map(({ permissions }) => permissions))], ['r--s']);
    assert.deepEqual(
      segment.peers().map(({ name: who, readOnly }) => [who, readOnly]),
      [
        ['one', false],
        ['viewer', true],
      ],
    );
    const users = peermap.census().objects.find((one) => one.name === `peermap.${name}`)?.users;
    assert.deepEqual(
      users?.map(({ reads, writes }) => [reads, writes]),
      [
        [false, true],
        [true, true],
      ],
    );
  });

  it('tells of a growth that asked nobody as one event, and the epoch is behind nobody', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', initialSize: MiB }));
    const observer = kept(new peermap.Observer(name));
    const { last } = observer.events(0);
    const round = await segment.grow(8192);
    const ends = observer.events(last).events.filter(({ epoch }) => epoch === round.epoch);
    assert.deepEqual(
      ends.map(({ kind, op, size, bySlot }) => ({ kind, op, size, bySlot })),
      [{ kind: 'round-end', op: 'inside', size: MiB + 8192, bySlot: 0 }],
    );
    const { header, peers } = observer.snapshot();
    assert.ok((header?.epoch ?? 0) > (peers[0]?.acked ?? Infinity));
    assert.equal(peers[0]?.state, 'alive');
  });

  it('reads the data by offset, shorter at the end, and only copies', () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { initialSize: MiB }));
    const observer = kept(new peermap.Observer(name));
    segment.write(MiB - 4, Buffer.from('tail'));
    assert.equal(observer.read(MiB - 4, 100).toString(), 'tail');
    assert.equal(observer.read(MiB, 100).length, 0);
    assert.equal(observer.read(2 ** 52, 2 ** 53 - 1).length, 0);
    observer.read(MiB - 4, 4).fill(0);
    assert.equal(observer.read(MiB - 4, 4).toString(), 'tail');
  });

  it('tells the events in order, each once, with what they are about', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', strict: true }));
    const observer = kept(new peermap.Observer(name));
    const first = observer.events(0);
    assert.ok(first.events.some((event) => event.kind === 'create'));
    assert.equal(first.missed, 0);
    const round = await segment.grow(8192);
    const two = await Script.peer(name, 'two');
    const next = observer.events(first.last);
    assert.deepEqual(
      next.events.map(({ seq }) => seq),
      next.events.map((_, i) => first.last + 1 + i),
    );
    const of = (kind: PeermapEvent['kind']) => next.events.find((event) => event.kind === kind);
    assert.equal(of('round-begin')?.op, 'grow');
    assert.equal(of('round-begin')?.method, 'none');
    assert.equal(of('round-begin')?.epoch, round.epoch);
    assert.equal(of('round-begin')?.slot, -1);
    assert.equal(of('map-ack')?.method, 'self');
    assert.equal(of('map-ack')?.op, 'none');
    assert.equal(of('map-ack')?.pid, process.pid);
    assert.equal(of('round-end')?.size, segment.size);
    assert.equal(of('attach')?.byPid, two.pid);
    assert.deepEqual(observer.events(next.last), { events: [], last: next.last, missed: 0 });
    assert.equal(observer.events(0, 2).events.length, 2);
    assert.equal(observer.snapshot().header?.eventHead, next.last);
  });

  it('counts the events that were overwritten before they were read', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name));
    const observer = kept(new peermap.Observer(name));
    while ((observer.snapshot().header?.eventHead ?? 0) < 5000)
      await Promise.all(Array.from({ length: 100 }, () => segment.remap()));
    const { events, missed, last } = observer.events(0, 1e6);
    assert.ok(missed > 0);
    assert.equal(events.length + missed, last);
    assert.equal(events[0]?.seq, missed + 1);
  });

  it('calls back for each kind of change, with nobody else running', async () => {
    const name = freshName();
    peermap.Segment.create(name, { peerName: 'maker' }).detach();
    const observer = kept(new peermap.Observer(name));
    let calls = 0;
    const told = async (what: () => unknown) => {
      const before = calls;
      await what();
      await until(() => calls > before);
    };
    observer.watch(() => calls++, { intervalMs: 1 });
    let peer: Script | undefined;
    await told(async () => (peer = await Script.peer(name, 'victim')));
    await until(() => observer.snapshot().peers[0]?.state === 'alive');
    await told(() => peer?.kill()); // the only peer: only the kernel can tell
    assert.equal(observer.snapshot().peers[0]?.state, 'dead');
    await told(async () => (peer = await Script.peer(name, 'victim')));
    await told(() => peer?.endInput());
    await until(() => observer.snapshot().peers.length === 0);
    await told(() => unlinkSync(objectOf(name)));
    assert.deepEqual(
      observer.snapshot().problems.map((problem) => problem.code),
      ['gone'],
    );
  });

  it('is quiet while nothing changes, and after unwatch', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name));
    const observer = kept(new peermap.Observer(name));
    let calls = 0;
    observer.watch(() => calls++, { intervalMs: 0 });
    await segment.grow(4096);
    await until(() => calls > 0);
    observer.watch(() => (calls += 1000)); // replaces the first
    const before = calls % 1000;
    await segment.grow(4096);
    await until(() => calls >= 1000);
    assert.equal(calls % 1000, before);
    observer.unwatch();
    observer.unwatch();
    const after = calls;
    await segment.grow(4096);
    await Promise.all(Array.from({ length: 20 }, () => segment.remap()));
    assert.equal(calls, after);
  });

  it('can be stopped from its own callback', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name));
    const observer = new peermap.Observer(name);
    const ended = new Promise<void>((resolve) => {
      observer.watch(() => {
        observer.close();
        resolve();
      });
    });
    await segment.grow(4096);
    await ended;
    assert.throws(() => observer.snapshot(), { code: 'PEERMAP_EDETACHED' });
    observer.close();
  });

  it('finds the processes that map a segment, and lists the segments', async () => {
    const name = freshName();
    kept(peermap.Segment.create(name, { peerName: 'one', initialSize: MiB }));
    const two = await Script.peer(name, 'two');
    const uses = peermap.processes();
    const mine = uses.find(({ pid }) => pid === process.pid)?.segments.find(({ segment }) => segment === name);
    assert.deepEqual(mine, { segment: name, peerName: 'one', registered: true });
    const other = uses.find(({ pid }) => pid === two.pid);
    assert.ok(other);
    assert.deepEqual(other.segments, [{ segment: name, peerName: 'two', registered: true }]);
    assert.ok(other.command.includes('peermap.node'), other.command);
    const listed = peermap.list().find((segment) => segment.name === name);
    assert.ok(listed);
    assert.equal(listed.active, MiB);
    assert.equal(listed.alive, 2);
    assert.equal(listed.dead, 0);
    assert.equal(listed.problem, undefined);
  });

  it('answers with a problem, whatever the bytes: mutations of a real segment, the same in each run', () => {
    const name = freshName();
    const source = freshName();
    kept(peermap.Segment.create(source, { peerName: 'one', maxPeers: 8 })).setRoot('r', 0, 64, 't');
    const image = readFileSync(objectOf(source));
    let state = 0x12345678;
    const chance = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let readable = 0;
    for (let round = 0; round < 1000; round++) {
      const mutant = Buffer.from(image);
      for (let i = chance(8); i >= 0; i--)
        mutant.writeBigUInt64LE([0n, 1n, 2n ** 64n - 1n, 4096n, 2n ** 53n][chance(5)] ?? 0n, chance(1024) * 8);
      writeFileSync(objectOf(name), mutant);
      if (chance(4) === 0) truncateSync(objectOf(name), chance(image.length));
      const observer = new peermap.Observer(name);
      const snapshot = observer.snapshot();
      if (snapshot.header) readable++;
      else assert.ok(snapshot.problems.length > 0);
      for (const { code, where, text } of snapshot.problems) assert.ok(code.length > 0 && where.length > 0 && text.length > 0);
      JSON.stringify(snapshot, (_, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));
      const batch = observer.events(0);
      assert.ok(Number.isSafeInteger(batch.last) && Number.isSafeInteger(batch.missed));
      observer.close();
    }
    assert.ok(readable > 50 && readable < 950, `${readable} of 1000 were readable`);
    assert.ok(peermap.list().some((segment) => segment.name === name));
  });

  it('says the same on a thread of its own, also of an observer that is closed meanwhile', async () => {
    const name = freshName();
    kept(peermap.Segment.create(name, { peerName: 'one', heap: true }));
    const observer = new peermap.Observer(name);
    const [snapshot, heap] = [observer.snapshot(), observer.heap()];
    const looks = [observer.snapshotAsync(), observer.snapshotAsync({ withinMs: 60_000 }), observer.heapAsync()] as const;
    observer.close();
    const [first, second, count] = await Promise.all(looks);
    // What its threads do at the moment is another thing at each look, and so is the time.
    const timeless = (each: typeof snapshot) => ({
      ...each,
      takenAtMs: 0,
      monotonicNs: 0,
      peers: each.peers.map((peer) => ({ ...peer, processState: '' })),
    });
    for (const each of [first, second]) assert.deepEqual(timeless(each), timeless(snapshot));
    assert.deepEqual({ ...count, tookNs: 0 }, { ...heap, tookNs: 0 });
    assert.throws(() => observer.snapshotAsync(), { code: 'PEERMAP_EDETACHED' });
    const { segments } = await peermap.listAsync();
    assert.ok(segments.some((segment) => segment.name === name));
    const { processes, whole } = await peermap.processesAsync();
    assert.ok(whole && processes.some(({ pid }) => pid === process.pid));
    assert.ok((await peermap.censusAsync()).objects.some((object) => object.name === `peermap.${name}`));
  });

  it('ends with the process, whatever looks are under way', async () => {
    const name = freshName();
    kept(peermap.Segment.create(name, { peerName: 'one' }));
    const ends = ['process.exit(0);', 'setTimeout(() => process.exit(0), 1);', ''];
    for (const end of ends) {
      const looks = 'for (let i = 0; i < 20; i++) { observer.snapshotAsync({ strangers: true }); peermap.censusAsync(); }';
      const script = new Script(name, `const observer = new peermap.Observer(name); ${looks} ${end}`);
      script.endInput();
      assert.deepEqual(await script.ended, [0, null], end);
    }
  });
});
