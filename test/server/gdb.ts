// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';

/** Skips, and says why, where there is no gdb that runs Python. */
export function needsGdb(test: Mocha.Context): void {
  try {
    execFileSync('gdb', ['-nx', '-batch', '-ex', 'python 1'], { stdio: 'pipe' });
  } catch {
    console.log('      gdb with Python is not installed');
    test.skip();
  }
}
