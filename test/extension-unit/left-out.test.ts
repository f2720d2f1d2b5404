// SPDX-License-Identifier: MIT
//
// What is not asked any more of a server that ended at it.

import * as assert from 'node:assert/strict';
import { LeftOut } from '../../extension/client/left-out';
import { readUnderWay, type Undertaking } from '../../extension/protocol/undertaking';

const heap: Undertaking = { method: 'peermap/heap', segment: 'a' };
const look: Undertaking = { method: 'peermap/watch', segment: 'a' };

describe('what the server ended at', () => {
  it('is left out, and nothing else, until it is tried again', () => {
    const left = new LeftOut();
    assert.deepEqual(left.ended([heap], 'SIGKILL'), [heap]);
    assert.throws(() => left.allowed('peermap/heap', { segment: 'a' }), {
      code: 'PEERMAP_LEFT_OUT',
      message: /counting the heap of a/,
    });
    left.allowed('peermap/heap', { segment: 'b' });
    left.allowed('peermap/snapshot', { segment: 'a' });
    assert.deepEqual(left.ended([heap], 'SIGKILL'), []); // known
    assert.equal(left.tryAgain('b'), false);
    assert.equal(left.tryAgain('a'), true);
    left.allowed('peermap/heap', { segment: 'a' });
  });

  it('is everything that begins with the same look', () => {
    const left = new LeftOut();
    left.ended([look], 'SIGSEGV');
    for (const method of ['peermap/watch', 'peermap/snapshot', 'peermap/residency'] as const)
      assert.throws(() => left.allowed(method, { segment: 'a' }), /looking at a/);
    assert.throws(() => left.allowed('peermap/structure', { segment: 'a', root: 'r' }), /looking at a/);
    left.allowed('peermap/heap', { segment: 'a' });
    left.allowed('peermap/grow', { segment: 'a', bytes: 1 });
  });

  it('is everything that it is a part of', () => {
    const left = new LeftOut();
    left.ended([{ method: 'peermap/processes' }, { method: 'peermap/attach', segment: 'a' }], 'SIGSEGV');
    assert.throws(() => left.allowed('peermap/structure', { segment: 'a', root: 'r' }), /listing the segments/);
    for (const method of ['peermap/attach', 'peermap/remap', 'peermap/reap'] as const)
      assert.throws(() => left.allowed(method, { segment: 'a' }), /changing a/);
    assert.throws(() => left.allowed('peermap/grow', { segment: 'a', bytes: 1 }), /changing a/);
    left.allowed('peermap/grow', { segment: 'b', bytes: 1 });
    left.allowed('peermap/snapshot', { segment: 'a' });
  });

  it('is the removal of one object, and of no other', () => {
    const left = new LeftOut();
    const of = (name: string) => ({ kind: 'posix' as const, name, inode: 1, device: 1 });
    left.ended([{ method: 'peermap/remove', object: 'peermap.a' }], 'SIGSEGV');
    assert.throws(() => left.allowed('peermap/remove', of('peermap.a')), /removing peermap\.a/);
    left.allowed('peermap/remove', of('peermap.b'));
    assert.deepEqual(left.of('a'), []);
    assert.equal(left.tryAgain('a'), false);
    assert.equal(left.tryAgain(), true);
    left.allowed('peermap/remove', of('peermap.a'));
  });

  it('is not what goes on all the time, the first time that somebody kills it', () => {
    const left = new LeftOut();
    assert.deepEqual(left.ended([look, heap], 'SIGKILL'), [heap]);
    left.allowed('peermap/watch', { segment: 'a' });
    assert.deepEqual(left.ended([look], 'SIGKILL'), [look]);
  });

  it('is not what goes on all the time either, the first time that it is not known how the server ended', () => {
    const left = new LeftOut();
    assert.deepEqual(left.ended([look, heap], undefined), [heap]);
    assert.deepEqual(left.ended([look], undefined), [look]);
    assert.deepEqual(new LeftOut().ended([look], null), [look]); // by itself
  });

  it('is of a root that root alone, and of processes those that were asked about', () => {
    const left = new LeftOut();
    left.ended(
      [
        { method: 'peermap/structure', segment: 'a', root: 'r' },
        { method: 'peermap/facts', pids: [1, 2] },
      ],
      'SIGABRT',
    );
    assert.throws(() => left.allowed('peermap/structure', { segment: 'a', root: 'r' }));
    left.allowed('peermap/structure', { segment: 'a', root: 's' });
    const { params, problems } = left.allowed('peermap/facts', { pids: [1, 2, 3] });
    assert.deepEqual(params.pids, [3]);
    assert.deepEqual(
      problems.map(({ code, where }) => [code, where]),
      [
        ['left-out', '/proc/1'],
        ['left-out', '/proc/2'],
      ],
    );
  });

  it('is read from a file in which anything may be', () => {
    assert.deepEqual(readUnderWay(`${JSON.stringify([heap])}\nof a longer line"}]\n`), [heap]);
    for (const text of [
      '',
      '\0\0',
      'null\n',
      '{}\n',
      '[{"method":',
      '[1, null, {"method": 3}, {"method": "m", "pids": ["x"]}]\n',
    ])
      assert.deepEqual(readUnderWay(text), []);
  });
});
