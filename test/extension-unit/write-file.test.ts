// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { buildSync } from 'esbuild';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Consent } from '../../extension/client/consent';
import { writeFile, type Found } from '../../extension/client/write-file';

const root = path.resolve(__dirname, '../../..');

describe('writing a file', () => {
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- a real one comes from a person, in test/suite and test/person
  const given = {} as Consent<'overwrite'>;
  const yes = () => Promise.resolve(given);
  const no = () => Promise.resolve(undefined);
  const never = () => Promise.reject(new Error('asked, though nothing is there'));
  /** Everything in the folder: what is left behind is seen too. */
  const contents = () =>
    Object.fromEntries(
      fs.readdirSync(folder).map((name) => [name, fs.lstatSync(at(name)).isFile() ? fs.readFileSync(at(name), 'utf8') : '']),
    );

  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pmwrite-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('asks nothing where nothing is, and leaves nothing else', async () => {
    assert.equal(await writeFile(at('a'), 'new', never), true);
    assert.deepEqual(contents(), { a: 'new' });
  });

  it('asks before it replaces, saying what; after a yes the new file has the permissions of the old one', async () => {
    fs.writeFileSync(at('a'), 'old');
    fs.chmodSync(at('a'), 0o640);
    const asked: Found[] = [];
    const ask = (found: Found) => {
      asked.push(found);
      assert.deepEqual(contents(), { a: 'old' });
      return Promise.resolve(given);
    };
    assert.equal(await writeFile(at('a'), 'new', ask), true);
    assert.deepEqual(contents(), { a: 'new' });
    assert.equal(fs.statSync(at('a')).mode & 0o777, 0o640);
    assert.deepEqual(
      asked.map(({ file, size }) => [file, size]),
      [[at('a'), 3]],
    );
  });

  it('after a no the file is as it was', async () => {
    fs.writeFileSync(at('a'), 'old');
    const { ino } = fs.statSync(at('a'));
    assert.equal(await writeFile(at('a'), 'new', no), false);
    assert.deepEqual(contents(), { a: 'old' });
    assert.equal(fs.statSync(at('a')).ino, ino);
  });

  it('a reader of the old file goes on with the old file: nothing is written into it', async () => {
    fs.writeFileSync(at('a'), 'old');
    const open = fs.openSync(at('a'), 'r');
    await writeFile(at('a'), 'new', yes);
    assert.equal(fs.readFileSync(open, 'utf8'), 'old');
    fs.closeSync(open);
  });

  it('follows no symbolic link, replaces none, and says where it leads', async () => {
    fs.writeFileSync(at('elsewhere'), 'precious');
    for (const to of ['elsewhere', at('nowhere')]) {
      fs.symlinkSync(to, at('link'));
      await assert.rejects(writeFile(at('link'), 'new', never), {
        code: 'PEERMAP_EINVAL',
        message: new RegExp(`link is a symbolic link to ${to}: nothing was written`),
      });
      assert.deepEqual(contents(), { elsewhere: 'precious', link: '' });
      assert.equal(fs.readlinkSync(at('link')), to);
      fs.rmSync(at('link'));
    }
  });

  it('replaces no folder and no FIFO, and does not wait for who would read that', async () => {
    fs.mkdirSync(at('folder'));
    execFileSync('mkfifo', [at('fifo')]);
    for (const name of ['folder', 'folder/', 'fifo'])
      await assert.rejects(writeFile(at(name), 'new', never), { code: 'PEERMAP_EINVAL', message: /not a regular file/ });
    assert.deepEqual(contents(), { fifo: '', folder: '' });
  });

  it('a file that comes while there was none is not replaced', async () => {
    // The folder looks empty at first: its only name appears while the new file is being filled.
    const writing = writeFile(at('a'), 'x'.repeat(8 << 20), never);
    const filling = () => fs.readdirSync(folder).some((name) => name.endsWith('.tmp'));
    while (!filling()) await new Promise((resolve) => setImmediate(resolve));
    fs.writeFileSync(at('a'), 'theirs');
    await assert.rejects(writing, { code: 'PEERMAP_EINVAL', message: /changed in the meantime/ });
    assert.deepEqual(contents(), { a: 'theirs' });
  });

  it('a file that was exchanged since the question is not replaced', async () => {
    fs.writeFileSync(at('a'), 'old');
    const exchange = () => {
      fs.writeFileSync(at('b'), 'theirs');
      fs.renameSync(at('b'), at('a'));
      return Promise.resolve(given);
    };
    await assert.rejects(writeFile(at('a'), 'new', exchange), { code: 'PEERMAP_EINVAL', message: /changed in the meantime/ });
    assert.deepEqual(contents(), { a: 'theirs' });
  });

  it('a file that was written into since the question is not replaced', async () => {
    fs.writeFileSync(at('a'), 'old');
    const save = () => {
      fs.writeFileSync(at('a'), 'two hours of work');
      return Promise.resolve(given);
    };
    await assert.rejects(writeFile(at('a'), 'new', save), { code: 'PEERMAP_EINVAL', message: /changed in the meantime/ });
    assert.deepEqual(contents(), { a: 'two hours of work' });
  });

  it('a folder that is exchanged for a link since the question changes nothing elsewhere', async () => {
    const [here, there] = [at('here'), at('there')];
    for (const each of [here, there]) {
      fs.mkdirSync(each);
      fs.writeFileSync(path.join(each, 'a'), 'old');
    }
    const exchange = () => {
      fs.renameSync(here, at('moved'));
      fs.symlinkSync(there, here);
      return Promise.resolve(given);
    };
    assert.equal(await writeFile(path.join(here, 'a'), 'new', exchange), true);
    assert.equal(fs.readFileSync(path.join(there, 'a'), 'utf8'), 'old');
    assert.equal(fs.readFileSync(path.join(at('moved'), 'a'), 'utf8'), 'new');
  });

  it('a failure in the middle leaves the old file, and nothing else', () => {
    // The kernel ends the writing: the process may make no file of more than 64 KiB.
    const program = path.join(folder, 'write.cjs');
    buildSync({
      entryPoints: [path.join(root, 'extension/client/write-file.ts')],
      bundle: true,
      platform: 'node',
      external: ['vscode'],
      outfile: program,
    });
    const where = at('where');
    fs.mkdirSync(where);
    const file = path.join(where, 'a');
    fs.writeFileSync(file, 'old');
    const script = `require(${JSON.stringify(program)}).writeFile(${JSON.stringify(file)}, 'x'.repeat(1 << 20), async () => ({}))
      .then(() => console.log('written'), (error) => console.log(error.message))`;
    const ended = spawnSync('sh', ['-c', 'ulimit -f 128 && exec "$0" -e "$1"', process.execPath, script], { encoding: 'utf8' });
    assert.match(
      ended.stdout,
      /^PEERMAP_EOS: .* was not written: file too large\. What was there is unchanged\.$/m,
      ended.stderr,
    );
    assert.deepEqual(fs.readdirSync(where), ['a']);
    assert.equal(fs.readFileSync(file, 'utf8'), 'old');
  });

  it('needs an absolute path, of a folder that is there', async () => {
    await assert.rejects(writeFile('a.json', 'new', never), { code: 'PEERMAP_EINVAL', message: /not an absolute path/ });
    await assert.rejects(writeFile(at('none/a'), 'new', never), {
      code: 'PEERMAP_EOS',
      message: /not written: no such file or directory\./,
    });
  });
});
