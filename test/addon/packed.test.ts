// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { unpack, words } from '../../extension/protocol/batch';
import { cleanUp, freshName, kept, peermap, Script } from './addon';

describe('addon: events as rows of numbers', () => {
  afterEach(cleanUp);

  it('are the same events as those that come as objects', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one', initialSize: 1 << 20, strict: true }));
    await Script.peer(name, 'two');
    await segment.grow(4096);
    await segment.shrink(4096);
    segment.setRoot('a', 64, 8);
    const observer = kept(new peermap.Observer(name));
    const expected = observer.events(0);
    assert.ok(new Set(expected.events.map(({ kind }) => kind)).size >= 6, 'events of many kinds');
    assert.deepEqual(unpack(observer.packedEvents(0)), expected);
    assert.deepEqual(unpack(observer.packedEvents(2, 3)), observer.events(2, 3));
  });

  it('have their times as those do, also on a machine that has been up for a year', () => {
    const segment = kept(peermap.Segment.create(freshName(), { peerName: 'one', initialSize: 1 << 20 }));
    segment.setRoot('a', 64, 8);
    const observer = kept(new peermap.Observer(segment.name));
    const last = observer.events(0).events.at(-1);
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(BigInt(last?.timeNs ?? 0));
    const object = `/dev/shm/peermap.${segment.name}`;
    const at = readFileSync(object).indexOf(time);
    time.writeBigUInt64LE(366n * 86_400n * 10n ** 9n);
    const file = openSync(object, 'r+');
    writeSync(file, time, 0, 8, at);
    closeSync(file);
    const expected = observer.events(0);
    assert.equal(expected.events.at(-1)?.timeNs, 366 * 86_400e9);
    assert.deepEqual(unpack(observer.packedEvents(0)), expected);
  });

  it('count what was overwritten, as those do', () => {
    const segment = kept(peermap.Segment.create(freshName(), { peerName: 'one', initialSize: 1 << 20 }));
    for (let at = 0; at < 5_000; at += 1) segment.setRoot('a', 0, 8);
    const batch = kept(new peermap.Observer(segment.name)).packedEvents(0, 1);
    assert.ok(batch.missed > 0);
    assert.equal(batch.rows[0], batch.missed + 1);
  });

  it('have their words in the protocol as they have them in the observer', () => {
    assert.deepEqual(words, peermap.eventWords);
  });
});
