// SPDX-License-Identifier: MIT
//
// Bundles: dist/ is what the .vsix carries, build/test/ is what mocha runs.
//
//   node esbuild.mjs            dist/ and build/test/
//   node esbuild.mjs --watch    dist/, again with every change

import { build, context } from 'esbuild';
import { cp, mkdir, glob } from 'node:fs/promises';
import { existsSync } from 'node:fs';

const watch = process.argv.includes('--watch');
const common = { bundle: true, sourcemap: true, logLevel: 'warning', legalComments: 'none' };
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', external: ['vscode', './peermap.node'] };
const browser = { ...common, platform: 'browser', format: 'iife', target: 'chrome120', jsx: 'automatic', jsxImportSource: 'preact' };

const products = [
  { ...node, minify: true, entryPoints: { extension: 'extension/client/extension.ts', server: 'extension/server/server.ts' }, outdir: 'dist' },
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

// The addon and the demo travel with the bundles.
await mkdir('dist/demo', { recursive: true });
if (existsSync('build/native/peermap.node')) await cp('build/native/peermap.node', 'dist/peermap.node');
for (const program of ['indexer', 'search', 'stats'])
  if (existsSync(`build/native/examples/${program}`)) await cp(`build/native/examples/${program}`, `dist/demo/${program}`);

if (watch) for (const options of products.slice(0, 2)) await (await context(options)).watch();
else await Promise.all(products.filter((options) => Object.keys(options.entryPoints).length > 0).map((options) => build(options)));
