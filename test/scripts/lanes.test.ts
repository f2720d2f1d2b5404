// SPDX-License-Identifier: MIT
//
// scripts/lanes.mjs, in a process of its own: what goes side by side and what does not, and what is left when it is interrupted.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { atExit } from '../at-exit';
import { until } from '../peers/drive';

describe('lanes', () => {
  let folder = '';
  let forget: () => unknown = () => undefined;

  beforeEach(() => {
    const made = (folder = mkdtempSync(join(tmpdir(), 'peermap-lanes-')));
    forget = atExit(() => rmSync(made, { recursive: true, force: true }));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    forget();
  });

  /** A program over lanes.mjs; `folder` is where it works. */
  function start(body: string, patience = '20000') {
    const from = JSON.stringify(resolve('scripts/lanes.mjs'));
    const program = `import { endWhenInterrupted, inLanes, run } from ${from};\n${body}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PEERMAP_PATIENCE_MS: patience },
    });
    const stop = atExit(() => child.kill('SIGKILL'));
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    const ended = once(child, 'close').then(([code]) => {
      stop();
      return { code: code as number | null, out };
    });
    return { child, ended };
  }

  const lives = (pid: number): boolean => {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  const pidIn = (name: string) => Number(readFileSync(join(folder, name), 'utf8'));
  const written = (name: string) => existsSync(join(folder, name)) && readFileSync(join(folder, name), 'utf8').endsWith('\n');

  it('so many jobs go side by side, none beside one that writes the same, none before what it needs', async () => {
    const { code, out } = await start(`
      let most = 0;
      const now = new Set(), order = [];
      let get;
      const got = new Promise((resolve) => (get = resolve));
      const jobs = [{ name: 'late', after: got }, { name: 'a', alone: 'x' }, { name: 'b', alone: 'x' }, { name: 'c' }, { name: 'd' }];
      await inLanes(jobs, 3, async ({ name }) => {
        now.add(name);
        order.push(name);
        most = Math.max(most, now.size);
        if (now.has('a') && now.has('b')) order.push('a beside b');
        if (name === 'd') get();
        await new Promise((end) => setTimeout(end, 30));
        now.delete(name);
      });
      console.log(JSON.stringify({ most, order, first: order[0], late: order.indexOf('late') > order.indexOf('d') }));
    `).ended;
    assert.equal(code, 0);
    const { most, order, first, late } = JSON.parse(out) as { most: number; order: string[]; first: string; late: boolean };
    assert.deepEqual([most, first, late], [3, 'a', true], out);
    assert.deepEqual([...order].sort(), ['a', 'b', 'c', 'd', 'late']);
  });

  it('what a job prints is kept as a whole, with its exit code and its last line', async () => {
    const { out } = await start(`
      const { code, last, output, left } = await run('one', 'sh', ['-c', 'echo first; echo wrong >&2; echo last; exit 3']);
      console.log(JSON.stringify({ code, last, left, output: output.split('\\n').sort() }));
    `).ended;
    assert.deepEqual(JSON.parse(out), { code: 3, last: 'last', left: [], output: ['', 'first', 'last', 'wrong'] });
  });

  it('a process that a job leaves behind is told of, and ended', async () => {
    const { out } = await start(
      `
      const { code, left } = await run('one', 'sh', ['-c', 'sleep 1000 & echo $! > left; exit 0']);
      console.log(JSON.stringify({ code, left }));
    `,
      '200',
    ).ended;
    const pid = pidIn('left');
    assert.deepEqual(JSON.parse(out), { code: 0, left: [`${pid} sleep 1000`] });
    await until(() => !lives(pid), 'its end');
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    it(`${signal} ends all that runs, also what a job's child has started, when it has cleared away`, async () => {
      const { child, ended } = start(
        `
        import { writeFileSync } from 'node:fs';
        endWhenInterrupted(() => writeFileSync('cleared', 'yes'));
        const clears = "trap 'sleep 0.3; rm made; exit 1' INT TERM; touch made; (sleep 1000 & echo $! > deep; wait) & echo $$ > one; wait";
        void run('one', 'sh', ['-c', clears]);
        void run('two', 'sh', ['-c', 'echo $$ > two; exec sleep 1000']);
      `,
        '4000', // what a shell starts in the background does not hear SIGINT
      );
      await until(() => ['one', 'two', 'deep'].every(written), 'both jobs');
      const pids = ['one', 'two', 'deep'].map(pidIn);
      child.kill(signal);
      assert.equal((await ended).code, 130);
      await until(() => !pids.some(lives), 'the end of all');
      assert.deepEqual([existsSync(join(folder, 'made')), existsSync(join(folder, 'cleared'))], [false, true]);
    });
});
