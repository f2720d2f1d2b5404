// SPDX-License-Identifier: MIT
//
// An executable that @vscode/test-electron takes for VS Code: same arguments, same meaning of the exit code.
//
//     vscode-shim --extensionDevelopmentPath=DIR --extensionTestsPath=FILE [FOLDER] [--untrusted] [--other-flags-are-ignored]
//       PEERMAP_TEST_REPORT   where the suite writes its report (see report.mjs); needed
//       PEERMAP_SHOTS         the picture of a failure, or a folder for it; the logs go beside it
//       PEERMAP_HOST_TIMEOUT  seconds until it gives up (480)
//
// 0 only if the suite said so, wrote a green report, and no extension host died.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { launchBrowser, usualViewport } from './browser.mjs';
import { ensureHost, repository } from './install.mjs';
import { doubt } from './report.mjs';
import { Expected, runMain, say, textOf, until } from './say.mjs';
import { startServer } from './server.mjs';

const starter = process.ppid;
const limit = Number(process.env['PEERMAP_HOST_TIMEOUT']) || 480;
/** What the workbench says of itself in every run; it goes to the failure's log only. */
const chatter =
  /^(Resolv(ing|ed) connection token|Creating a socket|\[(reconnection-grace-time|AgentHost|AccountPolicyGate|Service Worker|remote-connection)|Updating additional builtin|Ignoring fetching|No search provider)/;
/** @type {string[]} */
const said = [];
let waitingFor = 'the installation of VS Code';

/** @param {string[]} args @returns {{ development: string[], tests: string, folder: string | undefined, trusted: boolean }} */
function parse(args) {
  const valuesOf = (/** @type {string} */ flag) =>
    args
      .filter((arg) => arg.startsWith(`--${flag}=`))
      .map((arg) => path.resolve(arg.slice(flag.length + 3).replace(/^file:\/\//, '')));
  const development = valuesOf('extensionDevelopmentPath');
  const tests = valuesOf('extensionTestsPath')[0];
  if (development.length === 0 || !tests)
    throw new Expected('--extensionDevelopmentPath=DIR and --extensionTestsPath=FILE are needed');
  const folder = args.find((arg) => !arg.startsWith('-'));
  return { development, tests, folder: folder && path.resolve(folder), trusted: !args.includes('--untrusted') };
}

/** @returns {string} the picture's path */
function shotFile() {
  const chosen = path.resolve(repository, process.env['PEERMAP_SHOTS'] || path.join('build', 'shots', 'host-failure.png'));
  return chosen.endsWith('.png') ? chosen : path.join(chosen, 'host-failure.png');
}

/**
 * @param {import('./server.mjs').Server} server
 * @param {ReturnType<typeof parse>} wanted
 */
function addressOf(server, { development, tests, folder }) {
  const remote = (/** @type {string} */ file) => `vscode-remote://127.0.0.1:${server.port}${encodeURI(file)}`;
  const payload = [
    ...development.map((dir) => ['extensionDevelopmentPath', remote(dir)]),
    ['extensionTestsPath', remote(tests)],
    ['enableProposedApi', ''],
    ['skipWelcome', 'true'],
  ];
  const kind = folder?.endsWith('.code-workspace') ? 'workspace' : 'folder';
  const place = folder ? `${kind}=${encodeURIComponent(folder)}` : 'ew=true';
  return `${server.url}?${place}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

/**
 * @param {import('playwright-core').Page | undefined} page
 * @param {import('./server.mjs').Server | undefined} server
 */
async function keepEvidence(page, server) {
  const shot = shotFile();
  fs.mkdirSync(path.dirname(shot), { recursive: true });
  fs.rmSync(shot, { force: true });
  fs.writeFileSync(shot.replace(/\.png$/, '.log'), `--- workbench\n${said.join('\n')}\n${server?.logs() ?? ''}`);
  await page?.screenshot({ path: shot, timeout: 10_000 }).catch(() => undefined);
  say(`see ${path.relative(process.cwd(), shot)} and the .log beside it`);
}

/**
 * @param {import('playwright-core').Page} page
 * @param {import('./server.mjs').Server} server
 * @param {ReturnType<typeof parse>} wanted
 * @returns {Promise<number>} the exit code that the tests gave
 */
async function runInPage(page, server, wanted) {
  /** @type {number | undefined} */
  let exitCode;
  /** @type {string | undefined} */
  let trouble;
  page.on('crash', () => (trouble = "the browser's page crashed"));
  page
    .context()
    .browser()
    ?.on('disconnected', () => (trouble = 'the browser ended'));
  // Before the page is opened: it looks for these two when it starts.
  await page.exposeFunction('codeAutomationLog', (/** @type {string} */ level, /** @type {unknown[]} */ args) => {
    const line = args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' ');
    said.push(`[${level}] ${line}`);
    if (chatter.test(line) || level === 'trace' || level === 'debug') return;
    waitingFor = `the tests to end (the last words were: ${line.slice(0, 200)})`;
    process.stdout.write(`${line}\n`);
  });
  await page.exposeFunction('codeAutomationExit', (/** @type {unknown} */ code) => {
    exitCode = typeof code === 'number' ? code : 1;
  });

  waitingFor = 'the workbench to open';
  await page.goto(addressOf(server, wanted), { waitUntil: 'domcontentloaded', timeout: 0 });
  await page.locator('.monaco-workbench').waitFor({ timeout: 0 });
  waitingFor = 'the tests to begin';
  await until(
    () => {
      trouble ??= server.crashed() ?? server.exited();
      if (process.ppid !== starter) trouble ??= 'the process that started the tests is gone';
      if (trouble) throw new Expected(trouble);
      return exitCode !== undefined;
    },
    { what: 'the tests to end' },
  );
  return exitCode ?? 1;
}

/** @returns {Promise<number>} */
async function main() {
  const wanted = parse(process.argv.slice(2));
  const reportFile = process.env['PEERMAP_TEST_REPORT'];
  if (!reportFile) throw new Expected('PEERMAP_TEST_REPORT is not set: where does the suite write its report?');
  fs.rmSync(reportFile, { force: true });
  /** @type {import('./server.mjs').Server | undefined} */
  let server;
  /** @type {import('playwright-core').Browser | undefined} */
  let browser;
  /** @type {import('playwright-core').Page | undefined} */
  let page;
  const watchdog = setTimeout(async () => {
    say(`gave up after ${limit} s, waiting for ${waitingFor}`);
    await keepEvidence(page, server).catch((error) => say(textOf(error)));
    process.exit(1);
  }, limit * 1000);
  try {
    const host = await ensureHost();
    waitingFor = "VS Code's server to start";
    server = await startServer({ host, smokeTestDriver: true, disableWorkspaceTrust: wanted.trusted });
    waitingFor = 'the browser to start';
    browser = await launchBrowser(server.tempDir);
    page = await browser.newPage({ viewport: usualViewport });
    const code = await runInPage(page, server, wanted);
    const reason = server.crashed() ?? doubt(reportFile) ?? (code === 0 ? undefined : `VS Code ended the tests with ${code}`);
    if (reason) throw new Expected(reason);
    return 0;
  } catch (error) {
    say(textOf(error));
    await keepEvidence(page, server);
    return 1;
  } finally {
    clearTimeout(watchdog);
    await browser?.close().catch(() => undefined);
    await server?.stop();
  }
}

await runMain(main);
