// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { beginningOf, fieldsOf, isHeldUp, linesOf, memoryLines, type MemoryReader } from '../../extension/server/foreign-files';

describe('a file of another process', () => {
  let folder: string;
  const file = (name: string, text: string): string => {
    const made = path.join(folder, name);
    fs.writeFileSync(made, text);
    return made;
  };
  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-foreign-'))));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function all(lines: AsyncIterable<string>): Promise<string[]> {
    const list = [];
    for await (const line of lines) list.push(line);
    return list;
  }

  it('is read as far as was said, whatever its length', async () => {
    const long = file('long', 'Größe');
    fs.truncateSync(long, 2 ** 40);
    assert.equal((await beginningOf(long, 4096)).length, 4094);
    assert.match(await beginningOf(long, 4096), /^Größe\0/);
    assert.equal(await beginningOf(path.join(folder, 'none'), 4096), '');
  });

  it('is read line by line, also where a line is longer than what is read at once', async () => {
    const lines = ['a', '', 'b'.repeat(60_000), 'c'];
    const ended = file('ended', `${lines.join('\n')}\n`);
    assert.deepEqual(await all(linesOf(ended, 1 << 20)), lines);
    const long = file('long-line', `a\n${'b'.repeat(1 << 20)}\nc\n`);
    assert.deepEqual(await all(linesOf(long, 4 << 20)), ['a', 'c']);
    assert.deepEqual(await all(linesOf(file('open', lines.join('\n')), 1 << 20)), lines);
  });

  it('tells its fields wherever they are, the first of a name, and those before an end that was said', async () => {
    const groups = '1234567890 '.repeat(65_536);
    const status = file('status', `Name:\tUid: 1\nUid:\t5\t6\nGroups:\t${groups}\nNSpid:\t7\t1\nUid:\t9\n`);
    assert.deepEqual(await fieldsOf(status, ['Uid', 'NSpid', 'None'], 1 << 20), { Uid: '5\t6', NSpid: '7\t1' });
    assert.deepEqual(await fieldsOf(status, ['Uid', 'NSpid'], 1 << 17), { Uid: '5\t6' });
    assert.deepEqual(await fieldsOf(path.join(folder, 'none'), ['Uid'], 1 << 20), {});
  });

  it('is not told in part as if that were all', async () => {
    await assert.rejects(all(linesOf(file('more', 'x\n'.repeat(100)), 100)), { code: 'EFBIG' });
    assert.equal((await all(linesOf(file('just', 'x\n'.repeat(50)), 100))).length, 50);
  });

  it('is read by the addon where its process may hold that up, and told neither in part nor for ever', async () => {
    const reader = (text: string): MemoryReader => ({
      processFileAsync: (_pid, _file, { limit = 0 } = {}) => Promise.resolve(Buffer.from(text).subarray(0, limit)),
    });
    const bounds = { limit: 100, withinMs: 1 };
    assert.deepEqual(await all(memoryLines(reader('a\nb'), 1, 'maps', bounds)), ['a', 'b']);
    await assert.rejects(all(memoryLines(reader('x\n'.repeat(51)), 1, 'maps', bounds)), { code: 'EFBIG' });
    const stuck: MemoryReader = {
      processFileAsync: () =>
        Promise.reject(Object.assign(new Error('busy'), { code: 'PEERMAP_EOS', errno: os.constants.errno.EBUSY })),
    };
    await assert.rejects(all(memoryLines(stuck, 1, 'smaps', bounds)), isHeldUp);
  });
});
