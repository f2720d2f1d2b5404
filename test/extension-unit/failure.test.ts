// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { PeermapFailure, sentenceOf, toFailure } from '../../extension/client/failure';

describe('failures', () => {
  it("carries the server's code as property and in the message", () => {
    const failure = toFailure(
      Object.assign(new Error('sleeper is late'), { code: -32803, data: { code: 'PEERMAP_ETIMEDOUT' } }),
      'it',
    );
    assert.equal(failure.code, 'PEERMAP_ETIMEDOUT');
    assert.equal(failure.message, 'PEERMAP_ETIMEDOUT: sleeper is late');
    assert.equal(sentenceOf(failure), 'sleeper is late');
  });

  for (const code of [-32097, -32099, 'ERR_IPC_CHANNEL_CLOSED']) {
    it(`says that the outcome is not known when the server ended before it answered (${code})`, () => {
      const failure = toFailure(Object.assign(new Error('pending response rejected'), { code }), 'the growth of demo');
      assert.equal(failure.code, 'PEERMAP_SERVER');
      assert.match(failure.sentence, /Whether the growth of demo was done is not known/);
    });
  }

  it('is left alone when it is one already', () => {
    const failure = new PeermapFailure('PEERMAP_EINVAL', 'no');
    assert.equal(toFailure(failure, 'it'), failure);
  });
});
