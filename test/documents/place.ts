// SPDX-License-Identifier: MIT
//
// A machine for a reader of the documents: a home, a folder with the repository in it, and a folder for segments.  What is built already is there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { atExit } from '../at-exit';
import { spansOf } from './read';

/** A person takes a moment from one line to the next: what was begun with `&` has come to rest by then, and what was sent a SIGSTOP has stopped. */
const settle = `
settle() {
  while [ -d /proc/$1 ]; do
    before=$(cut -d' ' -f3,14,15 /proc/$1/stat); sleep 0.3; after=$(cut -d' ' -f3,14,15 /proc/$1/stat)
    case $after in S*) [ "$before" = "$after" ] && return;; esac
  done 2>/dev/null
  return 0
}
stopped() {
  while [ -d /proc/$1 ] && [ "$(cut -d' ' -f3 /proc/$1/stat)" != T ]; do sleep 0.02; done
}`;

export interface Said {
  code: number;
  text: string;
}

const alive = (group: number): boolean => {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
};

export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'peermap-documents-'));
  readonly home = join(this.folder, 'home');
  readonly segments = `/dev/shm/documents-${String(process.pid)}`;
  /** What was exported so far. */
  private readonly exported = join(this.folder, 'exported');
  private readonly groups = new Set<number>();
  private outputs = 0;

  constructor() {
    atExit(() => this.remove());
    for (const folder of [this.home, this.segments, join(this.folder, 'work/build')]) mkdirSync(folder, { recursive: true });
    // A copy: pip leaves files beside what it installs.
    cpSync('native', this.at('native'), { recursive: true, preserveTimestamps: true });
    symlinkSync(resolve('build/native'), this.at('build/native'));
    for (const packed of globSync('build/*.tgz')) symlinkSync(resolve(packed), this.at(`build/${basename(packed)}`));
    writeFileSync(this.exported, '');
  }

  at(path: string): string {
    return join(this.folder, 'work', path);
  }

  /** Nothing of who runs the tests, and nothing from outside. */
  private environment(): NodeJS.ProcessEnv {
    return {
      HOME: this.home,
      PATH: [`${this.home}/.local/bin`, dirname(process.execPath), process.env['PATH']].join(':'),
      LANG: 'C.UTF-8',
      PEERMAP_DIR: this.segments,
      // Where `make install` goes that names no other place; after which everybody finds it.
      PREFIX: join(this.folder, 'usr/local'),
      PYTHONPATH: join(this.home, 'site'),
      PIP_TARGET: join(this.home, 'site'),
      PIP_NO_INDEX: '1',
      PIP_NO_DEPS: '1',
      PIP_NO_BUILD_ISOLATION: '0',
      PIP_UPGRADE: '1',
      PIP_BREAK_SYSTEM_PACKAGES: '1',
      PIP_ROOT_USER_ACTION: 'ignore',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      npm_config_offline: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
    };
  }

  /** In the reader's shell, in which what was exported stays.  What it leaves in the background ends with end(). */
  async sh(script: string): Promise<Said> {
    const output = join(this.folder, `output-${String(++this.outputs)}`);
    const lines = script.replaceAll(/(?<!&)&$/gm, '& settle $!').replaceAll(/^kill -STOP (\S+)$/gm, '$&; stopped $1');
    // An `&&` that fails ends nothing by itself.
    const body = [settle, `. ${this.exported}`, 'set -e', lines, '[ $? = 0 ] || exit', `export -p > ${this.exported}`].join('\n');
    const file = openSync(output, 'w');
    const child = spawn('bash', ['-c', body], {
      cwd: this.at('.'),
      env: this.environment(),
      stdio: ['ignore', file, file],
      detached: true,
      timeout: 150_000,
    });
    closeSync(file);
    if (child.pid !== undefined) this.groups.add(child.pid);
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return { code: code ?? -1, text: readFileSync(output, 'utf8') + (signal === null ? '' : `ended by ${signal}\n`) };
  }

  /** In a shell of its own, until it is told to end; `said` has what it has said by then. */
  begin(command: string): { said: () => string; over: () => boolean; interrupt: () => Promise<number> } {
    const output = join(this.folder, `output-${String(++this.outputs)}`);
    const file = openSync(output, 'w');
    const child = spawn('bash', ['-c', `. ${this.exported}\nexec ${command}`], {
      cwd: this.at('.'),
      env: this.environment(),
      stdio: ['ignore', file, file],
      detached: true,
    });
    closeSync(file);
    if (child.pid !== undefined) this.groups.add(child.pid);
    const ended = once(child, 'exit');
    return {
      said: () => readFileSync(output, 'utf8'),
      over: () => child.exitCode !== null || child.signalCode !== null,
      interrupt: async () => {
        child.kill('SIGINT');
        await ended;
        return child.exitCode ?? -1;
      },
    };
  }

  /** A file that a command names, and that is not there, is got from where the sentence says that it is, with what lies beside it. */
  fetch(file: string, paragraph: string): void {
    if (existsSync(this.at(file))) return;
    const folder = spansOf(paragraph).find((name) => existsSync(this.at(join(name, file))));
    if (folder === undefined) return;
    const sources = globSync(this.at(join(folder, '*.[ch]')));
    for (const source of sources) copyFileSync(source, this.at(basename(source)));
  }

  has(segment: string): boolean {
    return existsSync(join(this.segments, `peermap.${segment}`));
  }

  /** Ends what the documents have left running, as Ctrl+C and then by force. */
  async end(): Promise<void> {
    const all = [...this.groups].filter(alive);
    for (const signal of ['SIGTERM', 'SIGCONT', 'SIGKILL'] as const) {
      for (const group of all.filter(alive)) process.kill(-group, signal);
      for (let left = 100; signal !== 'SIGTERM' && left > 0 && all.some(alive); left -= 1)
        await new Promise((done) => setTimeout(done, 20));
    }
    this.groups.clear();
  }

  remove(): void {
    for (const group of [...this.groups].filter(alive)) process.kill(-group, 'SIGKILL');
    for (const folder of [this.folder, this.segments]) rmSync(folder, { recursive: true, force: true });
  }
}
