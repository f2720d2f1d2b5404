// SPDX-License-Identifier: MIT
//
// Fuzzes the observer and the runtime with headers of lies, for as long as you like.
//
//   node scripts/fuzz.mjs                          a minute for each target
//   node scripts/fuzz.mjs --seconds 600 --target peer
//   node scripts/fuzz.mjs --engine libfuzzer       with clang's, where clang is
//   node scripts/fuzz.mjs --replay FILE --target peer
//   node scripts/fuzz.mjs --seeds                  makes the first inputs of the corpus anew, after a change of the layout
//
// What it learns stays in build/fuzz/corpus; what it finds is in build/fuzz/findings, and the exit code is 1.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { onPath } from './debian.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const targets = ['observer', 'attach', 'peer'];
const findings = 'build/fuzz/findings';

function fail(line) {
  console.error(`fuzz: ${line}`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      options: {
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        target: { type: 'string', multiple: true, default: targets },
        engine: { type: 'string', default: 'own' },
        replay: { type: 'string' },
        seeds: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
}

const { seconds, seed, target: chosen, engine, replay, seeds } = options();
const unknown = chosen.filter((name) => !targets.includes(name));
if (unknown.length > 0) fail(`no target ${unknown.join(', ')}; there are ${targets.join(', ')}`);
if (!['own', 'libfuzzer'].includes(engine)) fail(`no engine ${engine}; there are own and libfuzzer`);
if (!(Number(seconds) > 0)) fail(`--seconds is ${seconds}`);
if (replay !== undefined && (chosen.length !== 1 || !existsSync(replay))) fail('--replay needs a file, and --target');
const libfuzzer = engine === 'libfuzzer';
if (libfuzzer && !onPath('clang')) fail('clang is not on the PATH; the engine "own" needs gcc only');

const run = (command, args) => spawnSync(command, args, { stdio: 'inherit' }).status ?? 1;
if (run('make', ['--no-print-directory', '-C', 'native', '-j2', 'fuzz', `FUZZ_ENGINE=${engine}`]) !== 0) process.exit(1);

function corpusOf(target) {
  const tree = [`test/fuzz/corpus/${target === 'peer' ? 'peer' : 'image'}`, `test/fuzz/corpus/found/${target}`];
  return tree.filter((folder) => existsSync(folder));
}

function commandFor(target) {
  const learnt = `build/fuzz/corpus/${target}`;
  mkdirSync(learnt, { recursive: true });
  if (libfuzzer) {
    const program = `build/native/fuzz/libfuzzer/${target}`;
    if (replay !== undefined) return [program, [replay]];
    const limits = [
      `-max_total_time=${seconds}`,
      `-seed=${seed}`,
      '-max_len=8192',
      '-timeout=20',
      `-artifact_prefix=${findings}/`,
    ];
    return [program, [...limits, learnt, ...corpusOf(target)]];
  }
  const program = `build/native/fuzz/${target}`;
  if (replay !== undefined) return [program, ['--seconds', '0', replay]];
  const limits = ['--seconds', seconds, '--seed', seed, '--findings', findings, '--keep', learnt];
  return [program, [...limits, learnt, ...corpusOf(target)]];
}

if (seeds) {
  for (const part of ['image', 'peer']) mkdirSync(`test/fuzz/corpus/${part}`, { recursive: true });
  rmSync('build/fuzz/corpus', { recursive: true, force: true });
  process.exit(run('build/native/fuzz/seeds', ['test/fuzz/corpus']));
}
mkdirSync(findings, { recursive: true });
let failed = 0;
for (const target of chosen) {
  console.log(`fuzz: ${target}, ${replay ?? `${seconds} s, seed ${seed}`}`);
  if (run(...commandFor(target)) !== 0) failed += 1;
}
if (failed > 0) console.error(`fuzz: what was found is in ${findings}; see it again with --target NAME --replay FILE`);
process.exitCode = failed > 0 ? 1 : 0;
