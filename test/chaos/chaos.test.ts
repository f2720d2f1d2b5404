// SPDX-License-Identifier: MIT
//
// A storm, with another seed each time; `npm run chaos -- --seconds N --seed S` for more, or for one again.  And what it says of an actor
// that ended though nobody killed it.  In `npm run test:long` a long storm.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { long } from '../long';
import { expectWell, run } from '../program';

const chaos = 'build/native/chaos/chaos';

describe('chaos', () => {
  it('growing and shrinking survive stops, kills, restarts, forks and execs', async () => {
    await expectWell(chaos, ['--seconds', long ? '120' : '10'], 580_000);
  }).timeout(600_000);
});

if (long)
  describe('chaos, with cores', () => {
    it('the same where half of those that are killed dump their core', async () => {
      await expectWell(chaos, ['--seconds', '60', '--dumps', '50'], 580_000);
    }).timeout(600_000);
  });

const explained = () => {
  /** What is said of a storm in which an actor ends like that. */
  async function told(how: number): Promise<string> {
    const { code, stdout, stderr } = await run(chaos, ['--seconds', '20', '--crash', String(how)], 170_000);
    assert.equal(code, 1, stdout + stderr);
    return stderr;
  }

  it('by a signal that nobody of ours sent', async () => {
    assert.match(await told(9), /ended while it did crash, and nobody killed it: by signal 9, Killed/);
  });

  it('with an exit code', async () => {
    assert.match(await told(70), /ended while it did crash, and nobody killed it: with exit code 70/);
  });

  it('by a crash, with the stack out of its core', async function () {
    const text = await told(11);
    assert.match(text, /got signal 11 .* while it did crash/);
    assert.match(text, /\(pid \d+\) while it did crash: by signal 11, Segmentation fault/);
    const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
    const gdb = await run('gdb', ['--version'], 60_000);
    if (/^[|/]/.test(pattern) || gdb.code !== 0) {
      console.log(`      skipped: ${gdb.code === 0 ? `cores go to ${pattern}` : 'there is no gdb'}`);
      this.skip();
    }
    assert.match(text, /crash_on_purpose/);
  });
};

if (!long) describe('chaos: an actor that ends by itself is found, and how it ended is said', explained);
