// SPDX-License-Identifier: MIT
//
// What VS Code calls in its extension host: runs the suite and writes the report that scripts/host/report.mjs reads.  The exit code of a
// host tells less: one that was killed ends with 0.

import * as fs from 'node:fs';
import * as vscode from 'vscode';

interface Entry {
  title: string;
  state: 'passed' | 'failed' | 'skipped';
  error?: string;
}

export async function run(): Promise<void> {
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({ ui: 'bdd', timeout: 180_000, reporter: 'min' });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  // After that: they call describe() when they are loaded.
  if (vscode.workspace.isTrusted) await everything();
  else await import('./untrusted.js');

  const tests: Entry[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('pass', (test) => tests.push({ title: test.fullTitle(), state: 'passed' }));
    runner.on('pending', (test) => tests.push({ title: test.fullTitle(), state: 'skipped' }));
    runner.on('fail', (test, error: Error) =>
      tests.push({ title: test.fullTitle(), state: 'failed', error: error.stack ?? String(error) }),
    );
  });
  const count = (state: Entry['state']) => tests.filter((test) => test.state === state).length;
  const report = { passed: count('passed'), failed: count('failed'), skipped: count('skipped'), tests };
  const file = process.env['PEERMAP_TEST_REPORT'];
  if (file) fs.writeFileSync(file, JSON.stringify(report, undefined, 2));
  if (failures > 0 || report.passed === 0) {
    const why = tests.flatMap(({ title, error }) => (error === undefined ? [] : [`${title}\n${error}`]));
    throw new Error(`${report.passed} passed, ${failures} failed\n${why.join('\n')}`);
  }
}

async function everything(): Promise<void> {
  await import('./activation.js');
  await import('./commands.js');
  await import('./tree.js');
  await import('./inspector.js');
  await import('./snapshots.js');
  await import('./system.js');
  await import('./tasks.js');
  await import('./questions.js');
  await import('./tools.js');
  await import('./memory.js');
  await import('./server-death.js');
  await import('./read-only.js');
  await import('./demo.js');
}
