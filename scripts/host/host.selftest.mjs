// SPDX-License-Identifier: MIT
//
// Proves the machinery in this folder with a throwaway extension: that green is green, that red, a killed extension host and a suite
// that hangs are not, and that a person finds the extension's command and sees its webview.  Not part of npm test:
//
//     npm run test:host-selftest        pictures go to build/shots/selftest-*.png

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { ensureHost, repository } from './install.mjs';
import { openWorkbench } from './person.mjs';
import { countsLine } from './report.mjs';
import { runSuite } from './run-suite.mjs';
import { Expected, runMain, textOf, until } from './say.mjs';
import { startServer } from './server.mjs';

const shots = path.join(repository, 'build', 'shots');

const manifest = {
  name: 'host-selftest',
  displayName: 'Host Selftest',
  description: 'Throwaway.',
  publisher: 'peermap-test',
  version: '0.0.1',
  license: 'MIT',
  engines: { vscode: '^1.91.0' },
  main: './extension.js',
  files: ['extension.js'],
  activationEvents: [],
  contributes: {
    commands: [
      { command: 'hostSelftest.show', title: 'Show', category: 'Selftest' },
      { command: 'hostSelftest.ask', title: 'Ask', category: 'Selftest' },
    ],
  },
};

const extensionSource = `
const vscode = require('vscode');
exports.activate = (context) => {
  const log = vscode.window.createOutputChannel('Selftest');
  context.subscriptions.push(
    vscode.commands.registerCommand('hostSelftest.show', () => {
      const panel = vscode.window.createWebviewPanel('selftest', 'Selftest', vscode.ViewColumn.One, { enableScripts: true });
      panel.webview.html = '<!DOCTYPE html><body><h1 id="hello">hello from the webview</h1>'
        + '<script>document.body.append("script ran: " + (6 * 7))</script></body>';
      vscode.window.showInformationMessage('shown by the extension');
      return 'shown';
    }),
    vscode.commands.registerCommand('hostSelftest.ask', async () => {
      const name = await vscode.window.showInputBox({ prompt: 'a name' });
      const size = await vscode.window.showQuickPick(['small', 'large']);
      const said = await vscode.window.showWarningMessage('Sure about ' + name + ', ' + size + '?', { modal: true }, 'Certainly');
      vscode.window.showInformationMessage('answer: ' + name + ' ' + size + ' ' + said);
    }),
  );
};
`;

/** A suite without a framework: two tests, then whatever the variant adds. @param {string} more */
const suiteSource = (more) => `
const fs = require('node:fs');
const vscode = require('vscode');
exports.run = async () => {
  const tests = [];
  const test = async (title, body) => {
    try { await body(); tests.push({ title, state: 'passed' }); }
    catch (error) { tests.push({ title, state: 'failed', error: error.stack }); }
  };
  const write = () => {
    const count = (state) => tests.filter((one) => one.state === state).length;
    const report = { passed: count('passed'), failed: count('failed'), skipped: count('skipped'), tests };
    fs.writeFileSync(process.env.PEERMAP_TEST_REPORT, JSON.stringify(report));
    return report;
  };
  console.log('the suite begins');
  await test('the command shows the webview', async () => {
    if ((await vscode.commands.executeCommand('hostSelftest.show')) !== 'shown') throw new Error('not shown');
  });
  await test('the workspace is the folder that was asked for', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    if (folder !== process.env.SELFTEST_FOLDER) throw new Error('it is ' + folder);
  });
  ${more}
  if (write().failed > 0) throw new Error('a test failed');
};
`;

const variants = {
  green: '',
  red: `await test('one and one are three', async () => { throw new Error('they are two'); });`,
  crash: `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`,
  // The worst case: everything is reported well, and then the extension host dies.
  lateCrash: `write(); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`,
  silent: `return;`,
  hang: `await new Promise(() => {});`,
};

/** @param {string} dir */
function writeExtension(dir) {
  fs.mkdirSync(path.join(dir, 'suite'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'package.json'), JSON.stringify(manifest));
  fs.writeFileSync(path.join(dir, 'README.md'), 'Throwaway.\n');
  fs.writeFileSync(path.join(dir, 'extension.js'), extensionSource);
  for (const [name, more] of Object.entries(variants)) fs.writeFileSync(path.join(dir, 'suite', `${name}.js`), suiteSource(more));
}

/**
 * @param {{ extension: string, folder: string }} place
 * @param {keyof typeof variants} variant
 * @param {NodeJS.ProcessEnv} [env]
 */
async function outcome({ extension, folder }, variant, env = {}) {
  /** @type {string[]} */
  const lines = [];
  const code = await runSuite({
    extension,
    tests: path.join(extension, 'suite', `${variant}.js`),
    workspace: folder,
    env: { ...env, SELFTEST_FOLDER: folder, PEERMAP_SHOTS: path.join(shots, `selftest-${variant}.png`) },
    print: (line) => lines.push(line),
  });
  return { code, lines, last: lines.at(-1) };
}

/** Servers that are still there: those whose TMPDIR is one of ours. @returns {string[]} */
function leftovers() {
  const found = fs.readdirSync(os.tmpdir()).filter((name) => /^pm[hs]-/.test(name));
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = fs.readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (environment.includes(`TMPDIR=${path.join(os.tmpdir(), 'pmh-')}`)) found.push(`process ${pid}`);
    } catch {
      // It ended while we looked, or is not ours.
    }
  }
  return found;
}

/** @type {{ title: string, body: (place: { extension: string, folder: string, vsix: string }) => Promise<void> }[]} */
const proofs = [
  {
    title: 'a green suite gives 0',
    async body(place) {
      const { code, last, lines } = await outcome(place, 'green');
      assert.equal(last, '2 passed, 0 failed', lines.join('\n'));
      assert.equal(code, 0);
    },
  },
  {
    title: 'a failing test gives 1, with its error, a picture and the logs',
    async body(place) {
      const { code, last, lines } = await outcome(place, 'red');
      assert.equal(last, '2 passed, 1 failed', lines.join('\n'));
      assert.equal(code, 1);
      assert.match(lines.join('\n'), /✖ one and one are three\n {4}Error: they are two/);
      assert.ok(fs.statSync(path.join(shots, 'selftest-red.png')).size > 5000);
      assert.match(fs.readFileSync(path.join(shots, 'selftest-red.log'), 'utf8'), /Extension host agent listening/);
    },
  },
  {
    title: 'a killed extension host gives 1',
    async body(place) {
      const { code, last } = await outcome(place, 'crash');
      assert.equal(code, 1);
      assert.equal(last, '0 passed, 1 failed');
    },
  },
  {
    title: 'an extension host killed after a green report gives 1',
    async body(place) {
      const { code, last, lines } = await outcome(place, 'lateCrash');
      assert.equal(code, 1);
      assert.equal(last, '2 passed, 1 failed', lines.join('\n'));
    },
  },
  {
    title: 'a suite that ends without a report gives 1',
    async body(place) {
      const { code, last } = await outcome(place, 'silent');
      assert.equal(code, 1);
      assert.equal(last, '0 passed, 1 failed');
    },
  },
  {
    title: 'a suite that hangs is given up, with a picture',
    async body(place) {
      const { code } = await outcome(place, 'hang', { PEERMAP_HOST_TIMEOUT: '45' });
      assert.equal(code, 1);
      assert.ok(fs.statSync(path.join(shots, 'selftest-hang.png')).size > 5000);
    },
  },
  {
    title: 'a server whose starter is killed ends too, and leaves nothing',
    async body() {
      const before = leftovers();
      const source = `
        import { ensureHost } from ${JSON.stringify(new URL('install.mjs', import.meta.url).href)};
        import { startServer } from ${JSON.stringify(new URL('server.mjs', import.meta.url).href)};
        const server = await startServer({ host: await ensureHost() });
        console.log('pid ' + server.pid);
        setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
      let printed = '';
      child.stdout.on('data', (chunk) => (printed += chunk));
      await until(() => printed.includes('pid '), { what: 'the other process to start a server', within: 60_000 });
      assert.notDeepEqual(leftovers(), before);
      child.kill('SIGKILL');
      await until(() => leftovers().every((one) => before.includes(one)), {
        what: 'the server to follow its starter',
        within: 30_000,
      });
    },
  },
  {
    title: 'a person runs the command and sees the webview, dark, light and in high contrast',
    async body({ vsix, folder }) {
      const server = await startServer({ host: await ensureHost(), installVsix: vsix, disableWorkspaceTrust: true });
      try {
        const workbench = await openWorkbench({ server, folder, theme: 'dark' });
        try {
          await workbench.command('Selftest: Show');
          const hello = workbench.webview().locator('#hello');
          await hello.waitFor();
          assert.equal(await hello.textContent(), 'hello from the webview');
          await workbench.webview().getByText('script ran: 42').waitFor();
          await workbench.notification('shown by the extension').waitFor();
          for (const theme of /** @type {const} */ (['dark', 'light', 'hc', 'hc-light'])) {
            await workbench.setTheme(theme);
            await workbench.screenshot(path.join(shots, `selftest-${theme}.png`));
          }
          await workbench.command('Selftest: Ask');
          await workbench.inputBox('alpha');
          await workbench.quickPick('large');
          await workbench.dialog().getByText('Sure about alpha, large?').waitFor();
          await workbench.screenshot(path.join(shots, 'selftest-dialog.png'));
          await workbench.dialogButton('Certainly');
          await workbench.notification('answer: alpha large Certainly').waitFor();
        } catch (error) {
          await workbench.page.screenshot({ path: path.join(shots, 'selftest-person-failure.png') });
          throw error;
        } finally {
          await workbench.close();
        }
        assert.equal(server.crashed(), undefined);
      } finally {
        await server.stop();
      }
    },
  },
  {
    title: 'nothing is left running, and no folder',
    async body() {
      assert.deepEqual(leftovers(), []);
    },
  },
];

await runMain(async () => {
  const only = process.argv[2];
  fs.mkdirSync(shots, { recursive: true });
  const temp = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'pmt-')));
  const place = {
    extension: path.join(temp, 'extension'),
    folder: path.join(temp, 'a folder, spaced & ünïcode'),
    vsix: path.join(temp, 'selftest.vsix'),
  };
  const counts = { passed: 0, failed: 0 };
  try {
    writeExtension(place.extension);
    fs.mkdirSync(place.folder);
    await createVSIX({
      cwd: place.extension,
      packagePath: place.vsix,
      dependencies: false,
      allowMissingRepository: true,
      skipLicense: true,
    });
    for (const { title, body } of proofs) {
      if (only && !title.includes(only)) continue;
      const started = Date.now();
      const failure = await body(place).then(
        () => undefined,
        (error) => (error instanceof Expected ? error.message : textOf(error)),
      );
      counts[failure === undefined ? 'passed' : 'failed'] += 1;
      console.log(`${failure === undefined ? '✔' : '✖'} ${title} (${Math.round((Date.now() - started) / 1000)} s)`);
      if (failure !== undefined) console.log(failure.replace(/^/gm, '    '));
    }
  } finally {
    fs.rmSync(temp, { recursive: true, force: true });
  }
  console.log(countsLine(counts));
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
