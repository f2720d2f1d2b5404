// SPDX-License-Identifier: MIT
//
// Runs the extension's in-host tests through @vscode/test-electron, in one of two hosts:
//
//     node scripts/host/run-suite.mjs [--workspace DIR]              VS Code's server and headless Chromium, through vscode-shim
//     node scripts/host/run-suite.mjs --electron [--workspace DIR]   desktop VS Code, downloaded; exit code 77 if it cannot be had
//     node scripts/host/run-suite.mjs --untrusted [--workspace DIR]  the first, and nobody has said to trust the folder
//
// Its last line is "N passed, N failed".

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { ensureChromium, ensureHost, repository } from './install.mjs';
import { countsLine, doubt, printReport, readReport } from './report.mjs';
import { Expected, runMain, say } from './say.mjs';

const skipped = 77;
const shim = fileURLToPath(new URL('vscode-shim', import.meta.url));

/**
 * @typedef {object} SuiteOptions
 * @property {string} [extension]   the extension's folder; the repository by default
 * @property {string} [tests]       the module with run(); build/test/suite/index.js by default
 * @property {string} [workspace]   the folder that VS Code opens; an empty one of its own by default
 * @property {boolean} [untrusted]  not in desktop VS Code
 * @property {boolean} [electron]   in desktop VS Code
 * @property {NodeJS.ProcessEnv} [env]
 * @property {(line: string) => void} [print]
 */

/**
 * @param {SuiteOptions} options
 * @returns {Promise<number>} 0 green, 1 red, 77 skipped
 */
export async function runSuite(options = {}) {
  const { electron = false, untrusted = false, print = console.log } = options;
  const extension = path.resolve(options.extension ?? repository);
  const tests = path.resolve(options.tests ?? path.join(repository, 'build', 'test', 'suite', 'index.js'));
  if (!fs.existsSync(tests)) throw new Expected(`${path.relative(process.cwd(), tests)} is missing: build the tests first`);
  if (options.workspace && !fs.existsSync(options.workspace)) throw new Expected(`the workspace ${options.workspace} is missing`);

  const executable = electron ? await downloadDesktop() : shim;
  if (!executable) return skipped;
  if (!electron) {
    // Here, so that the time they may take is not the suite's.
    await ensureHost();
    ensureChromium();
  }

  const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'pms-'));
  const reportFile = path.join(temp, 'report.json');
  const workspace = path.resolve(options.workspace ?? path.join(temp, 'workspace'));
  fs.mkdirSync(workspace, { recursive: true });
  const clear = () => fs.rmSync(temp, { recursive: true, force: true });
  // The shim notices by itself that we are gone.
  const terminated = () => {
    clear();
    process.exit(143);
  };
  process.once('SIGTERM', terminated);
  try {
    const ended = await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: extension,
      extensionTestsPath: tests,
      extensionTestsEnv: { ...options.env, PEERMAP_TEST_REPORT: reportFile },
      launchArgs: [
        workspace,
        ...(untrusted ? ['--untrusted'] : []),
        '--disable-extensions',
        `--user-data-dir=${path.join(temp, 'user')}`,
        `--extensions-dir=${path.join(temp, 'extensions')}`,
      ],
    }).then(
      () => undefined,
      (error) => (error instanceof Error ? error.message : String(error)),
    );
    const report = readReport(reportFile) ?? { passed: 0, failed: 0, tests: [] };
    const reason = doubt(reportFile) ?? ended;
    printReport(report, print);
    // A run that broke off counts as a failure of its own, so that no reader of the last line takes it for green.
    const broken = reason !== undefined && report.failed === 0;
    if (broken) print(`✖ the run itself: ${reason}`);
    print(countsLine(broken ? { ...report, failed: 1 } : report));
    return reason === undefined ? 0 : 1;
  } finally {
    process.off('SIGTERM', terminated);
    clear();
  }
}

/** @returns {Promise<string | undefined>} */
async function downloadDesktop() {
  try {
    return await downloadAndUnzipVSCode({
      cachePath: path.join(repository, '.host', 'desktop'),
      reporter: { report() {}, error() {} },
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`skipped: desktop VS Code cannot be downloaded here (${why.split('\n')[0]})`);
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  void runMain(async () => {
    const { values } = parseArgs({
      options: { electron: { type: 'boolean' }, untrusted: { type: 'boolean' }, workspace: { type: 'string' } },
    });
    return runSuite(values);
  });
}
