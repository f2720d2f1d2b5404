// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { RestartPolicy } from '../../extension/client/restart-policy';

const minute = 60_000;

describe('restart policy', () => {
  it('starts a server again four times within three minutes, and then no more', () => {
    const policy = new RestartPolicy();
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((at) => policy.died(at)),
      [true, true, true, true, false],
    );
  });

  it('forgets what is longer ago', () => {
    const policy = new RestartPolicy();
    assert.ok([0, 1, 2, 3, 4].map((n) => policy.died(n * minute)).every(Boolean));
  });
});
