// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { memoryPath, parseMemoryPath } from '../../extension/client/memory-uri';

describe('the memory of a segment as a file', () => {
  it('its name says which bytes it has, and is read back as the same bytes', () => {
    for (const range of [
      undefined,
      { offset: 0, length: 1 },
      { offset: 0x1000, length: 0x200 },
      { offset: -0x50000, length: 64 },
    ]) {
      assert.deepEqual(parseMemoryPath(memoryPath('quotes.v2', range)), { segment: 'quotes.v2', range });
    }
  });

  it('numbers may be decimal', () => {
    assert.deepEqual(parseMemoryPath('/quotes/4096-512.bin'), { segment: 'quotes', range: { offset: 4096, length: 512 } });
  });

  it('what names no bytes of a segment is no file', () => {
    const bad = [
      '/',
      '/quotes',
      '/quotes/1-2',
      '/quotes/x-2.bin',
      '/a/b/1-2.bin',
      '/../1-2.bin',
      '/quotes/1-99999999999999999999.bin',
    ];
    for (const path of bad) assert.equal(parseMemoryPath(path), undefined, path);
  });
});
