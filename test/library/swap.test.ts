// SPDX-License-Identifier: MIT
//
// The example that changes nothing in its place: killed anywhere, again and again, it leaves its numbers whole and loses no object.

import * as assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { atExit } from '../at-exit';
import { run, segment } from './library';

const program = 'build/native/examples/swap';

/** Two that write, killed after so long. */
async function killed(name: string, milliseconds: number): Promise<void> {
  const writers = [1, 2].map(() => spawn(program, [name, 'write'], { stdio: ['ignore', 'ignore', 'inherit'] }));
  const forget = writers.map((writer) => atExit(() => writer.kill('SIGKILL')));
  const ended = writers.map((writer) => once(writer, 'exit'));
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  for (const writer of writers) assert.ok(writer.kill('SIGKILL'), 'it ended by itself');
  await Promise.all(ended);
  for (const one of forget) one();
}

describe('library, the example that swaps a root', () => {
  it('is whole, and has lost nothing, wherever it is killed', async () => {
    const name = segment('swap');
    run([program, name, 'write', '1']);
    for (let kills = 0, begun = performance.now(); performance.now() - begun < 2000 || kills < 40; kills += 2) {
      await killed(name, Math.random() * 25);
      assert.match(run([program, name, 'read']), /^version \d+, \d+ numbers, whole, 0 objects lost$/);
    }
    run([program, name, 'forget']);
  });
});
