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
  /** By their text; of each, how often: what is a part of the same is not written anew. */
  private readonly all = new Map<string, number>();
  private file: number | undefined;

  /** Without a file, nothing is written: what ends the server has no name then, and nothing else is worse for it. */
  open(path: string): void {
    this.file = attempt(() => openSync(path, 'w', 0o600));
  }

  /** `work` may be done at once or answer later: what it answers, or throws, is the answer. */
  during<T>(what: Undertaking, work: () => T): T {
    const end = this.begin(what);
    let answer: T;
    try {
      answer = work();
    } catch (error) {
      end();
      throw error;
    }
    if (answer instanceof Promise) return answer.finally(end) as T;
    end();
    return answer;
  }

  private begin(what: Undertaking): () => void {
    const text = JSON.stringify(what);
    const before = this.all.get(text) ?? 0;
    this.all.set(text, before + 1);
    if (before === 0) this.write();
    return () => {
      const now = (this.all.get(text) ?? 1) - 1;
      if (now > 0) this.all.set(text, now);
      else if (this.all.delete(text)) this.write();
    };
  }

  protected write(): void {
    if (this.file === undefined) return;
    const { file } = this;
    // The line's end ends it: what is left of a longer one means nothing.  A file system may be full, or gone.
    attempt(() => writeSync(file, `[${[...this.all.keys()].slice(0, most).join()}]\n`, 0));
  }
}
