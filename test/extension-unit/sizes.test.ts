// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { formatBytes, formatNanoseconds, fromAddress, parseSize, plus, toAddress } from '../../extension/protocol/address';

const K = 1024;

describe('sizes and addresses', () => {
  for (const [text, bytes] of [
    ['65536', 65536],
    ['64K', 64 * K],
    ['64 kb', 64 * K],
    ['64KiB', 64 * K],
    ['2 MiB', 2 * K * K],
    ['1.5 GiB', 1.5 * K ** 3],
    ['1T', K ** 4],
    ['0x10000', 65536],
    ['+25%', 250],
    ['  7 bytes ', 7],
    ['0.1%', 1],
  ] as const) {
    it(`"${text}" is ${bytes} bytes when there are 1000`, () => {
      assert.deepEqual(parseSize(text, 1000), { kind: 'bytes', bytes });
    });
  }

  for (const text of ['', 'K', '-1', '64 Q', '0', '0x', '0x10K', '1.5', '1e3', '9999999T', '25%%']) {
    it(`"${text}" is no size, and the answer says what is wrong`, () => {
      const parsed = parseSize(text, 1000);
      assert.equal(parsed.kind, 'error');
      assert.match(parsed.text, /^[A-Z].*\.$/);
    });
  }

  it('bytes and times read as people say them', () => {
    assert.deepEqual([0, 1, 1023, 1536, 2 * K * K, 16 * K ** 3].map(formatBytes), [
      '0 bytes',
      '1 byte',
      '1023 bytes',
      '1.5 KiB',
      '2 MiB',
      '16 GiB',
    ]);
    assert.deepEqual([999, 1500, 2.5e6, 3e9].map(formatNanoseconds), ['999 ns', '1.5 µs', '2.5 ms', '3 s']);
  });

  it('an address survives the wire, whatever its size', () => {
    for (const address of [0n, 0x7e8000000000n, 2n ** 64n - 1n]) assert.equal(fromAddress(toAddress(address)), address);
    assert.equal(plus('0x7e8000000000', 4096), '0x7e8000001000');
  });
});
