// SPDX-License-Identifier: MIT

import { long } from '../long';
import { itHolds, programs } from './programs';

/** Those that do more when there is time. */
const lasting = ['no_word_moves_a_mapping'];

describe('native', () => {
  for (const program of long ? lasting : programs) itHolds('build/native/tests', program);
});
