// SPDX-License-Identifier: MIT
//
// Everything that can befall the runtime at its named places, in every operation; `npm run walk -- PLAY [PLACE [NTH [FAULT]]]` for one of them.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

interface Ended {
  code?: number | string;
  stdout: string;
  stderr: string;
}

describe('walk', () => {
  it('a kill, a stop or a failure at any place of any operation leaves every peer and the segment whole', async () => {
    const program = 'build/native/faults/walk';
    try {
      const { stdout } = await promisify(execFile)(program, { timeout: 580_000, maxBuffer: 1 << 24 });
      console.log(`      ${stdout.trim()}`);
    } catch (error) {
      const { code, stdout, stderr } = error as Ended;
      throw new Error(`${program} ended with ${String(code)}\n${stderr}${stdout}`, { cause: error });
    }
  }).timeout(600_000);
});
