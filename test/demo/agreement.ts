// SPDX-License-Identifier: MIT
//
// Compares what the demo programs answer with the plain recount: every word, every file.

import assert from 'node:assert/strict';
import { recount, type Recount } from './recount';
import type { Answer, Stage } from './programs';

function assertAnswer(answer: Answer, word: string, expected: Recount): void {
  const files = expected.words.get(word) ?? new Map<string, number>();
  assert.deepEqual(answer.words, [word]);
  assert.deepEqual(new Map(answer.top.map(({ file, count }) => [file, count])), files, `files with "${word}"`);
  assert.equal(answer.files, files.size, word);
  assert.equal(answer.top.length, files.size, `"${word}" lists a file twice`);
  assert.equal(
    answer.count,
    [...files.values()].reduce((sum, count) => sum + count, 0),
    word,
  );
}

/** Asks one `search` for every word of the folders. */
export async function assertAgreement(stage: Stage, ...folders: string[]): Promise<Recount> {
  const expected = recount(...folders);
  const stats = await stage.stats();
  const { files, bytes, words, postings, occurrences } = stats;
  assert.deepEqual(
    { files, bytes, words, postings, occurrences },
    {
      files: expected.files.length,
      bytes: expected.bytes,
      words: expected.words.size,
      postings: expected.postings,
      occurrences: expected.occurrences,
    },
  );
  const search = stage.start('search', '--json', '--limit', '0');
  search.child.stdin.end(Buffer.from([...expected.words.keys()].join('\n') + '\n', 'latin1'));
  for (const word of expected.words.keys()) assertAnswer(JSON.parse(await search.line()) as Answer, word, expected);
  assert.equal(await search.end(), 0);
  return expected;
}
