// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertAgreement } from './agreement';
import { Stage, installed, until } from './programs';
import { recount } from './recount';

/** One of everything that the rules of words.h and folder.h speak of. */
function fillWithOddities(folder: string): void {
  const put = (path: string, content: string | Buffer) => writeFileSync(join(folder, path), content);
  mkdirSync(join(folder, 'deep/er/still'), { recursive: true });
  put('plain.txt', 'The quick brown fox; the lazy dog. THE_END x 42 a1 -- foo.bar(baz)');
  put('deep/er/still/below.md', 'the bottom');
  put('capitals', 'Peermap PEERMAP peerMap');
  put('empty.txt', '');
  put('only spaces', ' \n\t ');
  put('line\nbreak "quoted" \\.txt', 'odd name');
  put('Grüße.txt', 'Grüße aus Köln, ΑΒΓ 日本語 naïve\n');
  put('latin1.txt', Buffer.from('caf\xe9 na\xefve', 'latin1'));
  put('long.txt', `${'a'.repeat(63)} ${'b'.repeat(64)} ${'c'.repeat(1000)} end`);
  put('at the end.txt', 'no newline at the end: last');
  put('binary.bin', Buffer.concat([Buffer.from('hidden words'), Buffer.from([0])]));
  put('nul late.txt', Buffer.concat([Buffer.alloc(8192, 'early '), Buffer.from([0]), Buffer.from('late')]));
  put('nul at 8191', Buffer.concat([Buffer.alloc(8191, 'early '), Buffer.from([0]), Buffer.from('late')]));
  put('largest', Buffer.alloc(16 << 20, 'largest file '));
  put('too large', Buffer.alloc((16 << 20) + 1, 'too large '));
  symlinkSync(join(folder, 'plain.txt'), join(folder, 'link to a file'));
  symlinkSync('..', join(folder, 'deep/link to a folder'));
}

describe('demo: answers', function () {
  this.timeout(180_000);
  let stage: Stage;
  beforeEach(() => (stage = new Stage()));
  afterEach(() => stage.end());

  it('agree with a plain recount of a folder full of oddities', async () => {
    const folder = stage.folder();
    fillWithOddities(folder);
    const indexer = await stage.run('indexer', '--once', folder);
    assert.match(indexer.out, /skipped 2 binary, 1 larger than 16 MiB, 0 unreadable, 2 links/);
    const expected = await assertAgreement(stage, folder);
    assert.ok(expected.words.has('peermap') && expected.words.has('a'.repeat(63)) && expected.words.has('late'));
    assert.ok(!expected.words.has('hidden') && !expected.words.has('too'));
  });

  it('agree with a plain recount of every word of an installed package, for which the segment grew', async () => {
    const folder = installed('eslint');
    await stage.run('indexer', '--once', folder);
    const expected = await assertAgreement(stage, folder);
    assert.ok(expected.files.length > 100 && expected.words.size > 1000);
    const stats = await stage.stats();
    assert.ok(stats.size > 1 << 20, 'the index did not outgrow its first 64 KiB');
    assert.ok(stats.epoch > 2, 'no round took place');
  });

  it('agree with a plain recount where single files are large', async () => {
    const folder = installed('typescript/lib');
    await stage.run('indexer', '--once', folder);
    await assertAgreement(stage, folder);
  });

  it('list the files that contain all of several words', async () => {
    const folder = installed('eslint/lib/rules');
    await stage.run('indexer', '--once', folder);
    const words = ['token', 'fixer', 'range'];
    const [token, fixer, range] = words.map((word) => recount(folder).words.get(word) ?? new Map<string, number>());
    assert.ok(token && fixer && range);
    const expected = new Map<string, number>();
    for (const [file, n] of token) {
      const others = [fixer.get(file), range.get(file)];
      if (others[0] && others[1]) expected.set(file, n + others[0] + others[1]);
    }
    assert.ok(expected.size > 0 && expected.size < token.size);
    const search = stage.start('search', '--json', '--limit', '0');
    const answer = await search.ask('Token', 'fixer,range', 'token');
    assert.deepEqual(answer.words, words);
    assert.deepEqual(new Map(answer.top.map(({ file, count }) => [file, count])), expected);
    const top = await stage.run('search', '--json', '--limit', '3', ...words);
    const counts = (JSON.parse(top.out) as typeof answer).top.map(({ count }) => count);
    assert.deepEqual(counts, [...expected.values()].sort((a, b) => b - a).slice(0, 3));
    assert.equal((await search.ask('token', 'nosuchword')).files, 0);
  });

  it('follow the files: changed, new, removed and gone binary', async () => {
    const folder = stage.folder();
    for (let i = 0; i < 50; i++) writeFileSync(join(folder, `${i}`), `common number${i} old`);
    await stage.run('indexer', '--once', folder);
    const again = await stage.run('indexer', '--once', folder);
    assert.match(again.out, /nothing to do: the 50 files are in the index already/);

    writeFileSync(join(folder, '1'), 'common changed');
    writeFileSync(join(folder, '2'), 'common number3 old');
    utimesSync(join(folder, '2'), 1, 1); // same size: the time alone tells
    writeFileSync(join(folder, 'new'), 'common new');
    writeFileSync(join(folder, '4'), 'common\0');
    rmSync(join(folder, '5'));
    const changes = await stage.run('indexer', '--once', folder);
    assert.match(changes.out, /indexed 3 files, \d+ words; 46 unchanged, 1 gone/);
    await assertAgreement(stage, folder);
    assert.equal((JSON.parse((await stage.run('search', '--json', 'number1')).out) as { files: number }).files, 0);
    assert.ok((await stage.stats()).stale > 0);
  });

  it('cover two folders in one segment', async () => {
    const [one, other] = [stage.folder(), stage.folder()];
    writeFileSync(join(one, 'a'), 'both first');
    writeFileSync(join(other, 'b'), 'both second');
    await stage.run('indexer', '--once', one);
    await stage.run('indexer', '--once', other);
    await assertAgreement(stage, one, other);
  });

  it('come while the index grows, from one search that never re-attaches, and each is true', async () => {
    const folder = installed('eslint/lib');
    const expected = recount(folder).words.get('const') ?? new Map<string, number>();
    const search = stage.start('search', '--json', '--limit', '0');
    await until(() => search.err.includes('waiting'));
    const indexer = stage.start('indexer', '--pace', '150', folder);
    const seen = new Set<number>();
    let last = 0;
    do {
      const done = indexer.out.includes('done');
      const answer = await search.ask('const');
      assert.ok(answer.files >= last, `from ${last} files back to ${answer.files}`);
      for (const { file, count } of answer.top) assert.equal(count, expected.get(file), file);
      seen.add((last = answer.files));
      if (done) break;
    } while (!indexer.over);
    assert.equal(last, expected.size);
    assert.ok(seen.size > 5, `only ${seen.size} different answers`);
    const stats = await stage.stats();
    const peer = stats.peers.find(({ pid }) => pid === search.pid);
    assert.equal(peer?.name, 'search');
    assert.ok(peer.mapped >= stats.size);
    assert.ok(stats.epoch > 3, 'the segment did not grow during the run');
  });
});
