// SPDX-License-Identifier: MIT
//
// Every test there is, one runner after the other, all of them even when one fails.
//
//   node scripts/test.mjs               all but electron
//   node scripts/test.mjs native addon  these runners only
//
// A runner that ran nothing has failed.  The last line is "N passed, N failed" over all of them.

import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const temp = mkdtempSync(join(tmpdir(), 'peermap-test-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true }));

/** What runs now ends first, and clears away what it made. */
let current;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupted = true;
    current?.kill(signal);
  });
}

/** Runs a command to its end; its output is ours.  Answers its exit code and its last line. */
function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    current = child;
    let text = '';
    child.stdout.on('data', (chunk) => {
      process.stdout.write(chunk);
      text = (text + chunk).slice(-4096);
    });
    child.on('error', (error) => resolve({ code: 1, last: error.message }));
    child.on('close', (code) => {
      if (interrupted) process.exit(130);
      resolve({ code: code ?? 1, last: text.trimEnd().split('\n').at(-1) ?? '' });
    });
  });
}

async function mocha(folder) {
  const files = globSync(`build/test/${folder}/**/*.test.js`);
  const counts = join(temp, `${folder}.json`);
  const { code } = await run(
    process.execPath,
    [
      'node_modules/mocha/bin/mocha.js',
      '--forbid-only',
      '--fail-zero',
      '--exit',
      '--timeout',
      '180000',
      '--enable-source-maps',
      process.stdout.isTTY ? '--color' : '--no-color',
      '--reporter',
      'scripts/mocha-reporter.cjs',
      ...files,
    ],
    { PEERMAP_COUNTS: counts },
  );
  try {
    return { ...JSON.parse(readFileSync(counts, 'utf8')), code };
  } catch {
    return { passed: 0, failed: 0, skipped: 0, code };
  }
}

async function suite(...args) {
  const { code, last } = await run(process.execPath, ['scripts/host/run-suite.mjs', ...args]);
  const [, passed = 0, failed = 0, skipped = 0] = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(last) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped), code };
}

const runners = {
  native: () => mocha('native'),
  library: () => mocha('library'),
  chaos: () => mocha('chaos'),
  fuzz: () => mocha('fuzz'),
  walk: () => mocha('walk'),
  unit: () => mocha('extension-unit'),
  addon: () => mocha('addon'),
  node: () => mocha('node'),
  python: () => mocha('python'),
  languages: () => mocha('languages'),
  cli: () => mocha('cli'),
  server: () => mocha('server'),
  demo: () => mocha('demo'),
  model: () => mocha('model'),
  webview: () => mocha('webview'),
  host: () => suite(),
  person: () => mocha('person'),
  electron: () => suite('--electron'),
};
/** Desktop VS Code is downloaded, which not every machine can do. */
const usual = Object.keys(runners).filter((name) => name !== 'electron');

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in runners));
if (unknown.length > 0) {
  console.error(`test: no runner ${unknown.join(', ')}; there are ${Object.keys(runners).join(', ')}`);
  process.exit(2);
}

const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;
const heading = (text) => console.log(`\n──── ${text}`);

heading('build');
for (const [command, ...args] of [
  [
    'make',
    '--no-print-directory',
    '-C',
    'native',
    `-j${availableParallelism()}`,
    'all',
    'cli-asan',
    'tests',
    'languages',
    'chaos',
    'walk',
    'bench',
    'fuzz',
  ],
  [process.execPath, 'esbuild.mjs'],
  [process.execPath, 'scripts/package.mjs'],
]) {
  const { code } = await run(command, args);
  if (code !== 0) {
    console.error(`test: ${command} ${args[0]} failed; nothing was tested`);
    process.exit(1);
  }
}
let checks = 0;
if (chosen.length === 0) {
  heading('types, lint, format');
  checks = (await run(process.execPath, ['scripts/lint.mjs'])).code;
}

const results = [];
for (const name of chosen.length > 0 ? chosen : usual) {
  heading(name);
  const since = Date.now();
  const result = await runners[name]();
  results.push({ name, ...result, took: seconds(since) });
}

heading(`after ${seconds(started)}`);
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
let wrong = 0;
const complain = (line) => {
  wrong += 1;
  console.log(`✖ ${line}`);
};
for (const { name, passed, failed, skipped, code, took } of results) {
  console.log(`${name.padEnd(9)} ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''} (${took})`);
  if (code === 77) console.log(`${name} could not be run here`);
  else if (passed + failed === 0) complain(`${name} ran no test`);
  else if (code !== 0 && failed === 0) complain(`${name} ended with code ${code}`);
}
if (checks !== 0) complain('types, lint or format: see above');
const left = readdirSync('/dev/shm').filter((name) => /^peermap\.(test|person|words|suite|bench|chaos|walk)-/.test(name));
if (left.length > 0) complain(`left in /dev/shm: ${left.join(' ')}`);

const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${sum('failed') + wrong} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exitCode = sum('failed') + wrong > 0 ? 1 : 0;
