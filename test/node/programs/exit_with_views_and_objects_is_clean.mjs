// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Segment } from 'peermap';
import { freshName, start } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { peerName: 'main', heap: true });
const attach = `globalThis.segment = Segment.attach(name, { peerName: 'other' }); globalThis.object = segment.alloc(100000);
  globalThis.bytes = object.bytes; bytes.fill(1); globalThis.range = segment.typed(Int32Array, 0, 4); segment.events().on('event', () => {});`;
for (const [end, code] of [
  ['process.exit(3);', 3],
  ['process.exitCode = 4; segment.detach();', 4],
  ['setImmediate(() => process.exit(5)); segment.grow(65536);', 5],
  ["process.on('exit', () => { segment.detach(); bytes.length === 0 || process.abort(); }); process.exit(6);", 6],
  ["const { deflate } = await import('node:zlib'); deflate(object.bytes, () => {}); process.exit(7);", 7],
]) {
  const other = start(name, attach + end);
  assert.deepEqual(await other.ended, [code, null], end);
  segment.reap();
  assert.deepEqual(
    segment.peers().map((peer) => peer.name),
    ['main'],
    end,
  );
}
segment.detach();
