// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Snapshot } from '../../extension/protocol/model';
import { idOf } from '../../extension/protocol/object-id';
import { writes, type Method, type StartReport } from '../../extension/protocol/requests';
import { cleanUp, mapsAll, mapsOf, objectIdOf, objectOf, Peer, root, testSegment, until } from '../peers/drive';
import { Client } from './client';

const page = 4096;
const start = 64 * 1024;

describe('server', function () {
  this.timeout(180_000);
  let segment: string;

  beforeEach(() => (segment = testSegment()));
  afterEach(async () => {
    await Client.endAll();
    await cleanUp();
  });

  describe('looking', () => {
    it('lists a segment with its size and its living peers', async () => {
      await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const { value, problems } = await client.request('peermap/list', {});
      const found = value.find((summary) => summary.name === segment);
      assert.deepEqual(problems, []);
      assert.equal(found?.active, start);
      assert.equal(found.alive, 1);
    });

    it('tells in a snapshot where the kernel maps the segment, with addresses as text', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const { value } = await client.request('peermap/snapshot', { segment });
      assert.equal(value.header?.base, `0x${peer.base.toString(16)}`);
      const [registered] = value.peers;
      assert.equal(registered?.pid, peer.pid);
      assert.deepEqual(
        registered.mappings?.map((mapping) => BigInt(mapping.address)),
        mapsOf(peer.pid, segment).map((mapping) => mapping.from),
      );
      assert.doesNotThrow(() => JSON.stringify(value));
    });

    it('names the processes that use the library', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const { value } = await client.request('peermap/processes', {});
      const found = value.find((process) => process.pid === peer.pid);
      assert.deepEqual(found?.segments, [{ segment, peerName: 'writer', registered: true }]);
    });

    it('answers for an object full of garbage with a problem, not with an error', async () => {
      fs.writeFileSync(objectOf(segment), 'this is no segment'.repeat(1000));
      const client = await Client.start();
      const { value, problems } = await client.request('peermap/snapshot', { segment });
      assert.equal(value.header, undefined);
      assert.equal(problems[0]?.code, 'not-a-segment');
      assert.ok((await client.request('peermap/list', {})).value.some((summary) => summary.name === segment));
    });

    it('refuses a segment that does not exist with its code', async () => {
      const client = await Client.start();
      const { data } = await client.refusal('peermap/snapshot', { segment: 'test-there-is-none' });
      assert.equal(data?.code, 'PEERMAP_ENOENT');
    });

    it('refuses parameters of a wrong type as invalid, and goes on', async () => {
      const client = await Client.start();
      const { code } = await client.refusal('peermap/snapshot', { segment: 4711 as unknown as string });
      assert.equal(code, -32602);
      assert.ok((await client.request('peermap/list', {})).value);
    });
  });

  describe('watching', () => {
    it('tells of a growth, with the snapshot after it and its events', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const first = await client.request('peermap/watch', { segment });
      assert.equal(first.value.header?.active, start);
      await peer.ask(`grow ${page}`);
      const last = await until(
        () => client.changes.find((change) => change.snapshot.header?.active === start + page),
        'the growth',
      );
      assert.equal(last.segment, segment);
      await until(() => kinds(client).includes('round-end'), 'the end of the round');
    });

    it('loses no event of a burst, and tells none twice', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const { value } = await client.request('peermap/watch', { segment });
      await peer.ask('spin 200');
      const head = (await client.request('peermap/snapshot', { segment })).value.header?.eventHead ?? 0;
      const from = value.header?.eventHead ?? 0;
      await until(() => (client.changes.at(-1)?.batch.last ?? 0) >= head, 'the last event');
      const ends = client.changes.map(({ batch }) => batch.last);
      assert.deepEqual(
        ends,
        [...ends].sort((a, b) => a - b),
      );
      const told = client.changes.flatMap((change) => change.batch.events.map((event) => event.seq));
      const missed = client.changes.reduce((sum, change) => sum + change.batch.missed, 0);
      assert.equal(new Set(told).size, told.length);
      assert.equal(told.length + missed, (client.changes.at(-1)?.batch.last ?? 0) - from);
      assert.deepEqual(
        told,
        [...told].sort((a, b) => a - b),
      );
    });

    it('tells of a peer that was killed', async () => {
      await Peer.start(segment, 'writer', 'create', start);
      const victim = await Peer.start(segment, 'victim');
      const client = await Client.start();
      await client.request('peermap/watch', { segment });
      await victim.end('SIGKILL');
      await until(
        () =>
          client.changes.some(({ snapshot }) => snapshot.peers.some((peer) => peer.name === 'victim' && peer.state === 'dead')),
        'the death',
      );
    });

    it('tells only what changed: what the changes add up to is what a look says', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const other = await Peer.start(segment, 'reader');
      const client = await Client.start();
      await client.request('peermap/watch', { segment });
      for (let round = 0; round < 20; round += 1) await peer.ask(`grow ${page}`);
      await other.end('SIGKILL');
      // Told of twice: when the kernel says that nobody runs it any more, and when its process, with its memory, has gone.
      const gone = ({ state, samePid }: Snapshot['peers'][number]): boolean => state === 'dead' && !samePid;
      await until(() => client.changes.at(-1)?.snapshot.peers.some(gone), 'the end');
      const added = client.changes.at(-1)?.snapshot;
      const { value } = await client.request('peermap/snapshot', { segment });
      // The moment of a look, and whether a process happened to have a processor then, are of that look.
      const timeless = (snapshot: Snapshot): Snapshot => ({
        ...snapshot,
        takenAtMs: 0,
        monotonicNs: 0,
        peers: snapshot.peers.map((one) => (/^[RD]$/.test(one.processState ?? '') ? { ...one, processState: 'S' } : one)),
      });
      assert.ok(added);
      assert.deepEqual(timeless(added), timeless(value));
      // Neither the roots nor what a peer is called changed, so neither was told.
      for (const { told } of client.changes) {
        assert.equal(told.delta.fields?.roots, undefined);
        for (const fields of Object.values(told.delta.peers ?? {})) assert.equal(fields.set?.name, undefined);
      }
    });

    it('gives who asks to watch again a new base, to which the next changes refer', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const first = await client.request('peermap/watch', { segment });
      await peer.ask(`grow ${page}`);
      const again = await client.request('peermap/watch', { segment });
      assert.ok(again.revision > first.revision);
      assert.equal(again.value.header?.active, start + page);
      await peer.ask(`grow ${page}`);
      await until(() => client.changes.at(-1)?.snapshot.header?.active === start + 2 * page, 'the growth');
    });

    it('says what its looking costs', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      await client.request('peermap/watch', { segment });
      await peer.ask(`grow ${page}`);
      const { sampling } = (await until(() => client.changes.at(-1), 'the growth')).told;
      assert.ok(sampling.looksPerSecond >= 1 && sampling.lookMs > 0);
    });

    it('is silent after unwatch', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const other = testSegment();
      const beacon = await Peer.start(other, 'writer', 'create', start);
      const client = await Client.start();
      await client.request('peermap/watch', { segment });
      await client.request('peermap/watch', { segment: other });
      await client.request('peermap/unwatch', { segment });
      await peer.ask(`grow ${page}`);
      await beacon.ask(`grow ${page}`);
      await until(() => client.changes.some((change) => change.segment === other), 'the other segment');
      assert.ok(client.changes.every((change) => change.segment === other));
    });

    it('watches the next segment of the name when asked again after a destroy', async () => {
      const first = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const before = await client.request('peermap/watch', { segment });
      await client.request('peermap/destroy', { segment });
      await until(() => client.changes.some(({ snapshot }) => snapshot.problems.some(({ code }) => code === 'gone')), 'the end');
      await first.end();
      await Peer.start(segment, 'writer', 'create', 2 * start);
      const after = await client.request('peermap/watch', { segment });
      assert.equal(after.value.header?.active, 2 * start);
      assert.notEqual(after.value.header.generation, before.value.header?.generation);
    });

    it('tells when a segment appears and when it goes', async () => {
      const client = await Client.start();
      const seen = async (present: boolean) =>
        (await client.request('peermap/list', {})).value.some((summary) => summary.name === segment) === present;
      await Peer.start(segment, 'writer', 'create', start);
      await until(async () => client.listChanges > 0 && (await seen(true)), 'the appearance');
      client.listChanges = 0;
      await client.request('peermap/destroy', { segment });
      await until(async () => client.listChanges > 0 && (await seen(false)), 'the disappearance');
    });
  });

  describe('rounds', () => {
    it('grows: every peer maps the whole when the answer comes, and the server is no peer afterwards', async () => {
      const peers = [await Peer.start(segment, 'writer', 'create', start), await Peer.start(segment, 'reader')];
      const client = await Client.start();
      const round = await client.request('peermap/grow', { segment, bytes: 10 * page });
      assert.equal(round.size, start + 10 * page);
      for (const peer of peers) assert.ok(mapsAll(peer, segment, round.size));
      assert.ok(fs.statSync(objectOf(segment)).size >= round.size);
      const { value } = await client.request('peermap/snapshot', { segment });
      assert.deepEqual(value.peers.map((peer) => peer.name).sort(), ['reader', 'writer']);
    });

    it('shrinks, remaps and reaps', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const victim = await Peer.start(segment, 'victim');
      const client = await Client.start();
      const shrunk = await client.request('peermap/shrink', { segment, bytes: page });
      assert.equal(shrunk.size, start - page);
      assert.ok(!mapsAll(peer, segment, start));
      await peer.ask(`hole ${page} ${page}`);
      assert.ok(!mapsAll(peer, segment, shrunk.size));
      await client.request('peermap/remap', { segment, pid: peer.pid });
      assert.ok(mapsAll(peer, segment, shrunk.size));
      await victim.end('SIGKILL');
      assert.deepEqual(await client.request('peermap/reap', { segment }), { freed: 1 });
    });

    describe('that take away what a person has agreed to', () => {
      let client: Client;
      let peer: Peer;

      beforeEach(async () => {
        peer = await Peer.start(segment, 'writer', 'create', start);
        client = await Client.start();
      });

      const look = async () => (await client.request('peermap/snapshot', { segment })).value;
      const dead = ({ object, peers }: Snapshot) => ({
        ...idOf(object),
        dead: peers.filter(({ state }) => state === 'dead').map(({ slot, generation }) => ({ slot, generation })),
      });
      const died = async (name: string) => (await Peer.start(segment, name)).end('SIGKILL');
      const replace = async () => {
        fs.rmSync(objectOf(segment));
        peer = await Peer.start(segment, 'another', 'create', start);
      };
      async function refused(method: 'peermap/shrink' | 'peermap/reap', agreed: object, why: RegExp): Promise<void> {
        const { data, message } = await client.refusal(method, { segment, bytes: page, agreed } as never);
        assert.equal(data?.code, 'PEERMAP_EBUSY');
        assert.match(message, why);
      }

      it('shrink a segment of the size that it had, and no other', async () => {
        const { object } = await look();
        await peer.ask(`grow ${page}`);
        await refused('peermap/shrink', { ...idOf(object), size: start }, /not .* as when you were asked/);
        assert.ok(mapsAll(peer, segment, start + page));
        const agreed = { ...idOf(object), size: start + page };
        assert.equal((await client.request('peermap/shrink', { segment, bytes: page, agreed })).size, start);
      });

      it('reap those who were dead, and nobody who has died since', async () => {
        await died('old');
        const agreed = dead(await look());
        assert.equal(agreed.dead.length, 1);
        await died('new');
        assert.deepEqual(await client.request('peermap/reap', { segment, agreed }), { freed: 1 });
        const now = await look();
        assert.deepEqual(now.peers.map(({ name }) => name).sort(), ['new', 'writer']);
        assert.deepEqual(await client.request('peermap/reap', { segment, agreed: dead(now) }), { freed: 1 });
      });

      it('reap those of them who are still there', async () => {
        await died('old');
        const agreed = dead(await look());
        await Peer.start(segment, 'old');
        assert.deepEqual(await client.request('peermap/reap', { segment, agreed }), { freed: 0 });
      });

      it('reap nobody in a slot that somebody else had by then', async () => {
        await died('old');
        const agreed = dead(await look());
        await (await Peer.start(segment, 'old')).end('SIGKILL');
        assert.equal(dead(await look()).dead[0]?.slot, agreed.dead[0]?.slot);
        assert.deepEqual(await client.request('peermap/reap', { segment, agreed }), { freed: 0 });
        assert.equal(dead(await look()).dead.length, 1);
      });

      it('do nothing to another segment of the name, which looks the same', async () => {
        await died('old');
        const before = await look();
        await replace();
        await died('old');
        await refused('peermap/reap', dead(before), /another segment by now than when you were asked/);
        const size = { ...idOf(before.object), size: start };
        await refused('peermap/shrink', size, /another segment by now than when you were asked/);
        assert.deepEqual((await look()).peers.map(({ name }) => name).sort(), ['another', 'old']);
        const { object } = await look();
        assert.deepEqual(idOf(object), objectIdOf(segment));
        const again = { ...idOf(object), bornNs: '0x1' as const, size: start }; // its number, used again
        await refused('peermap/shrink', again, /another segment by now than when you were asked/);
        assert.ok(mapsAll(peer, segment, start));
      });
    });

    it('creates a segment that outlives it, and destroys it', async () => {
      const client = await Client.start();
      const { size } = await client.request('peermap/create', { segment, bytes: 5 * page, reserve: 1 << 30 });
      assert.equal(size, 5 * page);
      assert.ok(fs.existsSync(objectOf(segment)));
      const { data } = await client.refusal('peermap/create', { segment, bytes: page });
      assert.equal(data?.code, 'PEERMAP_EEXIST');
      await client.request('peermap/destroy', { segment });
      assert.ok(!fs.existsSync(objectOf(segment)));
    });

    it('stays a peer from attach to detach, under its name, and runs rounds meanwhile', async () => {
      await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const names = async () => (await client.request('peermap/snapshot', { segment })).value.peers.map((peer) => peer.name);
      assert.deepEqual(await client.request('peermap/attach', { segment }), { peerName: client.peerName });
      assert.ok((await names()).includes(client.peerName));
      const round = await client.request('peermap/grow', { segment, bytes: page });
      assert.equal(round.peers, 2);
      assert.ok((await names()).includes(client.peerName));
      await client.request('peermap/detach', { segment });
      assert.ok(!(await names()).includes(client.peerName));
    });

    it('does requests for one segment one after the other, in whatever number they come', async () => {
      await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      const rounds = await Promise.all(
        Array.from({ length: 20 }, () => client.request('peermap/grow', { segment, bytes: page })),
      );
      assert.deepEqual(
        rounds.map((round) => round.size),
        rounds.map((_, index) => start + (index + 1) * page),
      );
    });

    it('reaches a peer that is stopped, and tells how each came to the round', async () => {
      const writer = await Peer.start(segment, 'writer', 'create', start);
      const sleeper = await Peer.start(segment, 'sleeper');
      await sleeper.stop();
      const client = await Client.start();
      const round = await client.request('peermap/grow', { segment, bytes: page });
      assert.deepEqual([round.late, round.unstopped], [0, 1]);
      assert.ok(mapsAll(sleeper, segment, round.size));
      const methods = new Map(round.results.map(({ pid, method }) => [pid, method]));
      assert.deepEqual([methods.get(writer.pid), methods.get(sleeper.pid), methods.get(client.pid)], ['agent', 'unstop', 'self']);
      sleeper.signal('SIGCONT');
    });

    it('asks nobody for a growth inside what is mapped ahead, and creates what is strict where it is told to', async () => {
      const client = await Client.start();
      await client.request('peermap/create', { segment, bytes: start });
      const peer = await Peer.start(segment, 'writer');
      const round = await client.request('peermap/grow', { segment, bytes: page });
      assert.deepEqual([round.peers, round.ahead], [2, 2]);
      assert.ok(mapsAll(peer, segment, round.size));
      const flags = async (name: string) => (await client.request('peermap/snapshot', { segment: name })).value.header?.flags;
      assert.deepEqual(await flags(segment), []);
      const other = testSegment();
      await client.request('peermap/create', { segment: other, bytes: start, strict: true, noPtrace: true });
      assert.deepEqual(await flags(other), ['strict', 'noPtrace']);
      assert.equal((await client.request('peermap/grow', { segment: other, bytes: page })).ahead, 0);
    });

    it('fails with PEERMAP_ETIMEDOUT and the name of a peer that is stopped, and grows without it if that is allowed', async () => {
      await Peer.start(segment, 'writer', 'create', start, 'no-ptrace');
      const sleeper = await Peer.start(segment, 'sleeper');
      await sleeper.stop();
      const client = await Client.start();
      const { message, data } = await client.refusal('peermap/grow', { segment, bytes: page });
      assert.equal(data?.code, 'PEERMAP_ETIMEDOUT');
      assert.deepEqual(data.round?.blocker, { pid: sleeper.pid, name: 'sleeper' });
      assert.match(message, /sleeper.*stopped/);
      assert.equal((await client.request('peermap/snapshot', { segment })).value.header?.active, start);
      const round = await client.request('peermap/grow', { segment, bytes: page, allowLate: true });
      assert.equal(round.late, 1);
      sleeper.signal('SIGCONT');
      await until(() => mapsAll(sleeper, segment, start + page), 'the late peer');
    });

    it('grows the segment that has the name now, not the one it was attached to', async () => {
      const first = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      await client.request('peermap/attach', { segment });
      fs.rmSync(objectOf(segment));
      await first.end();
      const second = await Peer.start(segment, 'writer', 'create', 2 * start);
      const round = await client.request('peermap/grow', { segment, bytes: page });
      assert.equal(round.size, 2 * start + page);
      assert.ok(mapsAll(second, segment, round.size));
    });
  });

  describe('read-only', () => {
    const all: { [M in Method]?: object } = {
      'peermap/attach': {},
      'peermap/detach': {},
      'peermap/grow': { bytes: page },
      'peermap/shrink': { bytes: page },
      'peermap/remap': {},
      'peermap/reap': {},
      'peermap/create': { bytes: page },
      'peermap/destroy': {},
      'peermap/remove': { kind: 'posix', name: 'peermap.none', inode: 1, device: 1 },
    };

    it('refuses everything that writes, with a reason, and changes nothing', async () => {
      await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start({ readOnly: true });
      assert.deepEqual(Object.keys(all).sort(), [...writes].sort());
      for (const method of writes) {
        const { message, data } = await client.refusal(method, { segment, ...all[method] });
        assert.equal(data?.code, 'PEERMAP_EACCES', method);
        assert.match(message, /read-only/, method);
      }
      const { value } = await client.request('peermap/watch', { segment });
      assert.equal(value.header?.active, start);
      assert.deepEqual(
        value.peers.map((peer) => peer.name),
        ['writer'],
      );
    });
  });

  describe('without the addon', () => {
    let folder: string;
    beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-test-'))));
    afterEach(() => fs.rmSync(folder, { recursive: true }));

    it('starts all the same, says what is missing, and refuses everything with that', async () => {
      const module = path.join(folder, 'server.js');
      fs.copyFileSync(path.join(root, 'dist/server.js'), module);
      const client = await Client.start({ module });
      const { unavailable } = client.started?.capabilities.experimental as StartReport;
      assert.match(unavailable ?? '', /peermap\.node/);
      const { message, data } = await client.refusal('peermap/list', {});
      assert.equal(message, unavailable);
      assert.equal(data?.code, 'PEERMAP_EOS');
    });
  });

  describe('life', () => {
    it('killed in the middle of its attachment, it harms nobody; its successor sees it dead', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      await client.request('peermap/attach', { segment });
      await client.kill();
      const successor = await Client.start();
      const { value } = await successor.request('peermap/watch', { segment });
      assert.equal(value.peers.find(({ name }) => name === client.peerName)?.state, 'dead');
      const round = await successor.request('peermap/grow', { segment, bytes: page });
      assert.ok(mapsAll(peer, segment, round.size));
    });

    it('killed in the middle of a growth, the request is rejected and the segment is whole', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start, 'no-ptrace');
      const sleeper = await Peer.start(segment, 'sleeper');
      const client = await Client.start();
      const successor = await Client.start(); // before the growth, which does not wait for that
      await sleeper.stop();
      const refusal = client.refusal('peermap/grow', { segment, bytes: page });
      await until(
        async () => (await successor.request('peermap/snapshot', { segment })).value.header?.intent,
        'the growth to begin',
      );
      await client.kill();
      assert.ok(await refusal);
      sleeper.signal('SIGCONT');
      const round = await successor.request('peermap/grow', { segment, bytes: page });
      assert.equal(round.size, start + page);
      assert.ok(mapsAll(peer, segment, round.size) && mapsAll(sleeper, segment, round.size));
    });

    it('ends when its client goes, and leaves the segments it was attached to', async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      await client.request('peermap/attach', { segment });
      await client.request('peermap/watch', { segment });
      await client.end(() => client.process.disconnect());
      assert.equal(client.process.signalCode, null);
      assert.deepEqual(
        (await peer.ask('peers')).map((entry) => entry.split(':')[0]),
        ['writer'],
      );
    });

    it('ends in good order when asked to', async () => {
      const client = await Client.start();
      await client.connection.sendRequest('shutdown');
      await client.end(() => void client.connection.sendNotification('exit'));
      assert.equal(client.process.exitCode, 0);
    });

    it('does not wake up while nothing changes, also when it watches and is attached', async () => {
      await Peer.start(segment, 'writer', 'create', start);
      const client = await Client.start();
      await client.request('peermap/attach', { segment });
      await client.request('peermap/watch', { segment });
      // After its start Node still tidies up; but a timer, or a look now and then, would show in every window of this length.
      await until(async () => {
        const before = wakeUps(client.pid);
        await new Promise((resolve) => setTimeout(resolve, 4000));
        return wakeUps(client.pid) === before;
      }, 'four seconds of sleep');
    });
  });
});

function kinds(client: Client): string[] {
  return client.changes.flatMap((change) => change.batch.events.map((event) => event.kind));
}

/** How often any of the threads went to sleep, and so woke up before. */
function wakeUps(pid: number): number {
  return fs.readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const status = fs.readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
  }, 0);
}
