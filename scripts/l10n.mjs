// SPDX-License-Identifier: MIT
//
// The messages of the extension, of its server and of the page, gathered from the sources into l10n/bundle.l10n.json, which the
// translations follow.  VS Code reads the manifest's messages from package.nls.json and its translations.
//
//   node scripts/l10n.mjs            writes the bundle, takes out of the translations what is no message any more
//   node scripts/l10n.mjs --todo     prints what the translations lack, as JSON, to be filled in
//   node scripts/l10n.mjs --check    changes nothing; says what is not as it should be, and ends with 1 if anything is

import { getL10nJson } from '@vscode/l10n-dev';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const source = 'l10n/bundle.l10n.json';
const manifest = 'package.nls.json';
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const write = (file, value) => writeFileSync(file, JSON.stringify(value, undefined, 2) + '\n');
const text = (value) => (typeof value === 'string' ? value : value.message);
const sorted = (value) => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
const placeholders = (value) => (text(value).match(/\{\w+\}|\(command:[\w.]+\)|`[^`]+`/g) ?? []).sort().join(' ');

const files = globSync(['extension/**/*.ts', 'webview/**/*.{ts,tsx}']).sort();
const scripts = files.map((file) => ({ extension: file.endsWith('x') ? '.tsx' : '.ts', contents: readFileSync(file, 'utf8') }));
const gathered = sorted(await getL10nJson(scripts));

const [option] = process.argv.slice(2);
const wrong = [];
if (option === '--check' && JSON.stringify(read(source)) !== JSON.stringify(gathered))
  wrong.push(`${source} is not what the sources say: node scripts/l10n.mjs`);
if (option === undefined) write(source, gathered);

for (const [words, pattern] of [
  [gathered, 'l10n/bundle.l10n.*.json'],
  [read(manifest), 'package.nls.*.json'],
])
  for (const file of globSync(pattern)) {
    const translated = read(file);
    const lacking = Object.entries(words).filter(([key]) => !(key in translated));
    const known = Object.entries(translated).filter(([key]) => key in words);
    if (option === '--todo') console.log(file, JSON.stringify(Object.fromEntries(lacking), undefined, 2));
    else console.log(`${file}: ${known.length} of ${Object.keys(words).length} messages`);
    if (option === undefined) write(file, sorted(Object.fromEntries(known)));
    for (const [key] of lacking) wrong.push(`${file} lacks ${JSON.stringify(key)}`);
    for (const [key, value] of Object.entries(translated)) {
      if (!(key in words)) wrong.push(`${file} translates what is no message: ${JSON.stringify(key)}`);
      else if (placeholders(words[key]) !== placeholders(value))
        wrong.push(`${file} has other placeholders in ${JSON.stringify(key)}`);
    }
  }
if (option === '--check') {
  for (const line of wrong) console.error(line);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
