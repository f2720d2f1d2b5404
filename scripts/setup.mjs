// SPDX-License-Identifier: MIT
//
// Makes a fresh clone ready: checks the tools that only the system's packages bring, and installs the npm packages.  Runs under whatever
// Node the machine has; everything after it runs under the Node 24 that it installs.
//
// Needs nothing but Node itself, and says in one line what is missing.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

function fail(line) {
  console.error(`setup: ${line}`);
  process.exit(1);
}

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`Node ${process.versions.node} is too old; install Node 20 or later`);
if (process.platform === 'linux') {
  const tools = { make: 'make', cc: 'gcc', 'c++': 'g++', ar: 'binutils', python3: 'python3' };
  const found = (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
  const missing = Object.keys(tools).filter((tool) => !found(tool));
  if (missing.length > 0)
    fail(`missing: ${missing.join(', ')}.  Run: sudo apt-get install -y ${missing.map((tool) => tools[tool]).join(' ')}`);
} else {
  fail(`the runtime works on Linux only, not on ${process.platform}; use Remote-SSH, a container or WSL`);
}

// npm writes this file last, so it tells whether the packages are those of the lock file.
const stamp = 'node_modules/.peermap-setup';
const wanted = createHash('sha256').update(readFileSync('package-lock.json')).update(process.arch).digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.error('setup: installing the npm packages (about 20 s) …');
  // No package's install script is needed: esbuild's program and Node 24 come as packages of their own.
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 'inherit'],
  });
  if (npm.status !== 0) fail('npm could not install the packages; see above.  Behind a proxy, see: npm help config');
  writeFileSync(stamp, wanted);
}
