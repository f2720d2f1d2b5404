// SPDX-License-Identifier: MIT
//
// The shared memory of programs that know nothing of this library: all of it, with all who have it.

import * as assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { SharedObject } from '../../extension/protocol/model';
import { root, until } from '../peers/drive';
import { Client } from './client';

describe('the shared memory of real programs', function () {
  this.timeout(180_000);
  let folder: string;

  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-real-'))));
  afterEach(async () => {
    await Client.endAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function objectsOf(client: Client, isMeant: (pid: number) => boolean): Promise<SharedObject[]> {
    const { value } = await client.request('peermap/census', {});
    return value.objects.filter(({ users }) => users.some(({ pid }) => isMeant(pid)));
  }

  it('PostgreSQL: its main memory, its System V interlock and its dynamic segments, mapped by all its processes', async function () {
    const programs = fs.globSync('/usr/lib/postgresql/*/bin').at(-1);
    if (programs === undefined) {
      console.log('      skipped: PostgreSQL is not installed (postgresql)');
      return this.skip();
    }
    const identity = unprivileged();
    if (identity) fs.chownSync(folder, identity.uid, identity.gid);
    const at = path.join(folder, 'cluster');
    const initdb = ['-D', at, '-A', 'trust', '--no-sync', '--no-locale'];
    execFileSync(`${programs}/initdb`, initdb, { ...identity, stdio: 'ignore' });
    const options = ['-D', at, '-k', folder, '-h', '', '-c', 'fsync=off', '-c', 'dynamic_shared_memory_type=posix'];
    const server = spawn(`${programs}/postgres`, options, { ...identity, stdio: 'ignore' });
    try {
      await until(() => fs.existsSync(path.join(folder, '.s.PGSQL.5432')), 'PostgreSQL to listen');
      const client = await Client.start();
      const family = () => new Set([server.pid ?? 0, ...childrenOf(server.pid ?? 0)]);
      const objects = await until(async () => {
        const pids = family();
        const found = await objectsOf(client, (pid) => pids.has(pid));
        const kinds = new Set(found.map(({ kind }) => kind));
        return pids.size > 3 && kinds.has('posix') && kinds.has('sysv') && kinds.has('anonymous') ? found : undefined;
      }, 'three kinds of memory');
      const main = objects.find(({ kind, size }) => kind === 'anonymous' && size > 64 << 20);
      assert.ok(main, 'the main memory of 128 MiB and more');
      assert.ok(main.users.length > 3, `${main.users.length} processes`);
      // Its workers may have others among themselves.
      const dynamic = objects.find(
        ({ kind, name, users }) =>
          kind === 'posix' && name.startsWith('PostgreSQL.') && users.some(({ pid }) => pid === server.pid),
      );
      assert.ok(dynamic, JSON.stringify(objects.map(({ kind, name }) => [kind, name])));
      assert.ok(dynamic.users.length > 3, `${dynamic.users.length} processes`);
      assert.equal(dynamic.uid, identity?.uid ?? process.getuid?.());
      const interlock = objects.find(({ kind }) => kind === 'sysv');
      assert.ok((interlock?.sysv?.attached ?? 0) > 0);
      for (const object of objects) assert.equal(object.orphan, 'in-use', object.name);
      // What is in use is not removed, whatever a person clicked.
      const { name, inode, device } = dynamic;
      const { data } = await client.refusal('peermap/remove', { kind: 'posix', name, inode, device });
      assert.equal(data?.code, 'PEERMAP_EBUSY');
    } finally {
      await ended(server, 'SIGINT');
    }
    const client = await Client.start();
    assert.deepEqual(await objectsOf(client, (pid) => pid === server.pid), []);
  });

  it('Chromium: memfds that its processes share', async () => {
    const file = pathToFileURL(path.join(root, 'scripts/host/install.mjs')).href;
    const { ensureChromium } = (await import(file)) as { ensureChromium: () => string };
    const browser = await chromium.launchServer({
      executablePath: ensureChromium(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      env: { ...process.env, TMPDIR: folder, HOME: folder },
    });
    try {
      const client = await Client.start();
      const main = browser.process().pid ?? 0;
      const shared = await until(async () => {
        const pids = new Set([main, ...childrenOf(main)]);
        const objects = await objectsOf(client, (pid) => pids.has(pid));
        return objects.find(({ kind, users }) => kind === 'memfd' && users.length > 1);
      }, 'memory that two processes of Chromium have');
      assert.ok(shared.name.length > 0);
      assert.ok(shared.users.some(({ mappings, descriptors }) => mappings + descriptors > 0));
      assert.equal(shared.orphan, 'in-use');
    } finally {
      await browser.close();
    }
  });
});

/** PostgreSQL refuses to run as root: then it runs as its own user. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, , uid, gid] = /^(?:postgres|nobody):.*$/m.exec(fs.readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function childrenOf(pid: number): number[] {
  try {
    const direct = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    return direct.flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    return [];
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exit;
}
