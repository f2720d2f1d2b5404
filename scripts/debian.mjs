// SPDX-License-Identifier: MIT
//
// What only Debian's packages bring.  Where it is missing, root gets it installed; anybody else is told the one command that does it.

import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Expected, say } from './host/say.mjs';

/**
 * Installs packages, if something that they bring is not there.
 * @template T
 * @param {string} title what a person calls it
 * @param {string[]} packages
 * @param {() => T | undefined} find
 * @returns {T}
 */
export function ensure(title, packages, find) {
  const found = find();
  if (found !== undefined) return found;
  if (!onPath('apt-get'))
    throw new Expected(`${title} is missing, and there is no apt-get to install ${packages.join(' ')} with`);
  if (process.getuid?.() !== 0)
    throw new Expected(`${title} is missing; to get it: sudo apt-get install -y ${packages.join(' ')}`);

  say(`installing ${title} with apt-get`);
  install(packages);
  const installed = find();
  if (installed === undefined) throw new Expected(`apt-get installed ${packages.join(' ')}, and yet ${title} is not there`);
  return installed;
}

/** Root only. @param {string[]} packages */
export function install(packages) {
  apt(['update', '-qq']);
  apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** @param {string[]} args */
function apt(args) {
  // Others may be at it.  apt-get waits for the lock of what is installed, but not for that of the lists, so there is one of ours around both.
  const done = spawnSync('flock', ['/var/lib/dpkg', 'apt-get', '-o', 'DPkg::Lock::Timeout=600', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status === 0) return;
  const tail = `${done.stdout ?? ''}${done.stderr ?? ''}`.trimEnd().split('\n').slice(-5).join('\n');
  throw new Expected(`"apt-get ${args.join(' ')}" failed with ${done.status ?? done.signal}\n${tail}`);
}

/** @param {string} name @returns {string | undefined} */
export function onPath(name) {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

/** @param {string} file @returns {boolean} */
export function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
