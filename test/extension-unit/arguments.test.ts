// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { bytesOf, parseInvocation, targetOf } from '../../extension/client/command-arguments';

describe('command arguments', () => {
  it('without arguments, a person is asked', () => {
    assert.deepEqual(parseInvocation(undefined), { asks: true, target: {} });
  });

  it('with arguments, nobody is asked for the rest', () => {
    const target = { segment: 'quotes', bytes: '64K', pid: 4711, allowLate: true, strict: true, noPtrace: false };
    assert.deepEqual(parseInvocation(target), { asks: false, target });
  });

  it('an offset may be before the data, and text', () => {
    assert.deepEqual(parseInvocation({ segment: 'q', offset: -4096 }).target.offset, -4096);
    assert.deepEqual(parseInvocation({ segment: 'q', offset: '0x1000' }).target.offset, '0x1000');
  });

  it('a row of the tree names the segment and the peer, and the person is asked for the rest', () => {
    const node = { nodeOf: 'peermap', id: 'peer:quotes/1/1', segment: 'quotes', pid: 4711 };
    assert.deepEqual(parseInvocation(node), { asks: true, target: { segment: 'quotes', pid: 4711 } });
  });

  it("VS Code's own objects, as menus hand them over, are no arguments", () => {
    assert.deepEqual(parseInvocation({ groupId: 1, editorIndex: 0 }), { asks: true, target: {} });
    assert.deepEqual(parseInvocation('file:///x'), { asks: true, target: {} });
  });

  it('what a task says is checked, and what is no argument left out', () => {
    const given = { type: 'peermap', segment: 'q', bytes: 4096, asks: false, task: 'x', 'confirm.shrink': false };
    assert.deepEqual(targetOf(given), { segment: 'q', bytes: 4096 });
    assert.throws(() => targetOf({ ...given, file: ['/etc/passwd'] }), { code: 'PEERMAP_EINVAL' });
  });

  for (const wrong of [
    { segment: 1 },
    { segment: 'q', bytes: -1 },
    { segment: 'q', bytes: {} },
    { segment: 'q', pid: 1.5 },
    { segment: 'q', offset: 0.5 },
    { segment: 'q', offset: {} },
    { pid: '1' },
    { segment: 'q', allowLate: 1 },
    { segment: 'q', strict: 'yes' },
    { segment: 'q', noPtrace: null },
  ]) {
    it(`refuses ${JSON.stringify(wrong)} with PEERMAP_EINVAL`, () => {
      assert.throws(() => parseInvocation(wrong), {
        code: 'PEERMAP_EINVAL',
        message: /^PEERMAP_EINVAL: "(segment|bytes|offset|pid|allowLate|strict|noPtrace)"/,
      });
    });
  }

  it('a size is bytes, or text as a person types it', () => {
    assert.equal(bytesOf(4096, 0), 4096);
    assert.equal(bytesOf('64K', 0), 65536);
    assert.equal(bytesOf('+25%', 1000), 250);
    assert.throws(() => bytesOf('lots', 0), { code: 'PEERMAP_EINVAL' });
  });
});
