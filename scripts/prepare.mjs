// SPDX-License-Identifier: MIT
//
// Gets what tests need and a fresh machine has not, all at once and while other things are built; each test would get its own otherwise.
//
//   node scripts/prepare.mjs packages   what only Debian's packages bring, for root: in one apt-get
//   node scripts/prepare.mjs host       VS Code's server (host/install.mjs)
//
// Never a failure: a test that misses something tries for itself, and says what it was.

import { existsSync } from 'node:fs';
import { install, onPath } from './debian.mjs';
import { browsers, ensureHost } from './host/install.mjs';
import { say, textOf } from './host/say.mjs';

/** A package, and what it brings: programs on the PATH or files, of which one is enough. */
const wanted = {
  'chromium-headless-shell': process.env['PEERMAP_CHROMIUM'] ? ['/'] : browsers,
  clang: ['clang++'],
  cmake: ['cmake'],
  fish: ['fish'],
  'groff-base': ['groff'],
  'libboost-dev': ['/usr/include/boost/interprocess/managed_external_buffer.hpp'],
  'man-db': ['man'],
  mandoc: ['mandoc'],
  'musl-tools': ['musl-gcc'],
  'pkg-config': ['pkg-config'],
  'python3-dev': ['/usr/bin/python3-config'],
  'python3-numpy': ['/usr/lib/python3/dist-packages/numpy'],
  'python3-pip': ['pip'],
  spin: ['spin'],
  valgrind: ['valgrind'],
  zsh: ['zsh'],
};

const there = (what) => (what.startsWith('/') ? existsSync(what) : onPath(what) !== undefined);

function packages() {
  const missing = Object.keys(wanted).filter((name) => !wanted[name].some(there));
  if (missing.length === 0 || process.getuid?.() !== 0 || !onPath('apt-get')) return;
  say(`installing with apt-get: ${missing.join(' ')}`);
  install(missing);
}

try {
  if (process.argv[2] === 'host') await ensureHost();
  else packages();
} catch (error) {
  say(textOf(error));
}
