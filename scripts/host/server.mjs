// SPDX-License-Identifier: MIT
//
// Starts VS Code's server and ends it again, whatever happens in between.
//
//     our process ── pipe ──> guard (sh, cat)          one process group of its own: the server, its extension hosts,
//          └─────── spawn ──> server-main.js ...       its pty host and the guard
//
// stop() ends the group; so does our exit; and if we are killed without a word, the guard sees its pipe close and does it.

import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { cleanEnvironment, run } from './install.mjs';
import { Expected, textOf, until } from './say.mjs';

/** @typedef {import('./install.mjs').Host} Host */
/** @typedef {Record<string, unknown>} Settings */

/**
 * @typedef {object} ServerOptions
 * @property {Host} host
 * @property {Settings} [settings]             user settings, on top of quiet ones
 * @property {string} [installVsix]            an extension to install before the start
 * @property {boolean} [smokeTestDriver]       let the page run an extension's tests; modal dialogs are then refused
 * @property {boolean} [disableWorkspaceTrust] trust every folder (terminals do not start in an untrusted one)
 * @property {string} [serverDataDir]          kept afterwards; by default it is fresh and is removed by stop()
 * @property {number} [port]                   a free one by default
 * @property {NodeJS.ProcessEnv} [extraEnv]    for the server, and so for extensions
 */

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {string} logFile                              what the server prints; gone after stop()
 * @property {string} dataDir
 * @property {string} tempDir                              the server's TMPDIR; gone after stop()
 * @property {() => string | undefined} crashed            the line about an extension host that died, also after stop()
 * @property {() => string} logs                           all its logs, also after stop()
 * @property {() => string | undefined} exited             how the server ended, if it did by itself
 * @property {(settings: Settings) => void} preset         merges into the user settings, for pages that are opened later
 * @property {() => Promise<void>} stop                    may be called twice
 */

/**
 * Only current names and values: VS Code would rewrite the file to migrate others.
 * @type {Settings}
 */
const quietSettings = {
  'chat.agentHost.enabled': false,
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.autoDetectColorScheme': false,
  'window.autoDetectHighContrast': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** Waits for the end of its input, which comes when the process that started it is gone, and then ends the group and the folder. */
const guard = '( cat <&3 >/dev/null; kill -KILL $$; rm -rf -- "$0"; kill -KILL 0 ) & exec "$@" 3<&-';

/**
 * @param {ServerOptions} options
 * @returns {Promise<Server>}
 */
export async function startServer(options) {
  const { host } = options;
  // Short: the server makes sockets in it, whose paths may have 107 characters.
  const tempDir = fs.mkdtempSync(path.join(os.tmpdir(), 'pmh-'));
  const dataDir = options.serverDataDir ?? tempDir;
  const logFile = path.join(tempDir, 'server.log');
  const settingsFile = path.join(dataDir, 'data', 'User', 'settings.json');
  const env = {
    ...cleanEnvironment(),
    PATH: `${path.dirname(host.node)}:${process.env['PATH'] ?? ''}`,
    TMPDIR: tempDir,
    XDG_RUNTIME_DIR: tempDir,
    HOME: path.join(tempDir, 'home'), // VS Code looks into, and watches, folders of other tools there
    VSCODE_CLI: '1', // takes the environment as it is; asking the login shell for it can hang
    EXTENSIONS_GALLERY: '{}', // no gallery, so nothing is looked up in one
    ...options.extraEnv,
  };

  try {
    fs.mkdirSync(path.join(tempDir, 'home'));
    fs.mkdirSync(path.dirname(settingsFile), { recursive: true });
    writeSettings(settingsFile, { ...quietSettings, ...options.settings });
    if (options.installVsix) {
      const install = [
        host.main,
        '--install-extension',
        path.resolve(options.installVsix),
        '--force',
        '--server-data-dir',
        dataDir,
      ];
      await run(host.node, [...install, '--accept-server-license-terms'], { cwd: tempDir, env });
    }
  } catch (error) {
    fs.rmSync(tempDir, { recursive: true, force: true });
    throw error;
  }

  const args = [host.main, '--host', '127.0.0.1', '--port', String(options.port ?? 0), '--without-connection-token'];
  args.push('--accept-server-license-terms', '--server-data-dir', dataDir, '--telemetry-level', 'off');
  if (options.smokeTestDriver) args.push('--enable-smoke-test-driver');
  if (options.disableWorkspaceTrust) args.push('--disable-workspace-trust');

  const log = fs.openSync(logFile, 'a');
  const child = spawn('sh', ['-c', guard, tempDir, host.node, ...args], {
    cwd: tempDir,
    env,
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
  });
  fs.closeSync(log);
  /** @type {string | undefined} */
  let end;
  child.on('error', (error) => (end = `VS Code's server could not be started: ${error.message}`));
  child.on('exit', (code, signal) => (end ??= `VS Code's server ended with ${code ?? signal}`));
  const alarm = child.stdio[3];
  if (alarm && 'unref' in alarm) /** @type {import('node:net').Socket} */ (alarm).unref();
  child.unref();

  const pid = child.pid ?? 0;
  /** @type {string | undefined} */
  let lastLogs;
  const logs = () => lastLogs ?? readLogs(logFile, path.join(dataDir, 'data', 'logs'));
  const atOnce = () => {
    endGroup(pid, 'SIGKILL');
    fs.rmSync(tempDir, { recursive: true, force: true });
  };
  running.add(atOnce);
  watchOurEnd();

  /** @type {Promise<void> | undefined} */
  let stopping;
  const stop = () => {
    stopping ??= (async () => {
      lastLogs = logs();
      endGroup(pid, 'SIGTERM');
      try {
        await until(() => !groupLives(pid), { what: 'the server to end', within: 5000 });
      } catch {
        endGroup(pid, 'SIGKILL');
        await until(() => !groupLives(pid), { what: 'the killed server to be gone', within: 10_000 });
      }
      running.delete(atOnce);
      fs.rmSync(tempDir, { recursive: true, force: true, maxRetries: 5 });
    })();
    return stopping;
  };

  let port;
  try {
    port = await until(
      () => {
        if (end) throw new Expected(end);
        return Number(/Extension host agent listening on (\d+)/.exec(fs.readFileSync(logFile, 'utf8'))?.[1]) || undefined;
      },
      { what: "VS Code's server to listen", within: 120_000 },
    );
  } catch (error) {
    await stop();
    throw new Expected(`${textOf(error)}\n${logs().trimEnd().split('\n').slice(-15).join('\n')}`);
  }

  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    pid,
    logFile,
    dataDir,
    tempDir,
    logs,
    crashed: () => /^.*Extension Host Process exited .*signal: SIG.*$/m.exec(logs())?.[0],
    exited: () => (stopping ? undefined : end),
    preset: (settings) => {
      const now = JSON.parse(fs.readFileSync(settingsFile, 'utf8'));
      writeSettings(settingsFile, { ...now, ...settings });
    },
    stop,
  };
}

/** @param {string} file @param {Settings} settings */
function writeSettings(file, settings) {
  fs.writeFileSync(file, `${JSON.stringify(settings, undefined, 2)}\n`);
}

/** @param {string} logFile @param {string} folder @returns {string} */
function readLogs(logFile, folder) {
  const files = [logFile];
  if (fs.existsSync(folder)) {
    for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.log')) files.push(path.join(folder, name));
    }
  }
  return files.map((file) => `--- ${path.basename(file)}\n${fs.readFileSync(file, 'utf8')}`).join('\n');
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function endGroup(pid, signal) {
  if (pid <= 0) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left, which is what was wanted.
  }
}

/** @param {number} pid @returns {boolean} */
function groupLives(pid) {
  if (pid <= 0) return false;
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What to do at our own end, for each server that runs. @type {Set<() => void>} */
const running = new Set();
let watching = false;

function watchOurEnd() {
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const atOnce of running) atOnce();
  });
  /** @type {[NodeJS.Signals, number][]} */
  const signals = [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ];
  for (const [signal, code] of signals) {
    process.on(signal, () => {
      // Somebody else who listens has something to end first, and exits then.
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
}
