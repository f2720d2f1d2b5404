// SPDX-License-Identifier: MIT
//
// Headers of lies: the corpus first, then a few seconds of new ones for each target, always from the same seed; a minute of them in
// `npm run test:long`.  And the fuzzers prove that they can find: builds from which one check is missing must not survive them.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { atExit } from '../at-exit';
import { long } from '../long';

const programs = 'build/native/fuzz';
const findings = 'build/fuzz/findings';
const corpus = 'test/fuzz/corpus';
const seconds = long ? 60 : 3;

type Target = 'observer' | 'attach' | 'peer';
const targets: Target[] = ['observer', 'attach', 'peer'];

interface Report {
  executions: number;
  edges: number;
  inputs: number;
  good: boolean;
  finding: string;
}

/** Every folder of the corpus that the target reads; `first`: what real segments gave, without what was found since. */
function inputsOf(target: Target, first = false): string[] {
  const seeds = `${corpus}/${target === 'peer' ? 'peer' : 'image'}`;
  const found = `${corpus}/found/${target}`;
  return first || !existsSync(found) ? [seeds] : [seeds, found];
}

async function fuzz(program: string, args: string[]): Promise<Report & { text: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const forget = atExit(() => child.kill('SIGTERM'));
  let out = '';
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (text = (text + chunk.toString('latin1')).slice(-20_000)));
  await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
  forget();
  const line = out.trimEnd().split('\n').at(-1) ?? '';
  assert.match(line, /^\{"target"/, `${program} did not end as it should\n${out}${text}`);
  return { ...(JSON.parse(line) as Report), text };
}

async function survives(target: Target, forSeconds: number): Promise<void> {
  mkdirSync(findings, { recursive: true });
  const args = ['--seconds', String(forSeconds), '--seed', '1', '--findings', findings, ...inputsOf(target)];
  const { good, finding, text, executions, edges } = await fuzz(`${programs}/${target}`, args);
  assert.ok(good, `see it again: npm run fuzz -- --target ${target} --replay ${finding}\n${text}`);
  assert.ok(executions > 0 && edges > 0, 'nothing ran');
  console.log(`      ${executions} executions, ${edges} edges`);
}

describe('fuzz', function () {
  this.timeout(170_000);

  const first = long ? [] : targets;

  if (!long) it('the corpus is of the layout that the code has', corpusIsOfTheLayout);
  for (const target of first) it(`${target}: the corpus`, () => survives(target, 0));
  for (const target of targets) it(`${target}: ${seconds} s of new inputs`, () => survives(target, seconds));
});

function corpusIsOfTheLayout(): void {
  const version = /PM_VERSION UINT32_C\((\d+)\)/.exec(readFileSync('native/base/layout.h', 'utf8'))?.[1];
  for (const name of readdirSync(`${corpus}/image`)) {
    const image = readFileSync(`${corpus}/image/${name}`); // two words, then the object
    assert.equal(String(image.readUInt32LE(8 + 8)), version, `${name}: make the corpus anew with npm run fuzz -- --seeds`);
  }
}

/** What is found in a build from which a check is missing.  `check` is there once, and `instead` takes its place. */
const mutants: { title: string; target: Target; source: string; check: string; instead: string; found: RegExp }[] = [
  {
    title: 'mapping beyond the reservation',
    target: 'peer',
    source: 'runtime/converge.c',
    check: 'told < segment->shape.reserved ? told / page * page : segment->shape.reserved',
    instead: 'told / page * page',
    found: /FOUND: mmap of .* outside all that was reserved/,
  },
  {
    title: 'following a root out of the memory',
    target: 'attach',
    source: 'runtime/roots.c',
    check: 'if (root.off > active || root.size > active - root.off)',
    instead: 'if (root.off > active)',
    found: /FOUND: a root of .* is not in the active memory/,
  },
  {
    title: 'a name that does not end',
    target: 'observer',
    source: 'observer/records.c',
    check: 'if (!end) {',
    instead: 'if (!name) {',
    found: /ERROR|runtime error/,
  },
];

function build({ target, source, check, instead }: (typeof mutants)[number], name: string): string {
  const folder = 'build/fuzz/mutants';
  const right = readFileSync(`native/${source}`, 'utf8');
  assert.equal(right.split(check).length, 2, `native/${source} has not one "${check}": choose another check to remove`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.c`, right.replace(check, instead));
  const words = { TARGET: target, SOURCE: source, BROKEN: `../${folder}/${name}.c`, MUTANT: `../${folder}/${name}` };
  const args = [
    '--no-print-directory',
    '-C',
    'native',
    'mutant',
    ...Object.entries(words).map(([word, value]) => `${word}=${value}`),
  ];
  const { status, stderr } = spawnSync('make', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return `${folder}/${name}`;
}

describe('fuzz: what a missing check costs is found', function () {
  this.timeout(170_000);

  (long ? [] : mutants).forEach((mutant, index) => {
    it(`${mutant.target}: ${mutant.title}`, async () => {
      const program = build(mutant, `mutant-${index}`);
      const { good, executions, text } = await fuzz(program, [
        '--seconds',
        '140',
        '--seed',
        '1',
        ...inputsOf(mutant.target, true),
      ]);
      assert.ok(!good, `${executions} executions did not find it`);
      assert.match(text, mutant.found);
      console.log(`      found by execution ${executions}`);
    });
  });
});
