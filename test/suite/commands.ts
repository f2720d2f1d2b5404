// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import type { Round } from '../../extension/protocol/model';
import { mapsAll, objectOf, Peer, testSegment, until } from '../peers/drive';
import { execute, page, refusal, running, start, tidy, withoutQuestions } from './host';

describe('commands with arguments', () => {
  withoutQuestions();
  let segment: string;

  before(running);
  beforeEach(() => (segment = testSegment()));
  afterEach(tidy);

  it('create makes the object, destroy removes it', async () => {
    assert.deepEqual(await execute('peermap.create', { segment, bytes: '64K', reserve: '1 GiB' }), {
      size: start,
    });
    assert.ok(fs.statSync(objectOf(segment)).size >= start);
    assert.deepEqual(await execute('peermap.destroy', { segment }), { destroyed: segment });
    assert.ok(!fs.existsSync(objectOf(segment)));
  });

  it('grow returns its round, and every peer maps the new memory', async () => {
    const peers = [await Peer.start(segment, 'writer', 'create', start), await Peer.start(segment, 'reader')];
    const before = fs.statSync(objectOf(segment)).size;
    const round = await execute<Round>('peermap.grow', { segment, bytes: 16 * page });
    assert.equal(round.size, start + 16 * page);
    assert.equal(fs.statSync(objectOf(segment)).size, before + 16 * page);
    for (const peer of peers) assert.ok(mapsAll(peer, segment, round.size));
  });

  it('takes sizes as people type them', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    assert.equal((await execute<Round>('peermap.grow', { segment, bytes: '64K' })).size, 2 * start);
    assert.equal((await execute<Round>('peermap.grow', { segment, bytes: '+50%' })).size, 3 * start);
    assert.match(await refusal('peermap.grow', { segment, bytes: 'lots' }), /PEERMAP_EINVAL/);
  });

  it('shrink takes the tail from every peer, and gives it back', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start);
    const before = fs.statSync(objectOf(segment)).size;
    const round = await execute<Round>('peermap.shrink', { segment, bytes: page });
    assert.equal(round.size, start - page);
    assert.ok(mapsAll(peer, segment, round.size) && !mapsAll(peer, segment, start));
    assert.equal(fs.statSync(objectOf(segment)).size, before - page);
  });

  for (const command of ['peermap.remap', 'peermap.remapAll'])
    it(`${command} repairs a hole in a peer`, async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      await peer.ask(`hole ${page} ${page}`);
      assert.ok(!mapsAll(peer, segment, start));
      await execute<Round>(command, command === 'peermap.remap' ? { segment, pid: peer.pid } : { segment });
      assert.ok(mapsAll(peer, segment, start));
    });

  it('reap frees the slots of the dead', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start);
    await (await Peer.start(segment, 'victim')).end('SIGKILL');
    assert.deepEqual(await execute('peermap.reap', { segment }), { freed: 1 });
    assert.deepEqual(
      (await peer.ask('peers')).map((entry) => entry.split(':')[0]),
      ['writer'],
    );
  });

  it('attach makes the server a peer, detach ends that', async () => {
    const { server } = await running();
    const peer = await Peer.start(segment, 'writer', 'create', start);
    const names = async () => (await peer.ask('peers')).map((entry) => entry.split(':')[0]).sort();
    assert.deepEqual(await execute('peermap.attach', { segment }), { peerName: `vscode-${server.pid}` });
    assert.deepEqual(await names(), [`vscode-${server.pid}`, 'writer']);
    await execute('peermap.detach', { segment });
    assert.deepEqual(await names(), ['writer']);
  });

  it('take part in a segment of another user only where the person trusts that user', async function () {
    if (process.geteuid?.() !== 0) this.skip();
    const setting = vscode.workspace.getConfiguration('peermap');
    const trust = (users: unknown) => setting.update('trustedOwners', users, vscode.ConfigurationTarget.Global);
    const peer = await Peer.start(segment, 'writer', 'create', start);
    fs.chownSync(objectOf(segment), 45695, 45695);
    try {
      for (const command of ['attach', 'grow', 'shrink', 'remap', 'remapAll', 'reap']) {
        const given = { segment, bytes: page, ...(command === 'remap' ? { pid: peer.pid } : {}), owner: 45695 };
        assert.match(
          await refusal(`peermap.${command}`, given),
          /PEERMAP_EACCES: .* belongs to user 45695.*peermap\.trustedOwners/,
          command,
        );
      }
      assert.deepEqual(await peer.ask('size'), [String(start)]);
      await trust([45695]);
      assert.equal((await execute<Round>('peermap.grow', { segment, bytes: page })).size, start + page);
    } finally {
      await trust(undefined);
    }
  });

  it("fail with the library's code, and the name of who is to blame", async () => {
    assert.match(await refusal('peermap.grow', { segment, bytes: page }), /PEERMAP_ENOENT/);
    assert.match(await refusal('peermap.grow', { segment }), /PEERMAP_E(INVAL|NOENT)/);
    await Peer.start(segment, 'writer', 'create', start, 'no-ptrace');
    assert.match(await refusal('peermap.grow', { segment }), /PEERMAP_EINVAL.*bytes/);
    assert.match(await refusal('peermap.remap', { segment, pid: 1 }), /PEERMAP_ESRCH/);
    const sleeper = await Peer.start(segment, 'sleeper');
    await sleeper.stop();
    assert.match(await refusal('peermap.grow', { segment, bytes: page }), /PEERMAP_ETIMEDOUT.*sleeper.*stopped/);
    assert.equal((await execute<Round>('peermap.remap', { segment, pid: (await writerOf(segment)).pid })).size, start);
  });

  it('grow reaches a peer that is stopped, and its round says so', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    const sleeper = await Peer.start(segment, 'sleeper');
    await sleeper.stop();
    const round = await execute<Round>('peermap.grow', { segment, bytes: page });
    assert.equal(round.late, 0);
    assert.ok(mapsAll(sleeper, segment, round.size));
    assert.equal(round.results.find(({ pid }) => pid === sleeper.pid)?.method, 'unstop');
    sleeper.signal('SIGCONT');
  });

  it('create makes a strict segment where it is told to, and one that maps ahead otherwise', async () => {
    const api = await running();
    const ahead = async (strict: boolean) => {
      const name = testSegment();
      await execute('peermap.create', { segment: name, bytes: start, strict });
      await Peer.start(name, 'reader');
      await execute('peermap.inspect', { segment: name });
      const header = await until(() => api.snapshot(name)?.header, 'its header');
      return (await execute<Round>('peermap.grow', { segment: name, bytes: page })).ahead > 0 && !header.flags.includes('strict');
    };
    assert.deepEqual([await ahead(true), await ahead(false)], [false, true]);
  });

  it('grow goes on without a peer that does not answer where late peers are allowed', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start, 'no-ptrace');
    const sleeper = await Peer.start(segment, 'sleeper');
    await sleeper.stop();
    const round = await execute<Round>('peermap.grow', { segment, bytes: page, allowLate: true });
    assert.deepEqual([round.size, round.late], [start + page, 1]);
    assert.ok(mapsAll(peer, segment, round.size) && !mapsAll(sleeper, segment, round.size));
    sleeper.signal('SIGCONT');
    await until(() => mapsAll(sleeper, segment, round.size), 'the late peer to map it');
  });
});

/** A second peer to ask, whatever state the first is in. */
async function writerOf(segment: string): Promise<Peer> {
  return Peer.start(segment, 'asker');
}
