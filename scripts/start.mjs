// SPDX-License-Identifier: MIT
//
// The main job, after scripts/setup.mjs: builds, starts the demo's processes, and opens the inspector on them: in desktop VS Code where
// `code` is on the PATH, else in VS Code's own server, for any browser.  Ctrl+C ends all of it and leaves nothing behind.
//
//   npm start                 npm start -- --folder DIR   indexes the text files below DIR instead of node_modules
//   npm start -- --browser    in the browser even if there is a desktop VS Code

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureHost } from './host/install.mjs';
import { startServer } from './host/server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const invokedFrom = process.env.INIT_CWD ?? process.cwd();
process.chdir(root);
const vsix = 'build/peermap.vsix';
const say = (line) => console.log(`peermap: ${line}`);

function build() {
  say('building the runtime, the addon and the extension …');
  const steps = [
    ['make', ['--no-print-directory', '-C', 'native', `-j${availableParallelism()}`]],
    [process.execPath, ['esbuild.mjs']],
    [process.execPath, ['scripts/package.mjs']],
  ];
  for (const [command, args] of steps) {
    const { status } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`the build failed: ${command} ${args.join(' ')}`);
  }
}

/** Ends what was started, newest first. */
const endings = [];

// ---- the demo's processes ----

/** Its name is ours alone: what another demo left or still runs is not touched. */
function freeSegmentName() {
  const taken = (name) => existsSync(`/dev/shm/peermap.${name}`);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? 'demo' : `demo-${number}`;
    if (!taken(name)) return name;
  }
}

function startDemo(folder) {
  const segment = freeSegmentName();
  const logs = join('build', 'demo');
  mkdirSync(logs, { recursive: true });
  endings.push(() => {
    const { destroy } = createRequire(import.meta.url)(join(root, 'build/native/peermap.node'));
    try {
      destroy(segment);
    } catch {
      // The indexer had not come so far.
    }
  });
  const programs = [
    ['indexer', '--segment', segment, '--pace', '150', folder],
    ['search', '--segment', segment, '--follow', 'function'],
    ['stats', '--segment', segment, '--follow'],
  ];
  for (const [program, ...args] of programs) {
    const log = openSync(join(logs, `${program}.log`), 'w');
    const child = spawn(join('build/native/examples', program), args, { stdio: ['ignore', log, log] });
    const ended = new Promise((done) => child.once('close', done));
    child.once('close', (code) => {
      if (!ending) say(`${program} ended with code ${code}; see ${join(logs, `${program}.log`)}`);
    });
    endings.push(async () => {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(patience);
    });
  }
  say(`the demo runs: indexer, search and stats share the segment ${segment}; what they print is in ${logs}/`);
  return segment;
}

// ---- the two hosts ----

/** The desktop's `code`; the one of a remote window's terminal, or of WSL, cannot open a window of its own. */
function desktopCode() {
  const screen = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
  if (!screen || process.env.VSCODE_IPC_HOOK_CLI || process.env.WSL_DISTRO_NAME) return undefined;
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v code'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

const settings = (segment) => ({ 'peermap.inspectOnStartup': segment, 'workbench.startupEditor': 'none' });

/** A window with a profile of its own, which nothing of the user's own VS Code is in. */
function openDesktop(code, segment) {
  const profile = mkdtempSync(join(tmpdir(), 'peermap-code-'));
  mkdirSync(join(profile, 'User'), { recursive: true });
  writeFileSync(join(profile, 'User', 'settings.json'), JSON.stringify(settings(segment)));
  endings.push(() => {
    for (const pid of processesOf(profile)) {
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        // It went with its parent.
      }
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
  });
  const own = ['--user-data-dir', profile, '--extensions-dir', join(profile, 'extensions')];
  const install = spawnSync(code, [...own, '--install-extension', vsix], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (install.status !== 0) throw new Error(`${code} could not install ${vsix}; try: npm start -- --browser`);
  spawn(code, [...own, '--disable-workspace-trust', '--new-window', 'native/examples'], { stdio: 'ignore' }).unref();
  say('the inspector opens in a VS Code window of its own');
}

function processesOf(profile) {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(profile);
    } catch {
      return false;
    }
  });
}

async function openBrowser(segment) {
  const host = await ensureHost();
  say('starting VS Code …');
  const server = await startServer({ host, settings: settings(segment), installVsix: vsix, disableWorkspaceTrust: true });
  endings.push(() => server.stop());
  const folder = encodeURI(join(root, 'native', 'examples'));
  console.log(`\n    Open  http://127.0.0.1:${server.port}/?folder=${folder}\n`);
}

// ---- from here to Ctrl+C ----

let ending = false;

async function end(code) {
  if (ending) return;
  ending = true;
  for (const step of endings.reverse()) await step();
  say('stopped; nothing is left behind');
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0));
// The terminal may be gone before we are.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const { values } = parseArgs({ options: { folder: { type: 'string' }, browser: { type: 'boolean' } } });
  const folder = values.folder ? resolve(invokedFrom, values.folder) : join(root, 'node_modules');
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`);
  build();
  const segment = startDemo(folder);
  const code = values.browser ? undefined : desktopCode();
  if (code) openDesktop(code, segment);
  else await openBrowser(segment);
  say('Ctrl+C stops everything');
  setInterval(() => undefined, 1 << 30);
} catch (error) {
  console.error(`peermap: ${error.message}`);
  await end(1);
}
