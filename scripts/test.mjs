// SPDX-License-Identifier: MIT
//
// Every test there is, in lanes beside each other, all of them even when one fails.
//
//   node scripts/test.mjs                 what a change must pass: all but electron, and but what is long by nature
//   node scripts/test.mjs native addon    these runners only
//   node scripts/test.mjs --long [...]    what the first leaves out (long.mjs says what and why), and nothing else
//
// Everything is built once, at the beginning; meanwhile packages are got (prepare.mjs).  PEERMAP_LANES: so many lanes.
// A runner that ran nothing has failed.  The last line is "N passed, N failed" over all of them.

import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWhenInterrupted, heading, inLanes, ownSharedMemory, run } from './lanes.mjs';
import { added, tell } from './long.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const temp = mkdtempSync(join(tmpdir(), 'peermap-test-'));
endWhenInterrupted(() => rmSync(temp, { recursive: true, force: true }));
const started = Date.now();

/** Of tests, in /dev/shm. */
const prefixes = ['test', 'person', 'words', 'suite', 'bench', 'chaos', 'walk'].map((word) => `peermap.${word}-`);
const objects = () => new Set(readdirSync('/dev/shm').filter((name) => prefixes.some((prefix) => name.startsWith(prefix))));
const before = objects();
const apart = ownSharedMemory(prefixes.map((prefix) => `${prefix}*`).join('|'));

/** Beside others, and out of their sight. */
function runApart(name, args, options) {
  const [command, ...rest] = [...apart, process.execPath, ...args];
  return run(name, command, rest, options);
}

const words = process.argv.slice(2);
if (words.includes('--help')) {
  console.log('npm test, npm run test:long: everything.  -- RUNNER...: these runners only.\n');
  tell(Object.keys(added));
  process.exit(0);
}
const long = words.includes('--long');
const chosen = words.filter((word) => word !== '--long');

// ---- the runners ----

/** Files below build/test, and what mocha says of them. */
function mocha(...patterns) {
  return async (name, options) => {
    const files = patterns.flatMap((pattern) => globSync(`build/test/${pattern}`)).sort();
    const counts = join(temp, `${name}.json`);
    const args = ['node_modules/mocha/bin/mocha.js', '--forbid-only', '--fail-zero', '--exit', '--timeout', '180000'];
    args.push(
      '--enable-source-maps',
      process.stdout.isTTY ? '--color' : '--no-color',
      '--reporter',
      'scripts/mocha-reporter.cjs',
    );
    const ended = await runApart(name, [...args, ...files], {
      ...options,
      env: { PEERMAP_COUNTS: counts, PEERMAP_LONG: long ? '1' : '' },
    });
    const none = { passed: 0, failed: 0, skipped: 0 };
    return { ...(existsSync(counts) ? JSON.parse(readFileSync(counts, 'utf8')) : none), ...ended };
  };
}

function suite(...words) {
  return async (name, options) => {
    const ended = await runApart(name, ['scripts/host/run-suite.mjs', ...words], options);
    const [, passed = 0, failed = 0, skipped = 0] = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(ended.last) ?? [];
    return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped), ...ended };
  };
}

/**
 * In the order in which they begin, the longest first.  `needs`: it begins when prepare.mjs has got them.  `alone`: two with the same word write
 * the same files.  `usual: false`: only when it is asked for.
 */
const runners = {
  webview: { work: mocha('webview/!(shots).test.js'), needs: ['packages'] },
  person: { work: mocha('person/**/*.test.js'), needs: ['packages', 'host'] },
  sanitized: { work: mocha('native/sanitized.test.js') },
  native: { work: mocha('native/native.test.js', ...(long ? [] : ['native/places.test.js'])) },
  library: { work: mocha(long ? 'library/boost.test.js' : 'library/**/*.test.js'), needs: ['packages'], alone: 'make install' },
  pictures: { work: mocha('webview/shots.test.js'), needs: ['packages'] },
  server: { work: mocha('server/**/*.test.js'), needs: ['packages'] },
  host: { work: suite(), needs: ['packages', 'host'] },
  untrusted: { work: suite('--untrusted'), needs: ['packages', 'host'] },
  model: { work: mocha('model/**/*.test.js'), needs: ['packages'] },
  cli: { work: mocha('cli/**/*.test.js'), needs: ['packages'], alone: 'make install' },
  python: { work: mocha('python/**/*.test.js'), needs: ['packages'] },
  fuzz: { work: mocha('fuzz/**/*.test.js') },
  demo: { work: mocha('demo/**/*.test.js') },
  walk: { work: mocha('walk/**/*.test.js') },
  chaos: { work: mocha('chaos/**/*.test.js') },
  node: { work: mocha('node/**/*.test.js') },
  unit: { work: mocha('extension-unit/**/*.test.js', 'scripts/**/*.test.js', 'include/**/*.test.js') },
  addon: { work: mocha('addon/**/*.test.js') },
  languages: { work: mocha('languages/**/*.test.js') },
  documents: { work: mocha('documents/**/*.test.js'), needs: ['packages'], alone: 'make install' },
  // Desktop VS Code is downloaded, which not every machine can do.
  electron: { work: suite('--electron'), usual: false },
};

// ---- what was asked for ----

const available = Object.keys(runners).filter((name) => !long || name in added);
const unknown = chosen.filter((name) => !available.includes(name));
if (unknown.length > 0) {
  console.error(`test: ${long ? 'no long tests in a' : 'no'} runner ${unknown.join(', ')}; there are ${available.join(', ')}`);
  process.exit(2);
}
const names = available.filter((name) => (chosen.length > 0 ? chosen.includes(name) : runners[name].usual !== false));
if (long) tell(names);

// ---- building, and getting what is not there ----

const results = [];

function keep(name, ended) {
  results.push({ name, passed: 0, failed: 0, skipped: 0, ...ended });
}

const getting = (what) => run(`getting ${what}`, process.execPath, ['scripts/prepare.mjs', what]);
const needed = new Set(names.flatMap((name) => runners[name].needs ?? []));
const got = Object.fromEntries([...needed].map((what) => [what, getting(what)]));

async function step(name, command, args) {
  const ended = await run(name, command, args, { direct: true });
  if (ended.code === 0) return ended.seconds;
  console.error(`test: ${name} failed; nothing was tested`);
  process.exit(1);
}

/** Which programs of test/native are built with which sanitizer. */
function variants() {
  const all = readdirSync('test/native').filter((file) => file.endsWith('.c'));
  const groups = JSON.parse(readFileSync('test/native/sanitized.json', 'utf8'));
  const named = (build, name) => groups.some((group) => group.build === build && group.programs.includes(name));
  const programs = (build) => all.map((file) => file.slice(0, -2)).filter((name) => named(build, name) !== long);
  return ['asan', 'tsan'].map((build) => `${build.toUpperCase()}_TESTS=${programs(build).join(' ')}`);
}

heading('build');
const targets = ['all', 'cli-asan', 'tests', 'languages', 'chaos', long ? 'walk-asan' : 'walk', 'bench', 'fuzz'];
let building = await step('make', 'make', ['--silent', '-C', 'native', `-j${availableParallelism()}`, ...targets, ...variants()]);
building += await step('bundles', process.execPath, ['esbuild.mjs']);
building += await step('packing the extension', process.execPath, ['scripts/package.mjs']);
building += await step('packing the npm module', process.execPath, ['scripts/package-node.mjs']);
keep('build', { code: 0, seconds: building });

// ---- running ----

const jobs = names.map((name) => {
  const { needs, ...runner } = runners[name];
  return { name, ...runner, after: needs && Promise.all(needs.map((what) => got[what])) };
});
if (chosen.length === 0 && !long)
  jobs.splice(2, 0, { name: 'lint', work: (name, options) => run(name, process.execPath, ['scripts/lint.mjs'], options) });

const direct = jobs.length === 1;
await inLanes(jobs, Number(process.env.PEERMAP_LANES) || availableParallelism() + 1, async ({ name, work }) => {
  if (direct) heading(name);
  const ended = await work(name, { direct });
  if (!direct) heading(`${name}, ${ended.seconds.toFixed(0)} s`);
  process.stdout.write(ended.output);
  keep(name, ended);
});
for (const what of needed) {
  const { output, seconds } = await got[what];
  if (output !== '') console.log(`\n${output.trimEnd()}`);
  keep(`getting ${what}`, { code: 0, seconds });
}

// ---- what came of it ----

heading(`after ${((Date.now() - started) / 1000).toFixed(0)} s, of which each took`);
let wrong = 0;
const complain = (line) => {
  wrong += 1;
  console.log(`✖ ${line}`);
};
for (const { name, passed, failed, skipped, code, seconds } of results.sort((a, b) => b.seconds - a.seconds)) {
  const counts = name in runners ? `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}` : '';
  console.log(`${`${seconds.toFixed(0)} s`.padStart(6)}  ${name.padEnd(17)} ${counts}`.trimEnd());
}
for (const { name, passed, failed, code, left, output = '' } of results) {
  if (left?.length > 0) complain(`${name} left processes behind: ${left.join('; ')}`);
  for (const [line] of output.matchAll(/^left in \/dev\/shm: .*$/gm)) complain(`${name} ${line}`);
  if (code === 77) console.log(`${name} could not be run here`);
  else if (name in runners && passed + failed === 0) complain(`${name} ran no test`);
  else if (code !== 0 && failed === 0) complain(`${name} ended with code ${code}`);
}

/** What another run of the tests has made, beside this one or before it, is not meant. */
const orphaned = (name) => !name.match(/\d+/g)?.some((pid) => existsSync(`/proc/${pid}`));
const objectsLeft = [...objects()].filter((name) => !before.has(name) && orphaned(name));
if (objectsLeft.length > 0) complain(`left in /dev/shm: ${objectsLeft.join(' ')}`);

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${sum('failed') + wrong} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exitCode = sum('failed') + wrong > 0 ? 1 : 0;
