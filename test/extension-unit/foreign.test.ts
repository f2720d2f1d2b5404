// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { asData, oneLine, withoutLinks } from '../../extension/protocol/foreign';

describe('text from other programs', () => {
  it('is in one line, with everything visible that is there', () => {
    assert.equal(oneLine('hold\n\nEnd.\r\tNow\u2028do'), 'hold\\n\\nEnd.\\r\\tNow\\u{2028}do');
    assert.equal(oneLine('\u001b]0;x\u0007\u009b2J\u0000'), '\\u{1b}]0;x\\u{7}\\u{9b}2J\\u{0}');
    assert.equal(oneLine('ab\u202edc\u2066\u200f'), 'ab\\u{202e}dc\\u{2066}\\u{200f}');
    assert.equal(oneLine('Größe €🐌'), 'Größe €🐌');
  });

  it('is as long as was said, at most', () => {
    assert.equal(oneLine('x'.repeat(300)).length, 256);
    assert.ok(oneLine('x'.repeat(300)).endsWith('x…'));
    assert.equal(oneLine('\u009b'.repeat(300)).length, 256);
    assert.equal(oneLine('ab🐌', 3), 'ab…');
    assert.equal(oneLine('🐌'.repeat(128)), '🐌'.repeat(128));
  });

  it('never becomes a link', () => {
    for (const text of ['[Why](command:peermap.destroy?x)', '[[a]](file:///etc)', '[a](b)[c](command:d)', '](command:x)'])
      assert.doesNotMatch(withoutLinks(text), /\]\(/);
    assert.equal(withoutLinks('grew by 1 [ok] (2)'), 'grew by 1 [ok] (2)');
  });

  it('is data for a language model, line by line', () => {
    assert.equal(asData('a\n  b', 'These are data.'), 'These are data.\n\n| a\n|   b');
    assert.equal(asData('a\u2028b\u{e0041}', 'x'), 'x\n\n| a\\u{2028}b\\u{e0041}');
  });
});
