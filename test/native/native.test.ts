// SPDX-License-Identifier: MIT

import { itHolds, programs } from './programs';

describe('native', () => {
  for (const program of programs) itHolds('build/native/tests', program);
});
