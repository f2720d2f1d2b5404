// SPDX-License-Identifier: MIT
//
// The plain recount: which word is how often in which file, by the rules of native/examples/index/words.h and folder.h, in the
// simplest way there is.  Bytes are read as latin1, so that one character is one byte, also of words and paths.

import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const fileMax = 16 << 20;

export interface Recount {
  files: string[];
  bytes: number;
  occurrences: number;
  postings: number;
  /** word -> path -> count */
  words: Map<string, Map<string, number>>;
}

function* regularFiles(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) yield* regularFiles(path);
    else if (stat.isFile() && stat.size <= fileMax) yield path;
  }
}

export function wordsOf(text: string): string[] {
  const runs = text.match(/[A-Za-z0-9_\x80-\xff]+/g) ?? [];
  return runs
    .filter((run) => run.length >= 2 && run.length <= 63)
    .map((run) => run.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
}

export function recount(...folders: string[]): Recount {
  const result: Recount = { files: [], bytes: 0, occurrences: 0, postings: 0, words: new Map() };
  for (const path of folders.flatMap((folder) => [...regularFiles(folder)])) {
    const bytes = readFileSync(path);
    if (bytes.subarray(0, 8192).includes(0)) continue;
    const key = Buffer.from(path).toString('latin1');
    result.files.push(key);
    result.bytes += bytes.length;
    for (const word of wordsOf(bytes.toString('latin1'))) {
      const files = result.words.get(word) ?? new Map<string, number>();
      result.words.set(word, files);
      if (!files.has(key)) result.postings++;
      files.set(key, (files.get(key) ?? 0) + 1);
      result.occurrences++;
    }
  }
  return result;
}
