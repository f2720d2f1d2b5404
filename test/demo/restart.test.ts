// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { assertAgreement } from './agreement';
import { Stage, installed, until } from './programs';

describe('demo: restart', function () {
  this.timeout(180_000);
  let stage: Stage;
  beforeEach(() => (stage = new Stage()));
  afterEach(() => stage.end());

  it('an indexer killed again and again goes on from the same root, and the counts come out right', async () => {
    const folder = installed('typescript/lib');
    const small = installed('mocha/bin');
    await stage.run('indexer', '--once', small);
    const search = stage.start('search', '--json', '--limit', '0');
    const firstFiles = (await stage.stats()).files;
    let files = firstFiles;
    let stale = 0;
    // Killed as soon as the object grows: that is within the growth or just after it, in the middle of a file.
    for (let kills = 0; kills < 8 || files === firstFiles; kills++) {
      const before = stage.objectSize;
      const indexer = stage.start('indexer', folder);
      await until(() => stage.objectSize > before || indexer.over || indexer.out.includes('done'));
      indexer.kill('SIGKILL');
      await indexer.ended;
      assert.equal(indexer.child.signalCode, 'SIGKILL', indexer.err);
      const stats = await stage.stats();
      assert.ok(stats.files >= files, `${files} files were indexed, now ${stats.files}`);
      assert.equal(stats.peers.find(({ name }) => name === 'indexer')?.state, 'dead');
      ({ files, stale } = stats);
      assert.equal((await search.ask('function')).words[0], 'function');
    }
    assert.ok(stale > 0, 'no file was cut in the middle: the test proves nothing');
    const last = await stage.run('indexer', '--once', folder);
    // On a slow machine the kills come late, and may have left nothing to do.
    const done = files - firstFiles;
    assert.match(last.out, new RegExp(`; ${done} unchanged|^nothing to do: the ${done} files`));
    const expected = await assertAgreement(stage, folder, small);
    assert.equal((await search.ask('function')).files, expected.words.get('function')?.size);
  });

  it('an indexer killed as soon as it has made the segment leaves one that the next can use', async () => {
    const folder = installed('mocha/bin');
    for (let kills = 0; kills < 10; kills++) {
      const indexer = stage.start('indexer', folder);
      await until(() => stage.objectSize > 0 || indexer.over);
      indexer.kill('SIGKILL');
      await indexer.ended;
      await stage.run('indexer', '--once', folder);
      await stage.run('search', 'node');
      rmSync(stage.object);
    }
    await stage.run('indexer', '--once', folder);
    await assertAgreement(stage, folder);
  });

  it('a killed search takes its place again and answers the same', async () => {
    const folder = installed('eslint/lib/rules');
    const indexer = stage.start('indexer', folder);
    await until(() => indexer.out.includes('done') || indexer.over);
    const answers: number[] = [];
    for (let i = 0; i < 3; i++) {
      const search = stage.start('search', '--json');
      answers.push((await search.ask('context')).count);
      search.child.stdin.write('context\n'.repeat(1000));
      await search.line();
      search.kill('SIGKILL'); // somewhere between pin and unpin
      await search.ended;
    }
    assert.ok(answers[0] && answers.every((count) => count === answers[0]));
    const search = stage.start('search', '--json');
    assert.equal((await search.ask('context')).count, answers[0]);
    const { peers } = await stage.stats();
    const names = peers.map(({ name, state }) => `${name} ${state}`).sort();
    assert.deepEqual(names, ['indexer alive', 'search alive', 'stats alive']);
  });

  it('a second search registers under a name of its own', async () => {
    await stage.run('indexer', '--once', installed('mocha/bin'));
    const one = stage.start('search', '--json');
    await one.ask('node');
    const other = stage.start('search', '--json');
    await other.ask('node');
    const names = (await stage.stats()).peers.map(({ name }) => name).sort();
    assert.deepEqual(names, ['search', `search-${other.pid}`, 'stats']);
  });

  it('a stopped search holds nothing up: it has the memory mapped all the same, and answers when it goes on', async () => {
    const folder = installed('eslint/lib');
    await stage.run('indexer', '--once', installed('mocha/bin'));
    const search = stage.start('search', '--json');
    await search.ask('node');
    const before = await stage.stats();
    search.kill('SIGSTOP');
    const indexer = await stage.run('indexer', '--once', folder);
    assert.doesNotMatch(indexer.err, /trying/);
    const stats = await stage.stats();
    assert.ok(stats.size > before.size);
    const stopped = stats.peers.find(({ name }) => name === 'search');
    assert.ok((stopped?.mapped ?? 0) >= stats.size, 'the stopped search does not have all of it mapped');
    search.kill('SIGCONT');
    await assertAgreement(stage, folder, installed('mocha/bin'));
    assert.ok((await search.ask('const')).files > 0);
  });

  it('a search that is stopped where nothing is mapped ahead is reached, and stays stopped', async () => {
    const folder = installed('eslint/lib');
    await stage.run('indexer', '--once', '--strict', installed('mocha/bin'));
    const search = stage.start('search', '--json');
    await search.ask('node');
    const before = await stage.stats();
    search.kill('SIGSTOP');
    const indexer = await stage.run('indexer', '--once', folder);
    assert.doesNotMatch(indexer.err, /trying/);
    assert.match(readFileSync(`/proc/${search.pid}/stat`, 'utf8'), /\) T /);
    const stats = await stage.stats();
    assert.ok(stats.size > before.size);
    assert.equal(stats.peers.find(({ name }) => name === 'search')?.mapped, stats.size);
    search.kill('SIGCONT');
    assert.ok((await search.ask('const')).files > 0);
  });

  it('a stopped search that nobody may reach holds the growth up by name, and continued lets it finish', async () => {
    const folder = installed('eslint/lib');
    await stage.run('indexer', '--once', '--strict', '--no-ptrace', installed('mocha/bin'));
    const search = stage.start('search', '--json');
    await search.ask('node');
    search.kill('SIGSTOP');
    const indexer = stage.start('indexer', folder);
    await until(() => indexer.err.includes('trying until it answers') || indexer.over);
    assert.match(indexer.err, /\bsearch\b.*trying until it answers/);
    search.kill('SIGCONT');
    await until(() => indexer.out.includes('done') || indexer.over);
    assert.ok(!indexer.over, indexer.err);
    await assertAgreement(stage, folder, installed('mocha/bin'));
    assert.ok((await search.ask('const')).files > 0);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`${signal} ends each program, which leaves the registry in good order`, async () => {
      const indexer = stage.start('indexer', installed('mocha/bin'));
      await until(() => indexer.out.includes('done') || indexer.over);
      const others = [stage.start('search', '--follow', 'node'), stage.start('search'), stage.start('stats', '--follow')];
      const names = async () => (await stage.stats()).peers.map(({ pid }) => pid);
      await until(() => (others[0]?.out.includes('files') ?? false) && (others[2]?.out.includes('peers') ?? false));
      for (let pids = await names(); !others.every(({ pid }) => pids.includes(pid));) pids = await names();
      for (const program of [...others, indexer]) {
        program.kill(signal);
        assert.equal(await program.end(), 0, program.err);
      }
      assert.deepEqual(
        (await stage.stats()).peers.map(({ name }) => name),
        ['stats'],
      );
    });

  it('where no more memory can be had the indexer says so, and what it has indexed stays', async () => {
    const folder = installed('eslint/lib');
    const limited = stage.startLimited(2048, folder);
    assert.equal(await limited.end(), 1);
    assert.match(limited.err, /PEERMAP_E(OS|NOSPC): .*ulimit -f/);
    const { files } = await stage.stats();
    assert.ok(files > 0);
    assert.match((await stage.run('indexer', '--once', folder)).out, new RegExp(`; ${files} unchanged`));
    await assertAgreement(stage, folder);
  });

  it('SIGTERM ends an indexer at work, and the next one goes on', async () => {
    const folder = installed('eslint/lib');
    const indexer = stage.start('indexer', '--pace', '100', folder);
    await until(() => stage.objectSize > 512 << 10 || indexer.over);
    indexer.kill('SIGTERM');
    assert.equal(await indexer.end(), 0);
    assert.match(indexer.err, /start again to go on/);
    const { files } = await stage.stats();
    assert.ok(files > 0);
    assert.match((await stage.run('indexer', '--once', folder)).out, new RegExp(`; ${files} unchanged`));
    await assertAgreement(stage, folder);
  });
});
