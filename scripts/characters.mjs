// SPDX-License-Identifier: MIT
//
// native/base/unseen.h: what extension/protocol/foreign.ts never shows as it is, for C, which knows no properties of characters.  The Unicode version
// is that of the Node which runs this.
//
//   node scripts/characters.mjs            writes the table
//   node scripts/characters.mjs --check    changes nothing; ends with 1 if the table is not as it should be

import { readFileSync, writeFileSync } from 'node:fs';
import { visible } from '../extension/protocol/foreign.ts';

const table = new URL('../native/base/unseen.h', import.meta.url);
const most = 0x10ffff;

const ranges = [];
for (let code = 0, last = false; code <= most; code++) {
  const character = String.fromCodePoint(code);
  const shown = visible(character) === character;
  if (!shown && !last) ranges.push([code, code]);
  else if (!shown) ranges.at(-1)[1] = code;
  last = !shown;
}

const hexadecimal = (code) => `0x${code.toString(16)}`;
const lines = ranges.map(([first, end]) => `{ ${hexadecimal(first)}, ${hexadecimal(end)} },`);
const rows = [];
for (let at = 0; at < lines.length; at += 6) rows.push(`    ${lines.slice(at, at + 6).join(' ')}`);

const text = `/* SPDX-License-Identifier: MIT */
/*
 * unseen.h - the characters that are not shown as they are: unseen of extension/protocol/foreign.ts, by Unicode ${process.versions.unicode}.  Written by
 * scripts/characters.mjs.  Only for character.c.
 */
#ifndef PM_UNSEEN_H
#define PM_UNSEEN_H

#include <stdint.h>

/* clang-format off */
static const struct {
    uint32_t first, last;
} pm_unseen[] = {
${rows.join('\n')}
};
/* clang-format on */

#endif
`;

if (process.argv[2] !== '--check') writeFileSync(table, text);
else if (readFileSync(table, 'utf8') !== text) {
  console.error('native/base/unseen.h is not what extension/protocol/foreign.ts says: node scripts/characters.mjs');
  process.exitCode = 1;
}
