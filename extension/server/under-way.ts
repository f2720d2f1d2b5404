// SPDX-License-Identifier: MIT
//
// What the server is in the middle of, in a file: written before anything begins that could be its end, so that whoever started it knows afterwards what that was.
// However a process ends, what it has written into a file stays.

import { openSync, writeSync } from 'node:fs';
import type { Undertaking } from '../protocol/undertaking';
import { attempt } from './attempt';

/** More is never under way: looks are few, and so are a page's questions. */
const most = 64;

export class UnderWay {
  private readonly all = new Set<Undertaking>();
  private file: number | undefined;

  /** Without a file, nothing is written: what ends the server has no name then, and nothing else is worse for it. */
  open(path: string): void {
    this.file = attempt(() => openSync(path, 'w', 0o600));
  }

  /** To be called when it is done, well or not. */
  begin(what: Undertaking): () => void {
    this.all.add(what);
    this.write();
    return () => {
      if (this.all.delete(what)) this.write();
    };
  }

  async during<T>(what: Undertaking, work: () => T | Promise<T>): Promise<T> {
    const end = this.begin(what);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Of what is done at once. */
  noting<T>(what: Undertaking, work: () => T): T {
    const end = this.begin(what);
    try {
      return work();
    } finally {
      end();
    }
  }

  private write(): void {
    if (this.file === undefined) return;
    const { file } = this;
    // The line's end ends it: what is left of a longer one means nothing.  A file system may be full, or gone.
    attempt(() => writeSync(file, `${JSON.stringify([...this.all].slice(0, most))}\n`, 0));
  }
}
