// SPDX-License-Identifier: MIT
//
// Types of each part, ESLint with types, Prettier; and the headers as C11 and C++17.  `--fix` formats and repairs what it can.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const fix = process.argv.includes('--fix');
const node = (script, ...args) => [process.execPath, [`node_modules/${script}`, ...args]];
const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Werror'];
const header = (compiler, name, ...args) => [
  compiler,
  [...args, ...warnings, '-Inative/include', '-fsyntax-only', `native/include/${name}`],
];

const linted = ['extension', 'webview', 'native/node', 'test', 'scripts'];
let failed = 0;
for (const [command, args] of [
  ...['extension/protocol', 'extension/server', 'extension/client', 'webview', 'native/node', 'test'].map((part) =>
    node('typescript/bin/tsc', '-p', part),
  ),
  node('eslint/bin/eslint.js', '--max-warnings=0', ...(fix ? ['--fix'] : []), ...linted, '*.mjs'),
  node('prettier/bin/prettier.cjs', fix ? '--write' : '--check', '--log-level=warn', '**/*.{ts,tsx,mjs,cjs,css}'),
  header('cc', 'peermap.h', '-x', 'c', '-std=c11'),
  header('c++', 'peermap.h', '-x', 'c++', '-std=c++17'),
  header('c++', 'peermap.hpp', '-x', 'c++', '-std=c++17'),
  header('c++', 'peermap_mutex.hpp', '-x', 'c++', '-std=c++17'),
]) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(
      `lint: ${args
        .filter((word) => !word.startsWith('-'))
        .slice(0, 2)
        .join(' ')}: failed`,
    );
    failed += 1;
  }
}
process.exitCode = failed > 0 ? 1 : 0;
