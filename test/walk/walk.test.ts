// SPDX-License-Identifier: MIT
//
// Everything that can befall the runtime at its named places, in every operation; `npm run walk -- PLAY [PLACE [NTH [FAULT]]]` for one of them.
// In `npm run test:long` the same, sanitized.

import { long } from '../long';
import { expectWell } from '../program';

describe('walk', () => {
  it(`a kill, a stop or a failure at any place of any operation leaves every peer and the segment whole${long ? ', sanitized' : ''}`, async () => {
    await expectWell(long ? 'build/native/asan/faults/walk' : 'build/native/faults/walk', [], 580_000);
  }).timeout(600_000);

  if (!long)
    it('a death that the kernel does not tell, at any place of any operation, is known all the same', async () => {
      await expectWell('build/native/faults/walk', ['--vanish'], 580_000);
    }).timeout(600_000);
});
