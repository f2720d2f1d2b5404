// SPDX-License-Identifier: MIT
//
// Half a minute of the storm, with another seed each time; `npm run chaos -- --seconds N --seed S` for more, or for one again.

import { expectWell } from '../program';

describe('chaos', () => {
  it('growing and shrinking survive stops, kills, restarts, forks and execs', async () => {
    await expectWell('build/native/chaos/chaos', ['--seconds', '30'], 170_000);
  });
});
