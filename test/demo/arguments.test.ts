// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Stage, installed, until } from './programs';

describe('demo: arguments and bad input', function () {
  this.timeout(60_000);
  let stage: Stage;
  beforeEach(() => (stage = new Stage()));
  afterEach(() => stage.end());

  /** Runs a program that must fail with `code`, saying something like `text`; nothing is left behind. */
  async function refuses(code: number, text: RegExp, name: 'indexer' | 'search' | 'stats', ...args: string[]): Promise<void> {
    const program = stage.start(name, ...args);
    assert.equal(await program.end(), code, program.err);
    assert.match(program.err, text);
    assert.equal(program.out, '');
  }

  it('an unusable segment name is refused', async () => {
    await refuses(1, /PEERMAP_ENAME/, 'indexer', '--segment', '../etc', '.');
    await refuses(1, /PEERMAP_ENAME/, 'search', '--segment', 'a/b', 'word');
    await refuses(1, /PEERMAP_ENAME/, 'stats', '--segment', '');
  });

  it('a folder that is not there is named, and no segment is made', async () => {
    const folder = stage.folder();
    await refuses(1, /there is no folder .*nowhere/, 'indexer', join(folder, 'nowhere'));
    writeFileSync(join(folder, 'file'), 'x');
    await refuses(1, /cannot read the folder .*: Not a directory/, 'indexer', join(folder, 'file'));
    const lost = stage.startIn(folder, 'indexer');
    assert.equal(await lost.end(), 1);
    assert.match(lost.err, /there is no node_modules in the current folder/);
    assert.ok(!existsSync(stage.object));
  });

  it('unknown options, wrong numbers and words that are none are usage errors', async () => {
    await refuses(2, /usage: indexer/, 'indexer', '--nonsense');
    await refuses(2, /usage: indexer/, 'indexer', 'one', 'two');
    await refuses(2, /--pace wants/, 'indexer', '--pace', '0', '.');
    await refuses(2, /--pace wants/, 'indexer', '--pace', 'fast', '.');
    await refuses(2, /--limit wants/, 'search', '--limit', '-1', 'word');
    await refuses(2, /no word in that/, 'search', '?!');
    await refuses(2, /usage: search/, 'search', '--follow');
    await refuses(2, /usage: stats/, 'stats', 'word');
    assert.ok(!existsSync(stage.object));
  });

  it('--help explains', async () => {
    for (const name of ['indexer', 'search', 'stats'] as const)
      assert.match((await stage.run(name, '--help')).out, new RegExp(`^usage: ${name}`));
  });

  it('a file that is no segment is refused, and left as it is', async () => {
    writeFileSync(stage.object, 'garbage'.repeat(10_000), { mode: 0o600 });
    await refuses(1, /PEERMAP_EFORMAT/, 'indexer', installed('mocha/bin'));
    await refuses(1, /PEERMAP_EFORMAT/, 'search', 'word');
  });

  /** Overwrites bytes of the segment's data behind everybody's back. */
  function scribble(offset: number, bytes: Buffer): void {
    const fd = openSync(stage.object, 'r+');
    const headerLength = Buffer.alloc(8);
    readSync(fd, headerLength, 0, 8, 24);
    writeSync(fd, bytes, 0, bytes.length, Number(headerLength.readBigUInt64LE()) + offset);
    closeSync(fd);
  }

  it('a segment that holds something else is refused', async () => {
    await stage.run('indexer', '--once', installed('mocha/bin'));
    scribble(0, Buffer.from('whatever'));
    const text = /holds something else/;
    await refuses(1, text, 'indexer', installed('mocha/bin'));
    await refuses(1, text, 'indexer', '--fresh', installed('mocha/bin'));
    await refuses(1, text, 'search', 'word');
    await refuses(1, text, 'stats');
  });

  it('an index whose tail was zeroed is not continued, and --fresh begins anew', async () => {
    const folder = installed('mocha/bin');
    await stage.run('indexer', '--once', folder);
    const { size, used } = await stage.stats();
    scribble(used - 64, Buffer.alloc(Math.min(4096, size - used + 64)));
    await refuses(1, /was cut off by a shrink; begin anew with --fresh/, 'indexer', folder);
    assert.match((await stage.run('indexer', '--once', '--fresh', folder)).out, /indexed/);
    assert.ok((await stage.stats()).files > 0);
  });

  it('a second indexer on the segment is refused', async () => {
    const first = stage.start('indexer', installed('mocha/bin'));
    await until(() => first.out.includes('done') || first.over);
    await refuses(1, /an indexer is at work/, 'indexer', installed('mocha/bin'));
    await refuses(1, /an indexer is at work/, 'indexer', '--fresh', installed('mocha/bin'));
    assert.ok(!first.over);
  });

  it('search and stats wait for the index, saying so', async () => {
    const search = stage.start('search', '--json', 'mocha');
    const stats = stage.start('stats', '--json');
    await until(() => search.err.includes("no segment '") && stats.err.includes("no segment '"));
    await stage.run('indexer', '--once', installed('mocha/bin'));
    assert.equal(await search.end(), 0, search.err);
    assert.equal(await stats.end(), 0, stats.err);
    const waiting = stage.start('search', '--segment', `${stage.segment}-never`, 'word');
    await until(() => waiting.err.includes('waiting'));
    waiting.kill('SIGINT');
    assert.equal(await waiting.end(), 0);
  });
});
