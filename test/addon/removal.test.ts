// SPDX-License-Identifier: MIT

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cleanUp, freshName, kept, peermap, Script, type SharedObject } from './addon';

const folder = '/dev/shm';
const left: string[] = [];

function leave(): { kind: 'posix'; name: string; device: number; inode: number } {
  const name = `test-${process.pid}-left-${left.length}`;
  left.push(name);
  writeFileSync(`${folder}/${name}`, 'left', { mode: 0o600 });
  return target(name);
}

function target(name: string): { kind: 'posix'; name: string; device: number; inode: number } {
  const { dev, ino } = statSync(`${folder}/${name}`);
  return { kind: 'posix', name, device: dev, inode: ino };
}

function seen(name: string): SharedObject {
  const object = peermap.census().objects.find((each) => each.kind === 'posix' && each.name === name);
  assert.ok(object, name);
  return object;
}

describe('addon: removing what nobody has', () => {
  afterEach(async () => {
    await cleanUp();
    for (const name of left.splice(0)) rmSync(`${folder}/${name}`, { force: true });
  });

  it('asks the kernel whether anybody has it, and tells of what it did not remove why', () => {
    const object = leave();
    const fd = openSync(`${folder}/${object.name}`, 'r');
    assert.deepEqual([seen(object.name).orphan, seen(object.name).reason], ['in-use', 'seen']);
    const { outcome, reason, code, pid, text } = peermap.remove(object);
    assert.deepEqual([outcome, reason, code, pid], ['refused', 'seen', 'PEERMAP_EBUSY', process.pid]);
    assert.match(text ?? '', /it is in use by .* \(\d+\)/);
    closeSync(fd);
    assert.deepEqual([seen(object.name).orphan, seen(object.name).reason], ['orphan', 'leased']);
    assert.deepEqual(peermap.remove(object), { outcome: 'removed' });
    assert.ok(!existsSync(`${folder}/${object.name}`));
    assert.deepEqual([peermap.remove(object).outcome, peermap.remove(object).code], ['gone', 'PEERMAP_ENOENT']);
  });

  it('removes no segment that has a live peer, unless its name alone is to go', async () => {
    const name = freshName();
    const segment = kept(peermap.Segment.create(name, { peerName: 'one' }));
    await Script.peer(name, 'two');
    const object = target(`peermap.${name}`);
    const refused = peermap.remove(object);
    assert.deepEqual([refused.outcome, refused.reason, refused.name], ['refused', 'registered', 'one']);
    const replaced = peermap.remove({ ...object, inode: object.inode + 1, anyway: true });
    assert.deepEqual([replaced.outcome, replaced.code], ['replaced', 'PEERMAP_EBUSY']);
    assert.match(replaced.text ?? '', /another object's by now, and nothing was removed/);
    assert.equal(peermap.remove({ ...object, bornNs: 1n, anyway: true }).outcome, 'replaced'); // its inode number, used again
    const { bornNs } = seen(object.name);
    assert.equal(bornNs, statSync(`${folder}/${object.name}`, { bigint: true }).birthtimeNs);
    assert.equal(peermap.remove({ ...object, bornNs, anyway: true }).outcome, 'removed');
    assert.ok(segment.size > 0);
    assert.ok(!existsSync(`${folder}/peermap.${name}`));
  });

  it('does not count an observer of its own', () => {
    const name = freshName();
    peermap.Segment.create(name).detach();
    const observer = kept(new peermap.Observer(name));
    observer.watch(() => undefined);
    assert.deepEqual([seen(`peermap.${name}`).orphan, seen(`peermap.${name}`).users.length], ['orphan', 1]);
    assert.equal(peermap.remove(target(`peermap.${name}`)).outcome, 'removed');
  });

  it('removes a System V segment that nobody has attached', () => {
    const id = Number(/(\d+)\s*$/.exec(execFileSync('ipcmk', ['-M', '4096'], { encoding: 'utf8' }))?.[1]);
    const listed = () => readFileSync('/proc/sysvipc/shm', 'utf8').includes(` ${id} `);
    assert.ok(listed());
    assert.deepEqual(peermap.remove({ kind: 'sysv', id }), { outcome: 'removed' });
    assert.ok(!listed());
    assert.equal(peermap.remove({ kind: 'sysv', id }).outcome, 'gone');
  });

  it('names an argument that makes no sense', () => {
    const wrong = (value: unknown) => () => peermap.remove(value as Parameters<typeof peermap.remove>[0]);
    assert.throws(wrong(undefined), TypeError);
    assert.throws(wrong({ kind: 'memfd', name: 'x' }), /kind must be posix or sysv/);
    assert.throws(wrong({ kind: 'posix', name: 'x', device: 1 }), /inode must be a number/);
    assert.throws(wrong({ kind: 'posix', name: 'x', device: 1, inode: 1, bornNs: 1 }), /bornNs must be a bigint/);
    assert.throws(wrong({ kind: 'sysv', id: -1 }), RangeError);
  });

  it('has the words of the declaration', () => {
    const words = [...readFileSync('native/observer/use.h', 'utf8').matchAll(/X\(\w+, \w+, "([a-z-]+)"/g)].map(
      ([, word]) => word,
    );
    const outcomes = [...readFileSync('native/observer/unlink.h', 'utf8').matchAll(/X\(\w+, "([a-z-]+)"\)/g)].map(
      ([, word]) => word,
    );
    const declared = readFileSync('native/addon/model.d.ts', 'utf8');
    assert.ok(words.length >= 14 && outcomes.length === 10);
    const reasons = /export type UseReason =([^;]*);/.exec(declared)?.[1] ?? '';
    assert.deepEqual(
      [...reasons.matchAll(/\| '([a-z-]+)'/g)].map(([, word]) => word),
      words,
    );
    const outcome = /outcome:\s+([^;]*);/.exec(declared)?.[1] ?? '';
    assert.deepEqual(
      [...outcome.matchAll(/'([a-z-]+)'/g)].map(([, word]) => word),
      outcomes,
    );
  });
});
