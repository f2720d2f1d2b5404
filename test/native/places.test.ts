// SPDX-License-Identifier: MIT
//
// Every program of places/: those do something in the middle of a call, at a named place of the library that has them, so there is one build of each.

import { readdirSync } from 'node:fs';
import { itHolds } from './programs';

describe('native, at named places', () => {
  for (const file of readdirSync('test/native/places').filter((name) => name.endsWith('.c')))
    itHolds('build/native/faults/tests', file.slice(0, -2));
});
