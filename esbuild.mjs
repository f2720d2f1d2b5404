// SPDX-License-Identifier: MIT
//
// Bundles: dist/ is what the .vsix carries, build/test/ is what mocha runs.
//
//   node esbuild.mjs            dist/ and build/test/
//   node esbuild.mjs --watch    dist/, again with every change

import { build, context } from 'esbuild';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, glob, mkdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const watch = process.argv.includes('--watch');
const common = { bundle: true, sourcemap: true, logLevel: 'warning', legalComments: 'none' };
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', external: ['vscode', './peermap.node'] };
const browser = {
  ...common,
  platform: 'browser',
  format: 'iife',
  target: 'chrome120',
  jsx: 'automatic',
  jsxImportSource: 'preact',
};

/**
 * What the language client has for things that no client of ours does: matching paths of file operations and of notebooks, and looking
 * whether VS Code is new enough, which our manifest's `engines` has seen to.
 */
const unused = {
  minimatch: 'class Minimatch { constructor() { throw new Error("not in this bundle"); } } module.exports = { Minimatch };',
  'semver/functions/parse': 'module.exports = (version) => version;',
  'semver/functions/satisfies': 'module.exports = () => true;',
};
const withoutUnused = {
  name: 'without unused',
  setup(bundling) {
    const filter = /^(minimatch|semver\/functions\/(parse|satisfies))$/;
    bundling.onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
    bundling.onLoad({ filter, namespace: 'unused' }, ({ path }) => ({ contents: unused[path] }));
  },
};

const products = [
  {
    ...node,
    minify: true,
    // The language client is read when the server is started: the activation of the extension does not wait for it.
    external: [...node.external, './language-client'],
    entryPoints: {
      extension: 'extension/client/extension.ts',
      'language-client': 'extension/client/language-client.ts',
      server: 'extension/server/server.ts',
    },
    plugins: [withoutUnused],
    outdir: 'dist',
  },
  { ...browser, minify: true, entryPoints: { webview: 'webview/main.tsx' }, outdir: 'dist' },
];

const tests = [];
for await (const file of glob('test/**/*.test.{ts,tsx}')) tests.push(file);
if (existsSync('test/suite/index.ts')) tests.push('test/suite/index.ts');
products.push({
  ...node,
  entryPoints: tests,
  outbase: 'test',
  outdir: 'build/test',
  external: ['vscode', 'mocha', 'esbuild', 'playwright-core', '@vscode/test-electron', '*.node', '../../scripts/*'],
});

// The addon and the demo travel with the bundles, without what only a debugger reads: but the types of the demo's index, which the
// inspector shows, are in a file beside it.
await mkdir('dist/demo', { recursive: true });
const natives = {
  'peermap.node': 'peermap.node',
  'examples/indexer': 'demo/indexer',
  'examples/search': 'demo/search',
  'examples/stats': 'demo/stats',
};
const types = 'dist/demo/types.debug';
const index = 'build/native/obj/examples/index/index.o';
if (existsSync(index)) await run('objcopy', ['--only-keep-debug', index, types]);
for (const [from, to] of Object.entries(natives)) {
  if (!existsSync(`build/native/${from}`)) continue;
  // A new file each time: a running editor may have the old one mapped.
  await rm(`dist/${to}`, { force: true });
  await run('strip', ['--strip-debug', '-o', `dist/${to}`, `build/native/${from}`]);
  if (to.startsWith('demo/') && existsSync(types)) await run('objcopy', [`--add-gnu-debuglink=${types}`, `dist/${to}`]);
}

// Run by gdb, which knows nothing of bundles.
await copyFile('extension/server/describe.py', 'dist/describe.py');

if (watch) for (const options of products.slice(0, 2)) await (await context(options)).watch();
else
  await Promise.all(products.filter((options) => Object.keys(options.entryPoints).length > 0).map((options) => build(options)));
