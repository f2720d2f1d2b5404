// SPDX-License-Identifier: MIT
//
// Half a minute of the storm, with another seed each time; `npm run chaos -- --seconds N --seed S` for more, or for one again.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

interface Ended {
  code?: number | string;
  stdout: string;
  stderr: string;
}

describe('chaos', () => {
  it('growing and shrinking survive stops, kills, restarts, forks and execs', async () => {
    const program = 'build/native/chaos/chaos';
    try {
      const { stdout } = await promisify(execFile)(program, ['--seconds', '30'], { timeout: 170_000, maxBuffer: 1 << 24 });
      console.log(`      ${stdout.trim()}`);
    } catch (error) {
      const { code, stdout, stderr } = error as Ended;
      throw new Error(`${program} ended with ${String(code)}\n${stderr}${stdout}`, { cause: error });
    }
  });
});
