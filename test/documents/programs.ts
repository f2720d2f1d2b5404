// SPDX-License-Identifier: MIT
//
// What is made of a block so that it is a program: a whole one as it stands, a fragment with what its reader has around it.

import type { Block } from './read';
import { spansOf } from './read';

export interface Program {
  file: string;
  text: string;
}

const endings: Record<string, string> = { c: 'c', cpp: 'cc', js: 'js', python: 'py' };

/** A segment with a heap, for fragments that have a `segment` and do not say which. */
export const fragments = 'fragments';

/** The name that the sentences around it give it. */
function nameOf({ before, after }: Block, ending: string): string | undefined {
  const words = [before, after].flatMap(spansOf).flatMap((code) => code.split(' '));
  return words.find((word) => new RegExp(`^[\\w-]+\\.${ending}$`).test(word) && !word.startsWith('peermap.'));
}

const isIn = (text: string, pattern: string) => new RegExp(pattern).test(text);

function inMain({ text, language, document }: Block): string {
  const lines = text.split('\n');
  const isDirective = (line: string) => line.startsWith('#');
  const body = lines.filter((line) => !isDirective(line)).join('\n');
  const used = new Set([...body.matchAll(/\bstruct (\w+)(?! \{)/g)].map(([, name = '']) => name));
  const structs = [...used].filter((name) => !name.startsWith('peermap_') && !isIn(body, `struct ${name} \\{`));
  const own = /^native\/include\/(.*)$/.exec(document)?.[1];
  const headers = ['errno.h', 'pthread.h', 'stdint.h', 'stdio.h', 'stdlib.h', 'string.h'];
  if (language === 'cpp') headers.push('peermap.hpp', 'peermap_mutex.hpp', 'iostream', 'mutex');
  const isGiven = isIn(body, '\\bsegment\\b') && !isIn(body, '(peermap_segment \\*|auto &?|peermap::segment )segment\\b');
  const given =
    language === 'cpp'
      ? `auto segment = peermap::segment::open("${fragments}");`
      : `peermap_segment *segment; if (peermap_open("${fragments}", NULL, &segment) != 0) return 2;`;
  return [
    ...['peermap.h', ...headers, ...(own ? [own] : [])].map((header) => `#include <${header}>`),
    ...lines.filter(isDirective),
    ...structs.map((name) => `struct ${name} { long number; double value; };`),
    // A fragment that asks for an error goes on afterwards.
    language === 'c' ? 'static int asked;\n#define peermap_last_error() (asked = 1, peermap_last_error())' : '',
    'int main()\n{',
    isGiven ? given : '',
    body,
    language === 'c' ? 'return asked;\n}\n' : 'return 0;\n}\n',
  ].join('\n');
}

/** `number`: the how many-th of its document. */
export function programOf(block: Block, number: number): Program {
  const { text, language } = block;
  const ending = endings[language] ?? '';
  const file = nameOf(block, ending) ?? `example-${String(number)}.${ending}`;
  if (language === 'c' || language === 'cpp') return { file, text: isIn(text, '\\bmain\\(') ? text : inMain(block) };
  const isGiven = isIn(text, '\\bsegment\\b') && !isIn(text, '\\b(as segment\\b|segment(: \\w+)? =)');
  if (language === 'python') {
    const given = isGiven ? `segment = peermap.open("${fragments}")\n` : '';
    return { file, text: isIn(text, '(^|\\n)import peermap|from peermap') ? text : `import peermap\n${given}${text}` };
  }
  const imports = /\brequire\(|^import /m;
  if (imports.test(text)) return { file: text.includes('require(') ? file : file.replace('.js', '.mjs'), text };
  const given = isGiven ? `const segment = Segment.open('${fragments}');\n` : '';
  const start = "import * as all from 'peermap';\nObject.assign(globalThis, all);\n";
  return { file: file.replace('.js', '.mjs'), text: start + given + text };
}

/** The segments that a program opens, and does not remove. */
export function segmentsOf(text: string): string[] {
  if (/unlink|destroy/.test(text)) return [];
  const calls = text.matchAll(/(?:open|create|attach)(?:Async)?(?:<\w+>)?\(\s*(?:\w+::\w+, )?["']([\w.-]+)["']/g);
  return [...calls].map(([, name = '']) => name);
}

/** What a console says, without what differs from one time to the next. */
export function shapeOf(text: string, segments: string): string {
  return text
    .replaceAll(segments, '/dev/shm')
    .replaceAll(/(\d[\d.]*) (bytes|[KMGT]iB)(?=\W|$)/g, 'SIZE')
    .replaceAll(/(of SIZE: ).*/g, '$1LIMIT')
    .replaceAll(/\d[\d.]* (ns|µs|us|ms|s)(?=\W|$)/g, 'TIME')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'DATE')
    .replaceAll(new RegExp(`\\b(root|${process.env['USER'] ?? 'root'})\\b`, 'g'), 'USER')
    .replaceAll(/\b0x[0-9a-f]+\b/g, 'ADDRESS')
    .replaceAll(/\d+/g, 'N')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
