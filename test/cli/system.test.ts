// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { rmSync } from 'node:fs';
import { Peer, testSegment } from '../peers/drive';
import { atExit } from '../at-exit';
import { cleanUp, json, object, row, Running, well } from './cli';

interface Memory {
  kind: string;
  name?: string;
  id?: number;
  size: number;
  sizeKnown: boolean;
  allocated?: number;
  mode?: number;
  attached?: number;
  removed: boolean;
  orphan: string;
  users: { pid: number; command: string; mapped: number; mappings: number; descriptors: number }[];
}

interface System {
  memory: Memory[];
  limits: { shmSize?: number; shmmax?: number; shmall?: number; shmmni?: number };
  asked: number;
}

let count = 0;

/** A process that has one of each, and what `system` says of each. */
async function start(): Promise<{ name: string; segment: number; orphan: number; holder: Running; finish: () => Promise<void> }> {
  const name = `test-${process.pid}-memory-${++count}`;
  const holder = new Running([name], { program: ['python3', 'test/cli/memory.py'] });
  atExit(() => rmSync(`/dev/shm/${name}`, { force: true }));
  await holder.said(/^ready \d+ \d+\n/);
  const [, segment, orphan] = holder.out.trim().split(' ').map(Number);
  const finish = async () => {
    holder.child.stdin?.end();
    await holder.ended;
  };
  return { name, segment: segment ?? -1, orphan: orphan ?? -1, holder, finish };
}

describe('cli: system', () => {
  afterEach(cleanUp);

  it('sees every kind of shared memory, how large it is, and who has it', async () => {
    const { name, segment, orphan, holder, finish } = await start();
    try {
      const { memory, limits, asked } = await json<System>('system');
      const find = (what: string, test: (one: Memory) => boolean) => {
        const found = memory.find(test);
        assert.ok(found, `${what} in ${JSON.stringify(memory)}`);
        return found;
      };
      const ours = (one: Memory) => one.users.some(({ pid }) => pid === holder.pid);

      const memfd = find('memfd', (one) => one.kind === 'memfd' && one.name === name);
      assert.deepEqual([memfd.size, memfd.sizeKnown, memfd.allocated], [3 << 20, true, 4096]);
      assert.deepEqual([memfd.users[0]?.pid, memfd.users[0]?.mapped], [holder.pid, 3 << 20]);
      assert.match(memfd.users[0]?.command ?? '', /memory\.py/);
      const open = find('open memfd', (one) => one.kind === 'memfd' && one.name === `${name}-open`);
      assert.deepEqual([open.size, open.users[0]?.mappings, open.users[0]?.descriptors], [12288, 0, 1]);

      const sysv = find('System V', (one) => one.kind === 'sysv' && one.id === segment);
      assert.deepEqual([sysv.size, sysv.mode, sysv.attached, sysv.orphan], [7 << 20, 0o640, 1, 'no']);
      assert.ok(ours(sysv));
      const unattached = find('orphan', (one) => one.kind === 'sysv' && one.id === orphan);
      assert.deepEqual([unattached.attached, unattached.orphan, unattached.users], [0, 'yes', []]);

      const posix = find('POSIX', (one) => one.kind === 'posix' && one.name === name);
      assert.deepEqual([posix.size, posix.removed, posix.orphan], [1 << 20, false, 'no']);
      const gone = find('removed', (one) => one.kind === 'posix' && one.name === `${name}-gone`);
      assert.equal(gone.removed, true);
      find('anonymous', (one) => one.kind === 'anonymous' && one.size === 5 << 20 && ours(one));

      assert.ok((limits.shmmni ?? 0) > 0 && (limits.shmmax ?? 0) > 0 && limits.shmSize !== undefined);
      assert.ok(asked > 0);
    } finally {
      await finish();
    }
  });

  it('says the same for people, orphans alone if asked to', async () => {
    const { name, orphan, holder, finish } = await start();
    const left = `test-${process.pid}-left`;
    object(left, Buffer.alloc(4096));
    try {
      const text = await well('system');
      assert.match(text, new RegExp(`^memfd +${name} +3 MiB +4 KiB `, 'm'));
      assert.match(text, new RegExp(`^posix +${name} +1 MiB `, 'm'));
      assert.ok(row(text, `id ${orphan} (private)`).includes('orphan'));
      assert.match(text, new RegExp(` ${holder.pid} +\\S+ +3 MiB +\\S*python3.* `));
      assert.match(text, /^System V +\d+ of \d+ segments/m);
      assert.match(text, /^\/dev\/shm +.* used of /m);
      const orphans = await well('system', '--orphans');
      assert.ok(row(orphans, left).includes('orphan') || row(orphans, left).includes('0'));
      assert.ok(!orphans.includes(`${name}-gone`));
    } finally {
      await finish();
    }
  });

  it('shows the segments of this library with the others', async () => {
    const name = testSegment();
    const alpha = await Peer.start(name, 'alpha', 'create', 65536);
    const { memory } = await json<System>('system');
    const segment = memory.find((one) => one.name === `peermap.${name}`);
    assert.deepEqual(
      segment?.users.map(({ pid }) => pid),
      [alpha.pid],
    );
  });

  it('does not mind processes that end while it looks', async () => {
    const busy = new Running(['-c', 'while :; do /bin/true; done'], { program: ['bash'] });
    for (let i = 0; i < 10; i += 1) await json('system');
    await busy.end();
  });
});
