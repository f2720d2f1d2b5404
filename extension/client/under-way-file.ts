// SPDX-License-Identifier: MIT
//
// The files in which servers write down what they are in the middle of (protocol/undertaking.ts).  Each server has one of its own: one that ends may still
// write while the next begins.

import * as fs from 'node:fs';
import * as path from 'node:path';
import { readUnderWay, type Undertaking } from '../protocol/undertaking';

const longest = 64 << 10;

export class UnderWayFile {
  private servers = 0;

  /** `folder` is the extension's own, and made if it is not there. */
  constructor(private readonly folder: string) {}

  /** For the next server: the name of a file that is not there.  Whether there can be one, it finds out. */
  next(): string {
    try {
      fs.mkdirSync(this.folder, { recursive: true });
      this.remove();
    } catch {
      // A file system that is full, or gone, is no reason to have no server.
    }
    this.servers += 1;
    return this.file;
  }

  /** Throws if the server has written none. */
  read(): Undertaking[] {
    const file = fs.openSync(this.file, 'r');
    try {
      const bytes = Buffer.alloc(longest);
      return readUnderWay(bytes.toString('utf8', 0, fs.readSync(file, bytes, 0, bytes.length, 0)));
    } finally {
      fs.closeSync(file);
    }
  }

  remove(): void {
    fs.rmSync(this.file, { force: true });
  }

  private get file(): string {
    return path.join(this.folder, `under-way-${this.servers}.json`);
  }
}
