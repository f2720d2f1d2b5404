// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { asData, oneLine, visible, withoutFormula, withoutLinks } from '../../extension/protocol/foreign';

describe('text from other programs', () => {
  it('is in one line, with everything visible that is there', () => {
    assert.equal(oneLine('hold\n\nEnd.\r\tNow\u2028do'), 'hold\\n\\nEnd.\\r\\tNow\\u{2028}do');
    assert.equal(oneLine('\u001b]0;x\u0007\u009b2J\u0000'), '\\u{1b}]0;x\\u{7}\\u{9b}2J\\u{0}');
    assert.equal(oneLine('ab\u202edc\u2066\u200f'), 'ab\\u{202e}dc\\u{2066}\\u{200f}');
    assert.equal(oneLine('Größe €🐌'), 'Größe €🐌');
  });

  it('is no formula in a spreadsheet', () => {
    for (const text of ['=1+1', '+cmd|x', '-1+1|x', '@SUM(1)', '\tx', '-', '--1', '-0x4g', '=HYPERLINK("x")', '-1e5+1'])
      assert.equal(withoutFormula(text), `'${text}`);
    for (const text of ['', 'a=1', '41', '0x10', ' =1']) assert.equal(withoutFormula(text), text);
  });

  it('hides nothing in characters that nobody sees', () => {
    const unseen = [
      0xad, 0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f, 0x200b, 0x200c, 0x200d, 0x2800, 0x3164, 0xfe00, 0xfe0f,
    ];
    for (const code of [
      ...unseen,
      0xffa0,
      0xfff9,
      0x13441,
      0x16fe4,
      0x1bca0,
      0x1d159,
      0x1d173,
      0xe0001,
      0xe0100,
      0xe01ef,
      0xf0000,
      0x10fffe,
    ])
      assert.equal(visible(`a${String.fromCodePoint(code)}b`), `a\\u{${code.toString(16)}}b`);
    assert.equal(visible('a\ud800b'), 'a\\u{d800}b');
    for (const text of ['naïve é', 'हिन्दी', 'مرحبا', '日本語\u3000名', '한국어', '🐌👍🏽']) assert.equal(visible(text), text);
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
