// SPDX-License-Identifier: MIT
//
// What a page posts, when it is not what it should be, or too much.

import * as assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { pageMessages } from '../../extension/client/page-messages';
import { pageMessage } from '../../extension/protocol/page-message';
import type { FromView } from '../../extension/protocol/view';

const good: FromView[] = [
  { kind: 'ready' },
  { kind: 'command', id: 1, command: 'peermap.grow' },
  { kind: 'command', id: 2, command: 'peermap.openMemory', pid: 7, range: { offset: 0, length: 8 } },
  { kind: 'ask', id: 3, question: 'peermap/facts', params: { pids: [1, 2] } },
  { kind: 'ask', id: 4, question: 'peermap/search', params: { from: 0, pattern: 'AA==', backwards: true } },
  { kind: 'copy', text: 'text' },
  { kind: 'reveal', pid: 1 },
  { kind: 'save', name: 'name', text: 'text' },
  { kind: 'text', title: 'title', text: 'text' },
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let at = 0; at < depth; at += 1) value = { value };
  return value;
}

describe('what a page posts', () => {
  it('is what it is, if it has its form', () => {
    for (const each of good) assert.equal(pageMessage(each), each, each.kind);
  });

  it('is nothing with a field of another type, or without one', () => {
    const values = [undefined, null, -1, NaN, 12n, {}, [], ['x'], () => 1, nested(5000), 'x'.repeat((64 << 20) + 1)];
    for (const each of good.filter(({ kind }) => kind !== 'ready'))
      for (const field of Object.keys(each))
        for (const value of values) {
          if (value === undefined && (field === 'pid' || field === 'range') && each.kind === 'command') continue;
          if (field === 'params' && isDeepStrictEqual(value, {})) continue;
          if (field === 'id' && value === -1) continue;
          assert.equal(pageMessage({ ...each, [field]: value }), undefined, `${each.kind} ${field} ${typeof value}`);
        }
  });

  it('is nothing if it is no message, a command that no page has, or a question that writes', () => {
    for (const each of [undefined, null, 1, 'ready', [], {}, { kind: 'none' }, { kind: '__proto__' }, { kind: 'toString' }])
      assert.equal(pageMessage(each), undefined);
    assert.equal(pageMessage({ kind: 'command', id: 1, command: 'peermap.removeOrphan' }), undefined);
    assert.equal(pageMessage({ kind: 'ask', id: 1, question: 'peermap/destroy', params: {} }), undefined);
    for (const deep of [nested(3), [nested(3)], ['x']])
      assert.equal(pageMessage({ kind: 'ask', id: 1, question: 'peermap/read', params: { offset: deep } }), undefined);
  });

  it('opens one dialog, however often it asks for it, and the next after that; what fails is told of once', async () => {
    const begun: string[] = [];
    const failures: unknown[] = [];
    let end: (() => void) | undefined;
    const post = pageMessages(
      async (message) => {
        begun.push(message.kind);
        if (message.kind === 'copy') throw new Error('no clipboard');
        if (message.kind === 'save') await new Promise<void>((resolve) => (end = resolve));
      },
      (error) => failures.push(error),
    );
    for (let count = 0; count < 10_000; count += 1) post({ kind: 'save', name: 'name', text: 'text' });
    post(null);
    post({ kind: 'copy', text: 'x' });
    assert.deepEqual(begun, ['save', 'copy']);
    end?.();
    await new Promise((resolve) => setImmediate(resolve));
    post({ kind: 'save', name: 'name', text: 'text' });
    assert.deepEqual(begun, ['save', 'copy', 'save']);
    assert.equal(failures.length, 1);
  });
});
