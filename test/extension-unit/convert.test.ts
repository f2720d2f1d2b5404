// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { ResponseError } from 'vscode-languageserver/node';
import { toResponseError, toWire } from '../../extension/server/convert';

describe('conversion to the wire', () => {
  it('makes every bigint an address, however deep, and leaves the rest', () => {
    const value = {
      base: 0x7e8000000000n,
      peers: [{ base: 16n, name: 'a', mapped: 4096, gone: undefined }],
      none: null,
    };
    assert.deepEqual(toWire(value), {
      base: '0x7e8000000000',
      peers: [{ base: '0x10', name: 'a', mapped: 4096, gone: undefined }],
      none: null,
    });
  });

  it("keeps an error's code, errno and round, and names the blocker in the text", () => {
    const round = {
      epoch: 1,
      size: 4096,
      peers: 2,
      acked: 1,
      late: 1,
      died: 0,
      nanoseconds: 5,
      blocker: { pid: 7, name: 'sleeper' },
    };
    const error = Object.assign(new Error('a peer did not map the memory'), {
      code: 'PEERMAP_ETIMEDOUT',
      errno: 110,
      round,
    });
    const refused = toResponseError(error);
    assert.deepEqual(refused.data, { code: 'PEERMAP_ETIMEDOUT', errno: 110, round });
    assert.equal(refused.message, 'a peer did not map the memory (sleeper, pid 7)');
  });

  it('tells a request that makes no sense from one that failed', () => {
    assert.equal(toResponseError(new TypeError('not a string')).code, -32602);
    assert.equal(toResponseError(new Error('odd')).code, -32603);
    const already = new ResponseError(1, 'already');
    assert.equal(toResponseError(already), already);
  });
});
