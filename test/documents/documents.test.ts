// SPDX-License-Identifier: MIT
//
// The documents to the letter: every command and every example that they have is run, in the order in which it stands, on one machine, so that what one
// of them makes the next one finds.  Nothing here knows what they say: only which kinds of blocks there are, and how each is done with.

import { strict as assert } from 'node:assert';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { needs } from '../library/library';
import { long } from '../long';
import { Place } from './place';
import { fragments, programOf, segmentsOf, shapeOf } from './programs';
import { itemsOf, type Block, type Item, type Row, type Span } from './read';

const documents = [
  'README.md',
  ...globSync('docs/*.md').sort(),
  'native/node/README.md',
  'native/python/README.md',
  'native/cli/peermap.1',
  ...globSync('native/include/*.{h,hpp}').sort(),
];

/** What is not run: commands, and blocks by their first line.  An entry for something that no document has is a failure. */
const notRun: Record<string, string> = {
  'npm start': 'opens an editor, and does not end; runners host and person do the same',
  'npm test': 'is what runs this',
  'npm run package': 'was run before the first of these tests',
  'npm run package:node': 'was run before the first of these tests',
  'npm run bench': 'takes minutes, and measures nothing beside other tests',
  'kill -STOP': 'has no process; a block with one is run',
  'pip install native/python': 'gets setuptools from the network; runner python installs it with what is there',
  ldconfig: 'changes the machine',
};
/** The example of Boost takes ten seconds to compile. */
const isLong = (item: Item) => item.text.includes('<boost/');
const left = new Set(Object.keys(notRun));

const read = (file: string) => readFileSync(file, 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  contributes: { commands: { command: string; title: string }[] };
};

let place: Place;
/** What the last command that compiled had after its source. */
let flags = '';
let project = '';
/** Programs that a command of the document is still to run. */
const due = new Set<string>();
const done = { examples: 0 };

/** What is not below the reader's folder is the machine's. */
function staysInPlace(command: string): void {
  assert.doesNotMatch(command, /(^|[\s=>])(\/(?!dev\/null)|~)/, 'this is outside of the folder');
}

async function well(script: string): Promise<string> {
  const { code, text } = await place.sh(script);
  assert.equal(code, 0, `${script}\nended with ${String(code)}\n${text}`);
  return text;
}

const compile = /^\s*(?:cc|c\+\+|gcc|g\+\+) .*?(\S+\.cc?)(?: (.*))?$/gm;

/** Runs commands; then what they have built, if they have not run it themselves. */
async function commands(script: string, paragraph = ''): Promise<void> {
  const whole = script.replaceAll(/…/g, flags);
  staysInPlace(whole.replaceAll(/ #.*/g, ''));
  const linked = !/ -c /.test(whole);
  for (const [, source = '', rest = ''] of whole.matchAll(compile)) {
    place.fetch(source, paragraph);
    if (linked) flags = rest;
    due.delete(source);
  }
  await well(whole);
  const built = [...whole.matchAll(/ -o (\S+)/g)].map(([, name = '']) => `./${name}`).filter((name) => !whole.includes(name));
  for (const [, folder = ''] of whole.matchAll(/cmake --build (\S+)/g))
    for (const [, name = '', sources = ''] of project.matchAll(/add_executable\((\w+) ([^)]*)\)/g)) {
      built.push(`${folder}/${name}`);
      for (const source of sources.split(' ')) due.delete(source);
    }
  for (const program of built) assert.notEqual(await well(program), '', `${program} says nothing`);
}

/** As the document compiles its own. */
const build = (file: string) =>
  `${file.endsWith('.cc') ? 'c++ -std=c++17' : 'cc -std=gnu11'} -Wall -Wextra -Werror -Wno-unused ${file} ` +
  `$(pkg-config --cflags --libs peermap) -Wl,-rpath,$HOME/.local/lib -o one && ./one`;

async function runProgram(block: Block, number: number, later: Item[]): Promise<void> {
  const { file, text } = programOf(block, number);
  writeFileSync(place.at(file), text);
  const isOthers = later.some((item) => item.kind !== 'link' && item.text.split(/[\s()]/).includes(file));
  if (isOthers) {
    due.add(file);
    return;
  }
  if (block.language === 'js') {
    const running = place.begin(`node ${file}`);
    const until = Date.now() + (/\.on\(|for await/.test(text) ? 3000 : 60_000);
    while (!running.over() && Date.now() < until) await new Promise((wait) => setTimeout(wait, 20));
    const isOver = running.over();
    assert.ok(isOver || /\.on\(|for await/.test(text), `${text}\ndoes not end\n${running.said()}`);
    if (isOver) assert.equal(await running.interrupt(), 0, `${text}\n${running.said()}`);
  } else await well(block.language === 'python' ? `python3 ${file}` : build(file));
  for (const name of segmentsOf(text)) assert.ok(place.has(name), `there is no segment ${name}`);
}

/** A console: each command says what stands there, but for numbers and the like. */
async function converse(text: string): Promise<void> {
  for (const [, command = '', output = ''] of text.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
    staysInPlace(command);
    if (/--follow|\bwatch\b/.test(command)) {
      const running = place.begin(command);
      const [, name = ''] = /^peermap \w+ ([\w.-]+)/.exec(command) ?? [];
      await well(
        `while [ -z "$(ls /proc/*/fd -l 2>/dev/null | grep peermap.${name})" ]; do sleep 0.05; done; peermap grow ${name} 64K`,
      );
      for (let tries = 500; tries > 0 && running.said() === ''; tries -= 1) await new Promise((wait) => setTimeout(wait, 20));
      assert.notEqual(running.said(), '', `${command} says nothing`);
      if (command.includes('--json')) JSON.parse(running.said().split('\n')[0] ?? '');
      await running.interrupt();
      continue;
    }
    const said = await place.sh(`set +e\n${command}\ntrue`);
    const [is, stands] = [shapeOf(said.text, place.segments), shapeOf(output, place.segments)];
    // Who was quicker stands before who was not.
    const words = (shape: string) => shape.split(' ').sort().join(' ');
    if (stands) assert.ok(words(is) === words(stands), `${command}\nsays    ${is}\nand not ${stands}`);
    else assert.doesNotMatch(said.text, /^peermap: /m);
  }
}

function checkJson(text: string): void {
  const { command, args = {} } = JSON.parse(text) as { command?: string; args?: object };
  if (command === undefined) return;
  assert.ok(
    manifest.contributes.commands.some((one) => one.command === command),
    `there is no command ${command}`,
  );
  const row =
    read('docs/commands.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`${command}\``)) ?? '';
  for (const name of Object.keys(args)) assert.ok(row.includes(`\`${name}\``), `${command} has no argument ${name}`);
}

async function runBlock(block: Block, number: number, later: Item[]): Promise<void> {
  if (block.language === 'sh') {
    const lines = block.text.split('\n').filter((line) => !skipped(line.split(' #')[0]?.trim() ?? ''));
    if (lines.some((line) => line.trim())) await commands(lines.join('\n'));
  } else if (skipped(block.text.split('\n')[0] ?? '')) return;
  else if (block.language === 'cmake') writeFileSync(place.at('CMakeLists.txt'), (project = block.text));
  else if (block.language === 'json') checkJson(block.text);
  else if (block.text.startsWith('$ ')) await converse(block.text);
  else if (['c', 'cpp', 'js', 'python'].includes(block.language)) await runProgram(block, number, later);
  else assert.fail(`it is not known what to do with a block of "${block.language}"`);
}

// ---- code in sentences ----

function skipped(command: string): boolean {
  if (notRun[command] === undefined) return false;
  const [, script] = /^npm (?:run )?(\S+)$/.exec(command) ?? [];
  assert.ok(script === undefined || manifest.scripts[script] !== undefined, `there is no script ${String(script)}`);
  return true;
}

const isCommand = (text: string) =>
  /^(make|cc|c\+\+|cmake|npm|node|python3?|pip|man|peermap|kill|sudo|git|apt|apt-get|curl|docker|gdb|cp|mv|rm|mkdir|export|\.\/\w+|build\/native\/\S+) \S/.test(
    text,
  ) || text === 'ldconfig';

const helps = new Map<string, string>();

async function runSpan({ text, paragraph }: Span): Promise<void> {
  const [, word, rest = ''] = /^peermap (\w+)(.*)/.exec(text) ?? [];
  if (word !== undefined) {
    // A mention: what it would be about is not in it.
    const help = helps.get(word) ?? (await well(`peermap ${word} --help`));
    helps.set(word, help);
    for (const option of rest.match(/--[\w-]+/g) ?? []) assert.ok(help.includes(option), `peermap ${word} has no ${option}`);
  } else if (text.startsWith('-I')) await commands(`cc example.c ${text} -o plain`);
  else if (!skipped(text)) await commands(text, paragraph);
}

const sources: Record<string, string> = {
  C: 'native/include/peermap.h',
  'C++': 'native/include/*.hpp',
  Python: 'native/python/peermap/*.py',
  Node: 'native/{node,addon}/*.ts',
};
const textOf = (pattern: string) => globSync(pattern).map(read).join('\n');

/** A row of a table of commands, or of what is called how here in a language. */
function checkRow({ head, cells }: Row): void {
  if (cells[0]?.startsWith('Peermap: ')) {
    const titles = JSON.parse(read('package.nls.json')) as Record<string, string>;
    const known = new Set(manifest.contributes.commands.map(({ title }) => titles[title.slice(1, -1)]));
    for (const title of cells[0].slice(9).split(/, | \/ /)) assert.ok(known.has(title), `there is no command ${title}`);
  }
  head.forEach((title, column) => {
    const [, language = ''] = /^here, in (\S+)/.exec(title) ?? [];
    if (language === '') return;
    const all = textOf(sources[language] ?? '');
    const code = [...(cells[column] ?? '').matchAll(/`([^`]+)`/g)].flatMap(
      ([, one = '']) => one.match(/(?<=[.:]|^)\w{3,}(?=\W|$)/g) ?? [],
    );
    // Names of C are looked at wherever they stand.
    for (const name of code.filter((one) => !/^peermap_/i.test(one)))
      assert.match(all, new RegExp(`\\b${name}\\b`), `${language} has no ${name}`);
  });
}

function checkNames(items: Item[]): void {
  const all = textOf('native/{include,cli,base,python/peermap}/*.{h,hpp,c,py}');
  const code = items.filter((item) => item.kind === 'span').map(({ text }) => text);
  for (const [name] of code.join('\n').matchAll(/\b(peermap_\w*[a-z]|PEERMAP_\w+|peermap::\w+)\b(?![.*]|\w)/g))
    assert.ok(all.includes(name.replace('peermap::', '')) || all.includes(name.replace('PEERMAP_', 'X(')), `there is no ${name}`);
  for (const text of code.filter((one) => /^(build|native|docs|test|scripts)\/[\w./-]+$/.test(one))) {
    const pattern = text.replaceAll(/\b[A-Z]+\b/g, '*');
    assert.ok(globSync(pattern).length > 0 || globSync(place.at(pattern)).length > 0, `there is no ${text}`);
  }
}

describe('documents, to the letter', () => {
  before(needs('pkg-config', ['pkg-config'], 'pkg-config'));
  before(needs('CMake', ['cmake'], 'cmake'));
  before(needs('pip', ['python3-pip'], 'pip'));
  before(needs('man', ['man-db'], 'man'));
  if (long) before(needs('Boost', ['libboost-dev'], '/usr/include/boost/interprocess/managed_external_buffer.hpp'));
  before(async () => {
    place = new Place();
    await well(`build/native/peermap create ${fragments} --heap`);
  });
  after(() => place.remove());

  for (const document of documents) {
    const items = itemsOf(document);
    if (items.length === 0) continue;
    describe(document, () => {
      items.forEach((item, index) => {
        const at = `line ${String(item.line)}`;
        const [first = ''] = item.text.trim().split('\n');
        if (item.kind === 'block') {
          for (const line of item.text.split('\n')) left.delete(line.split(' #')[0]?.trim() ?? '');
          if (isLong(item) && !long) return;
          it(`${at}: ${item.language || 'console'}, ${first}`, () =>
            runBlock(item, (done.examples += 1), items.slice(index + 1)));
        } else if (item.kind === 'span' && isCommand(item.text)) {
          left.delete(item.text);
          it(`${at}: ${first}`, () => runSpan(item));
        }
      });

      it('has no name, and leads to no file, that is not there', () => {
        checkNames(items);
        for (const item of items) {
          if (item.kind === 'row') checkRow(item);
          if (item.kind === 'link')
            assert.ok(existsSync(path.join(path.dirname(document), item.text)), `line ${String(item.line)}: ${item.text}`);
        }
        assert.deepEqual([...due], [], 'these are programs that nothing runs');
      });

      after(() => place.end());
    });
  }

  it('nothing is left out that no document has', () => assert.deepEqual([...left], []));
});
