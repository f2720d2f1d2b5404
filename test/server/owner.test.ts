// SPDX-License-Identifier: MIT
//
// Segments of another user: what the server refuses by itself, and the question of the client, which has a real server to answer it.

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { PeermapFailure, toFailure } from '../../extension/client/failure';
import { withOwner, type Person } from '../../extension/client/owners';
import type { Warning } from '../../extension/client/words';
import type { Joining } from '../../extension/protocol/requests';
import { cleanUp, objectIdOf, objectOf, Peer, testSegment } from '../peers/drive';
import { Client } from './client';

const start = 64 * 1024;
const page = 4096;
const [alice, bob] = [45693, 45694];

/** With what each of them takes besides. */
const joining: Record<Joining, object> = {
  'peermap/attach': {},
  'peermap/grow': { bytes: page },
  'peermap/shrink': { bytes: page },
  'peermap/remap': {},
  'peermap/reap': {},
};

describe('server, a segment of another user', function () {
  this.timeout(180_000);
  let segment: string;
  let writer: Peer;
  let client: Client;

  before(function () {
    if (process.geteuid?.() === 0) return;
    console.log('      skipped: only root can give an object to another user');
    this.skip();
  });
  beforeEach(async () => {
    segment = testSegment();
    writer = await Peer.start(segment, 'writer', 'create', start);
    give(alice);
    client = await Client.start();
  });
  afterEach(async () => {
    await Client.endAll();
    await cleanUp();
  });

  function give(owner: number): void {
    fs.chownSync(objectOf(segment), owner, owner);
  }

  /** Another object under the name, which somebody else made. */
  async function replace(owner: number): Promise<void> {
    fs.rmSync(objectOf(segment));
    await Peer.start(segment, 'another', 'create', start);
    give(owner);
  }

  const id = () => objectIdOf(segment);
  const peers = async () => (await writer.ask('peers')).map((entry) => entry.split(':')[0]).sort();

  for (const [method, more] of Object.entries(joining) as [Joining, object][])
    it(`${method} is refused without a word for its owner, and done with it`, async () => {
      const before = await writer.ask('size');
      for (const word of [{}, { owner: 0 }, { owner: bob }]) {
        const { data } = await client.refusal(method, { segment, ...more, ...word });
        assert.deepEqual(data, { code: 'PEERMAP_EACCES', foreign: { owner: alice, ...id() } });
      }
      assert.deepEqual([await peers(), await writer.ask('size')], [['writer'], before]);
      await client.request(method, { segment, ...more, owner: alice });
      assert.deepEqual(await peers(), method === 'peermap/attach' ? [client.peerName, 'writer'] : ['writer']);
    });

  it('is no request with an owner that is no uid', async () => {
    for (const owner of [-1, 1.5, 2 ** 32 - 1, '45693', true]) {
      const { code } = await client.refusal('peermap/attach', { segment, owner } as never);
      assert.equal(code, -32602, String(owner));
    }
    assert.deepEqual(await peers(), ['writer']);
  });

  it('needs no other word while the server is attached to it', async () => {
    await client.request('peermap/attach', { segment, owner: alice });
    for (const allowLate of [false, true]) await client.request('peermap/grow', { segment, bytes: page, allowLate });
    assert.deepEqual(await writer.ask('size'), [String(start + 2 * page)]);
    await client.request('peermap/detach', { segment });
    assert.equal((await client.refusal('peermap/grow', { segment, bytes: page })).data?.foreign?.owner, alice);
  });

  it('is another one when somebody else has made one of its name: the word for the first does not count', async () => {
    await client.request('peermap/attach', { segment, owner: alice });
    await replace(bob);
    assert.equal((await client.refusal('peermap/grow', { segment, bytes: page })).data?.foreign?.owner, bob);
    assert.equal((await client.refusal('peermap/attach', { segment, owner: alice })).data?.foreign?.owner, bob);
  });

  for (const [method, more] of Object.entries(joining) as [Joining, object][])
    it(`${method} with a word for one object is refused another one of the same user`, async () => {
      const word = { owner: alice, ...id() };
      await replace(alice);
      const { data } = await client.refusal(method, { segment, ...more, ...word });
      assert.deepEqual(data, { code: 'PEERMAP_EACCES', foreign: { owner: alice, ...id() } });
      assert.notEqual(id().inode, word.inode);
      const { value } = await client.request('peermap/snapshot', { segment });
      assert.deepEqual([value.peers.map(({ name }) => name), value.header?.active], [['another'], start]);
      await client.request(method, { segment, ...more, owner: alice, ...id() });
    });

  it('is another one by its device, its inode number or its birth alone: a number comes again', async () => {
    const { device, inode, bornNs } = id();
    for (const other of [{ device: device + 1 }, { inode: inode + 1 }, { bornNs: '0x1' as const }]) {
      const word = { owner: alice, device, inode, bornNs, ...other };
      assert.deepEqual((await client.refusal('peermap/grow', { segment, bytes: page, ...word })).data?.foreign, {
        owner: alice,
        ...id(),
      });
    }
    for (const bornNs of ['now', 5, '0x10000000000000000'] as never[])
      assert.equal((await client.refusal('peermap/grow', { segment, bytes: page, device, inode, bornNs })).code, -32602);
    assert.deepEqual(await writer.ask('size'), [String(start)]);
    await client.request('peermap/grow', { segment, bytes: page, owner: alice, device, inode }); // where its birth is not known
  });

  it('is not touched by a word for another object, also while the server is attached to it', async () => {
    const word = { owner: alice, ...id() };
    await replace(alice);
    await client.request('peermap/attach', { segment, owner: alice, ...id() });
    assert.deepEqual((await client.refusal('peermap/grow', { segment, bytes: page, ...word })).data?.foreign, {
      owner: alice,
      ...id(),
    });
  });

  it('is looked at without a word', async () => {
    const { value } = await client.request('peermap/snapshot', { segment });
    assert.equal(value.object.uid, alice);
    await client.request('peermap/watch', { segment });
  });

  describe('and the question', () => {
    let questions: Warning[];

    beforeEach(() => (questions = []));

    const answering =
      (answer: boolean, meanwhile: () => Promise<void> = () => Promise.resolve()) =>
      async (question: Warning): Promise<boolean> => {
        questions.push(question);
        await meanwhile();
        return answer;
      };
    const grow = (person: Person) =>
      withOwner(segment, 'Grow', person, (word) =>
        client.request('peermap/grow', { segment, bytes: page, ...word }).catch((error: unknown) => {
          throw toFailure(error, 'the growth');
        }),
      );

    it('names the segment and its owner, and nothing is done before the answer, nor after a no', async () => {
      assert.equal(
        await grow({ trusted: [], ask: answering(false, async () => assert.deepEqual(await peers(), ['writer'])) }),
        undefined,
      );
      assert.equal(questions.length, 1);
      assert.equal(questions[0]?.message, `${segment} belongs to user ${alice}. Take part in it?`);
      assert.equal(questions[0].button, 'Grow');
      assert.deepEqual(await writer.ask('size'), [String(start)]);
    });

    it('is asked once, and a yes does it', async () => {
      assert.equal((await grow({ trusted: [], ask: answering(true) }))?.size, start + page);
      assert.equal(questions.length, 1);
    });

    it('is asked again where the owner is another by then', async () => {
      const swap = async () => (questions.length === 1 ? replace(bob) : undefined);
      await grow({ trusted: [], ask: answering(true, swap) });
      assert.deepEqual(
        questions.map(({ message }) => /user (\d+)/.exec(message)?.[1]),
        [String(alice), String(bob)],
      );
      assert.deepEqual(await writer.ask('size'), [String(start)]); // of the first object, whose peer it still is
    });

    it('is asked again where another object of that user has the name by then', async () => {
      const before = id().inode;
      await grow({ trusted: [], ask: answering(true, async () => (questions.length === 1 ? replace(alice) : undefined)) });
      assert.equal(questions.length, 2);
      assert.notEqual(id().inode, before);
      assert.deepEqual(await writer.ask('size'), [String(start)]); // of the first object
      assert.equal((await client.request('peermap/snapshot', { segment })).value.header?.active, start + page);
    });

    it('is not asked again for a user whom the person trusts, whatever object has the name', async () => {
      await grow({ trusted: [alice], ask: answering(false) });
      await replace(alice);
      assert.ok(await grow({ trusted: [alice], ask: answering(false) }));
      assert.deepEqual(questions, []);
    });

    it('names users whom the system knows', async () => {
      give(1); // daemon
      await grow({ trusted: [], ask: answering(false) });
      assert.match(questions[0]?.message ?? '', /belongs to daemon \(user 1\)/);
    });

    it('is not asked of users whom the person trusts, by number or by name', async () => {
      assert.ok(await grow({ trusted: [alice] }));
      assert.ok(await grow({ trusted: ['nonsense', String(alice)], ask: answering(false) }));
      give(1);
      assert.ok(await grow({ trusted: ['daemon'] }));
      assert.deepEqual(questions, []);
    });

    it('that cannot be asked is a refusal, which names the owner and the setting', async () => {
      for (const trusted of [[], [bob], ['root', '', null, {}]])
        await assert.rejects(grow({ trusted }), (error: unknown) => {
          assert.ok(error instanceof PeermapFailure);
          assert.equal(error.code, 'PEERMAP_EACCES');
          assert.match(error.sentence, new RegExp(`${segment} belongs to user ${alice}.*peermap\\.trustedOwners`));
          return true;
        });
      assert.deepEqual(await writer.ask('size'), [String(start)]);
    });
  });
});
