// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { RestartPolicy } from '../../extension/client/restart-policy';

const minute = 60_000;

describe('restart policy', () => {
  it('starts a server again four times within three minutes, and then no more', () => {
    const policy = new RestartPolicy();
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((at) => policy.died(at, false)),
      [true, true, true, true, false],
    );
  });

  it('forgets what is longer ago', () => {
    const policy = new RestartPolicy();
    assert.ok([0, 1, 2, 3, 4].map((n) => policy.died(n * minute, false)).every(Boolean));
  });

  it('goes on while each death is of something else, which is left out from then on, but not for ever', () => {
    const policy = new RestartPolicy();
    assert.ok(Array.from({ length: 20 }, (_, at) => policy.died(at, true)).every(Boolean));
    assert.equal(policy.died(20, false), true);
    assert.equal(policy.died(21, true), false);
  });
});
