// SPDX-License-Identifier: MIT
//
// Gets a real VS Code that needs no display, and a browser to look at it: the server inside the npm package code-server, run by the
// Node 24 that the npm package node-linux-* carries, and Debian's Chromium.
//
//     npm pack code-server -> .host/tmp-PID/ -> npm install, rebuild spdlog, trim -> stamp -> rename to .host/code-server-VERSION/
//
// The rename comes last, so a folder of that name is always complete, and two installs at the same time do not disturb each other.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensure, isExecutable, onPath } from '../debian.mjs';
import { Expected, runMain, say } from './say.mjs';

const VERSION = '4.139.1';
const INTEGRITY = 'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==';
/** Grows whenever the steps below change, so that older installs are redone. */
const RECIPE = 2;

export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const cache = path.join(repository, '.host');

/**
 * A server that is ready to run.
 * @typedef {object} Host
 * @property {string} dir      the server's folder
 * @property {string} main     its server-main.js
 * @property {string} node     the Node 24 to run it with
 * @property {string} version  VS Code's version
 */

/**
 * The server, installed first if it is not there yet.
 * @returns {Promise<Host>}
 */
export async function ensureHost() {
  if (process.platform !== 'linux') {
    throw new Expected(`the headless VS Code runs on Linux only, not on ${process.platform}`);
  }
  const node = findNode();
  const dir = path.join(cache, `code-server-${VERSION}`);
  const stamp = JSON.stringify({ version: VERSION, recipe: RECIPE, arch: process.arch, node: node.major });
  if (readIfThere(path.join(dir, '.complete')) !== stamp) await install(dir, stamp, node);
  const { version } = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
  return { dir, main: path.join(dir, 'out', 'server-main.js'), node: node.executable, version };
}

/** @returns {{ executable: string, home: string, major: string }} */
function findNode() {
  const name = `node-linux-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const home = path.dirname(manifest);
    const { version } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    return { executable: path.join(home, 'bin', 'node'), home, major: version.split('.')[0] };
  } catch {
    throw new Expected(`the package ${name} is not installed: run "npm install"`);
  }
}

/**
 * @param {string} dir
 * @param {string} stamp
 * @param {{ executable: string, home: string }} node
 */
async function install(dir, stamp, node) {
  const started = Date.now();
  fs.mkdirSync(cache, { recursive: true });
  removeAbandoned();
  const work = path.join(cache, `tmp-${process.pid}`);
  const server = path.join(work, 'server');
  fs.mkdirSync(server, { recursive: true });
  // Node 24 first: npm and its scripts run with whatever "node" is.
  const env = { ...cleanEnvironment(), PATH: `${path.dirname(node.executable)}:${process.env['PATH'] ?? ''}` };
  try {
    say(`fetching code-server ${VERSION} (47 MB)`);
    await run('npm', ['pack', `code-server@${VERSION}`, '--silent', '--ignore-scripts', '--pack-destination', work], {
      cwd: work,
      env,
    });
    const tarball = path.join(work, `code-server-${VERSION}.tgz`);
    verify(tarball);

    say('unpacking it');
    await run('tar', ['-xzf', tarball, '-C', server, '--strip-components=3', 'package/lib/vscode'], { cwd: work, env });
    fs.rmSync(tarball);

    say("installing the server's packages");
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    // Not "npm ci": the lock in the package lacks an entry, and npm ci refuses it.
    await run('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-save', ...quiet], { cwd: server, env });

    say("building the server's native modules");
    // Without spdlog every Output channel stays empty; the watchdog ends an extension host whose server is gone.
    // The headers of the Node that will run them, whatever the user's npmrc says.
    await run('npm', ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog', '--foreground-scripts', ...quiet], {
      cwd: server,
      env: { ...env, npm_config_nodedir: node.home },
    });

    say('removing what is not used');
    for (const unused of ['extensions/copilot', 'node_modules/@github', 'node_modules/@microsoft/mxc-sdk']) {
      fs.rmSync(path.join(server, unused), { recursive: true, force: true });
    }
    const opener = path.join(server, 'bin', 'helpers', 'browser.sh');
    fs.rmSync(opener, { force: true });
    fs.symlinkSync('browser-linux.sh', opener);

    fs.writeFileSync(path.join(server, '.complete'), stamp);
    put(server, dir, stamp);
    say(`VS Code's server is ready (${Math.round((Date.now() - started) / 1000)} s)`);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Moves the finished install into place.  Somebody else may have finished first: theirs is as good, and may be running already.
 * @param {string} server
 * @param {string} dir
 * @param {string} stamp
 */
function put(server, dir, stamp) {
  if (readIfThere(path.join(dir, '.complete')) === stamp) return;
  fs.rmSync(dir, { recursive: true, force: true });
  try {
    fs.renameSync(server, dir);
  } catch (error) {
    if (readIfThere(path.join(dir, '.complete')) !== stamp) throw error;
  }
}

/** Removes the work folders of installs whose process is gone. */
function removeAbandoned() {
  for (const name of fs.readdirSync(cache)) {
    const pid = /^tmp-(\d+)$/.exec(name)?.[1];
    if (pid && !fs.existsSync(`/proc/${pid}`)) fs.rmSync(path.join(cache, name), { recursive: true, force: true });
  }
}

/** @param {string} tarball */
function verify(tarball) {
  const found = `sha512-${createHash('sha512').update(fs.readFileSync(tarball)).digest('base64')}`;
  if (found !== INTEGRITY) throw new Expected(`code-server ${VERSION} is not the file it should be (${found})`);
}

/** @param {string} file @returns {string | undefined} */
function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Our environment without what an outer npm script, or a VS Code that we run in, has put there for itself.
 * @returns {NodeJS.ProcessEnv}
 */
export function cleanEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^(npm_(package|lifecycle|config_(local_prefix|prefix|global|omit|ignore_scripts))|VSCODE_|ELECTRON_)/.test(name))
      delete env[name];
  }
  delete env['NODE_OPTIONS'];
  delete env['INIT_CWD'];
  return env;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<string>} what it printed
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    const gather = (/** @type {Buffer} */ chunk) => (printed = (printed + chunk.toString()).slice(-20_000));
    child.stdout.on('data', gather);
    child.stderr.on('data', gather);
    child.on('error', (error) => reject(new Expected(`cannot run ${command}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(printed);
      const tail = printed.trimEnd().split('\n').slice(-15).join('\n');
      reject(new Expected(`"${command} ${args.slice(0, 2).join(' ')}" failed with ${code ?? signal}\n${tail}`));
    });
  });
}

/** Chromium's names.  First the one that can show no window: a page costs it two thirds of what it costs the others. */
export const browsers = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/**
 * Where Chromium is; root on a Debian-like system gets it installed.
 * @returns {string}
 */
export function ensureChromium() {
  const chosen = process.env['PEERMAP_CHROMIUM'];
  if (chosen) {
    if (isExecutable(chosen)) return chosen;
    throw new Expected(`PEERMAP_CHROMIUM is "${chosen}", which is not an executable file`);
  }
  return ensure('Chromium', ['chromium-headless-shell'], findChromium);
}

/** @returns {string | undefined} */
function findChromium() {
  return browsers.map(onPath).find((file) => file !== undefined);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  void runMain(async () => {
    const host = await ensureHost();
    say(`VS Code ${host.version}; ${ensureChromium()}`);
    return 0;
  });
}
