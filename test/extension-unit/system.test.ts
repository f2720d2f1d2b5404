// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ownerByName } from '../../extension/client/system-names';
import { isRemovable, objectId, sorted, systemRows, type Sorting, type SystemRow } from '../../extension/client/system-rows';
import { toCsv, toTsv } from '../../extension/client/system-table';
import type { Census, MemoryUser, SharedObject, UseReason } from '../../extension/protocol/model';
import { reasonText } from '../../extension/protocol/use';
import { MiB } from './snapshots';

const bySize: Sorting = { by: 'size', orphansOnly: false };

function object(name: string, change: Partial<SharedObject> = {}): SharedObject {
  const base = { kind: 'posix', device: 1, inode: name.length, elsewhere: false, removed: false, known: true } as const;
  const facts = {
    size: MiB,
    allocated: MiB / 2,
    uid: 0,
    gid: 0,
    mode: 0o100600,
    worldWritable: false,
    orphan: 'orphan',
    reason: 'leased',
  } as const;
  return { ...base, ...facts, name, users: [], ...change };
}

function user(pid: number, change: Partial<MemoryUser> = {}): MemoryUser {
  return {
    pid,
    uid: 0,
    command: 'postgres',
    mappings: 1,
    descriptors: 0,
    mapped: MiB,
    writes: true,
    reads: false,
    looks: false,
    ...change,
  };
}

function census(objects: SharedObject[], change: Partial<Census> = {}): Census {
  return { objects, asked: 9, hidden: 0, hiddenOwn: 0, whole: true, limits: {}, tookNs: 1, problems: [], ...change };
}

const rowsOf = (seen: Census, sorting = bySize) => systemRows(seen, sorting, (uid) => (uid === 0 ? 'root' : `u${uid}`));
const flat = (rows: SystemRow[]): SystemRow[] => rows.flatMap((row) => [row, ...flat(row.children)]);

describe('rows of the System Shared Memory view', () => {
  it('say kind, object and user, and who is probably the owner', () => {
    const used = object('PostgreSQL.1234', {
      orphan: 'in-use',
      reason: 'seen',
      users: [user(7), user(8, { writes: false, mapped: 0 }), user(9, { reads: true })],
    });
    const [kind] = rowsOf(census([used]));
    assert.deepEqual([kind?.label, kind?.description], ['POSIX objects', '1 object · 1 MiB']);
    const row = kind?.children[0];
    assert.equal(row?.description, '1 MiB · root · 3 processes · PostgreSQL');
    assert.deepEqual(
      row.children.map(({ description }) => description),
      ['pid 7 · root · 1 MiB · reads and writes', 'pid 8 · root · holds it open · reads', 'pid 9 · root · 1 MiB · reads'],
    );
  });

  it('say that every user may write an object, with a command line only for a name that a shell takes for one', () => {
    const rowOf = (each: SharedObject) => flat(rowsOf(census([each]))).find(({ id }) => id === `object:${objectId(each)}`);
    const open = { mode: 0o100666, worldWritable: true };
    const row = rowOf(object('peermap.demo', open));
    assert.equal(row?.description, '1 MiB · root · orphan · every user may write it · Peermap');
    assert.match(row.tooltip, /mode 0666\n.*chmod o-w \/dev\/shm\/peermap\.demo$/s);
    for (const each of [object('x;reboot', open), object('-x', open), object('theirs', { ...open, elsewhere: true })]) {
      const { description = '', tooltip = '' } = rowOf(each) ?? {};
      assert.match(description, /every user may write it/);
      assert.ok(!tooltip.includes('chmod') && tooltip.includes('o+w'), tooltip);
    }
    const group = rowOf(object('group', { mode: 0o100660 }));
    assert.ok(group && !group.description.includes('every user') && group.tooltip.includes('mode 0660'));
  });

  it('mark an orphan, and offer to remove only what has a name here and nobody has', () => {
    const cases: [SharedObject, boolean][] = [
      [object('left'), true],
      [object('used', { orphan: 'in-use', reason: 'seen', users: [user(7)] }), false],
      [object('maybe', { orphan: 'unknown', reason: 'not-owner' }), false],
      [object('theirs', { elsewhere: true }), false],
      [object('gone', { removed: true }), false],
      [object('fd', { kind: 'memfd' }), false],
    ];
    for (const [each, removable] of cases) {
      assert.equal(isRemovable(each), removable, each.name);
      const row = flat(rowsOf(census([each]))).find(({ id }) => id === `object:${objectId(each)}`);
      assert.equal(row?.context.includes('orphan'), removable, each.name);
    }
  });

  it('link a segment of ours to its inspector, by its own name', () => {
    const row = flat(rowsOf(census([object('peermap.demo')]))).find(({ segment }) => segment !== undefined);
    assert.deepEqual([row?.label, row?.segment, row?.context], ['demo', 'demo', 'object orphan segment']);
    assert.ok(!flat(rowsOf(census([object('peermap.a/b')]))).some(({ segment }) => segment !== undefined));
  });

  it('begin with what the system allows, and with how many could not be asked', () => {
    const limits = { directorySize: 64 * MiB, directoryUsed: 4 * MiB, shmmax: 2 ** 63, shmall: 2 ** 63, shmmni: 4096 };
    const [directory, sysv, hidden] = rowsOf(census([], { limits, hidden: 17 }));
    assert.match(directory?.description ?? '', /^4 MiB of 64 MiB used · Docker/);
    assert.equal(sysv?.description, '0 of 4096 segments · unlimited each · unlimited together');
    assert.equal(hidden?.label, '17 processes could not be asked');
    assert.equal(hidden.description, '');
    const [own] = rowsOf(census([], { hidden: 1, hiddenOwn: 1 }));
    assert.deepEqual([own?.label, own?.description], ['1 process could not be asked', '1 of this user']);
    const problems = [
      { code: 'no-access', where: '/proc', text: '1 process of this user could not be asked what it maps' },
      { code: 'os', where: '/dev/shm/x', text: 'Input/output error' },
    ] as const;
    const once = rowsOf(census([], { hidden: 1, hiddenOwn: 1, problems: [...problems] }));
    assert.deepEqual(
      once.map(({ icon }) => icon),
      ['hidden', 'problem'],
    );
    const [beyond] = rowsOf(census([], { whole: false }));
    assert.equal(beyond?.label, 'Not every process can be seen from here');
    assert.match(beyond.tooltip, /another pid namespace/);
  });

  it('say how it is known that nobody has an object, and why it is not known', () => {
    const rowOf = (each: SharedObject) => flat(rowsOf(census([each]))).find(({ id }) => id === `object:${objectId(each)}`);
    const orphan = rowOf(object('left'));
    assert.match(orphan?.description ?? '', / · orphan$/);
    assert.match(orphan?.tooltip ?? '', /orphan: nobody has it: the kernel counts/);
    const unknown = rowOf(object('maybe', { orphan: 'unknown', reason: 'not-owner' }));
    assert.match(unknown?.description ?? '', /unknown whether in use/);
    assert.match(unknown?.tooltip ?? '', /the kernel tells only its owner and root/);
    const unseen = rowOf(object('theirs', { orphan: 'in-use', reason: 'unseen' }));
    assert.match(unseen?.description ?? '', / · in use$/);
    assert.match(unseen?.tooltip ?? '', /a process has it that cannot be seen from here/);
    const aside = rowOf(object('.peermap-removing.0.left', { nameBefore: 'left' }));
    assert.match(aside?.tooltip ?? '', /its removal was interrupted; it was called left/);
  });

  it('have the sentences of the command line tool', () => {
    const source = readFileSync('native/observer/use.h', 'utf8').replaceAll(/\\\n\s*/g, '');
    const listed = [...source.matchAll(/X\((\w+), (IN_USE|ORPHAN|ORPHAN_UNKNOWN), "([a-z-]+)", *"([^"]+)"\)/g)];
    assert.ok(listed.length >= 14, String(listed.length));
    for (const [, , , word, text] of listed) assert.equal(reasonText(word as UseReason), text);
  });

  it('call no limit what is as good as none', () => {
    const [sysv] = rowsOf(census([], { limits: { shmmax: Number.MAX_SAFE_INTEGER, shmall: Number.MAX_SAFE_INTEGER } }));
    assert.equal(sysv?.description, 'unlimited each · unlimited together');
  });

  it('are sorted by size or by name, and filtered', () => {
    const objects = [object('b2', { size: 1 }), object('b10', { size: 3 }), object('a', { size: 2, orphan: 'in-use' })];
    const names = (sorting: Sorting) => sorted(objects, sorting).map(({ name }) => name);
    assert.deepEqual(names(bySize), ['b10', 'a', 'b2']);
    assert.deepEqual(names({ by: 'name', orphansOnly: false }), ['a', 'b2', 'b10']);
    assert.deepEqual(names({ by: 'name', orphansOnly: true }), ['b2', 'b10']);
  });

  it('show a name that turns the line around as what it is', () => {
    const row = flat(rowsOf(census([object('evil\u202etxt\n')]))).find(({ icon }) => icon === 'orphan');
    assert.equal(row?.label, 'evil\\u{202e}txt\\n');
  });

  it('keep an id of their own, whatever is listed', () => {
    const sysv = { key: 0, id: 4, creatorPid: 1, lastPid: 2, attached: 0, swapped: 0 };
    const many = [
      object('a'),
      object('', { kind: 'sysv', sysv }),
      object('', { kind: 'memfd', inode: 9, users: [user(1), user(2)] }),
    ];
    const ids = flat(rowsOf(census(many))).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe('well-known owners', () => {
  for (const [name, owner] of [
    ['PostgreSQL.3271', 'PostgreSQL'],
    ['.org.chromium.Chromium.aBcDeF', 'Chromium'],
    ['sem.lock', 'POSIX semaphore'],
    ['psm_0a1b2c3d', 'Python (multiprocessing)'],
    ['iox_mgmt', 'iceoryx'],
    ['peermap.demo', 'Peermap'],
    ['mine', undefined],
  ] as const)
    it(`"${name}" is ${owner ?? "nobody's"}`, () => assert.equal(ownerByName({ kind: 'posix', name }), owner));
});

describe('the table of shared memory', () => {
  const seen = census([object('a\tb', { users: [user(7), user(8)], orphan: 'in-use' }), object('=1+1,"x"')]);

  it('has a line for each object and process, and as many cells in each', () => {
    const lines = toTsv(seen).slice(0, -1).split('\n');
    assert.equal(lines.length, 4);
    assert.equal(new Set(lines.map((line) => line.split('\t').length)).size, 1);
    assert.match(lines[1] ?? '', /^posix\ta b\t/);
  });

  it('is text that no spreadsheet takes for a formula', () => {
    const csv = toCsv(seen);
    assert.ok(csv.includes(`"'=1+1,""x"""`), csv);
    assert.ok(csv.endsWith('\r\n'));
    assert.ok(toTsv(seen).includes(`\t'=1+1,"x"\t`), 'nor is what is copied');
  });
});
