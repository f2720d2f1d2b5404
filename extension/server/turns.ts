// SPDX-License-Identifier: MIT
//
// Work that takes long, in turn: one at a time for each subject, a few in all, and the subjects one after the other.  So whoever makes work about one subject
// take for ever holds up nobody who asks about another.
//
//     a: 1 2 3
//     b: 1 2        two at once: a1 b1, then c1 a2, then b2 a3
//     c: 1
//
// Who asks for what is waiting already is given the answer to that.  What nobody waits for any more is not begun.

import * as l10n from '@vscode/l10n';
import { LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';

/** As a request has it. */
export interface Cancellation {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): unknown;
}

export interface Limits {
  atOnce: number;
  /** Longer lines are turned away. */
  waiting: number;
  /** Work that takes longer has lost its place: the next begins beside it.  Of its own subject nothing does. */
  stuckMs?: number;
  mostStuck?: number;
}

interface Entry {
  name: string | undefined;
  /** How many wait for it. */
  askers: number;
  begin: () => Promise<unknown>;
  drop: () => void;
  result: Promise<unknown>;
}

interface Line {
  busy: boolean;
  waiting: Entry[];
}

export class Turns {
  /** In the order of their turns. */
  private readonly lines = new Map<string, Line>();
  private running = 0;
  private stuck = 0;

  constructor(private readonly limits: Limits) {}

  /** `name`: what it is, for those who ask for the same; of others' work nothing is known. */
  take<T>(subject: string, work: () => Promise<T>, { name, token }: { name?: string; token?: Cancellation } = {}): Promise<T> {
    const line = this.lines.get(subject) ?? { busy: false, waiting: [] };
    this.lines.set(subject, line);
    const entry = line.waiting.find((each) => name !== undefined && each.name === name) ?? this.add(subject, line, name, work);
    entry.askers += 1;
    token?.onCancellationRequested(() => this.leave(line, entry));
    this.next();
    return entry.result as Promise<T>;
  }

  private add(subject: string, line: Line, name: string | undefined, work: () => Promise<unknown>): Entry {
    if (line.waiting.length >= this.limits.waiting) throw busy(subject);
    let begin!: Entry['begin'];
    let drop!: Entry['drop'];
    const result = new Promise((resolve, reject) => {
      begin = () => Promise.resolve().then(work).then(resolve, reject);
      drop = () => reject(new ResponseError(LSPErrorCodes.RequestCancelled, l10n.t('Nobody waits for this any more.')));
    });
    const entry = { name, askers: 0, begin, drop, result };
    line.waiting.push(entry);
    return entry;
  }

  private leave(line: Line, entry: Entry): void {
    entry.askers -= 1;
    const at = line.waiting.indexOf(entry);
    if (entry.askers > 0 || at < 0) return;
    line.waiting.splice(at, 1);
    entry.drop();
  }

  private next(): void {
    for (const [subject, line] of this.lines) {
      if (this.running >= this.limits.atOnce) return;
      if (line.busy) continue;
      const entry = line.waiting.shift();
      if (entry) this.begin(subject, line, entry);
      else this.lines.delete(subject);
    }
  }

  private begin(subject: string, line: Line, entry: Entry): void {
    const { stuckMs, mostStuck = 0 } = this.limits;
    line.busy = true;
    this.running += 1;
    let late = false;
    const timer =
      stuckMs === undefined
        ? undefined
        : setTimeout(() => {
            if (this.stuck >= mostStuck) return;
            late = true;
            this.stuck += 1;
            this.running -= 1;
            this.next();
          }, stuckMs).unref();
    void entry.begin().then(() => {
      clearTimeout(timer);
      line.busy = false;
      this.lines.delete(subject);
      this.lines.set(subject, line); // after all who have waited meanwhile
      if (late) this.stuck -= 1;
      else this.running -= 1;
      this.next();
    });
  }
}

function busy(subject: string): ResponseError<undefined> {
  return new ResponseError(
    LSPErrorCodes.ServerCancelled,
    l10n.t('Too many requests wait for {0}: an earlier one takes long.', subject),
  );
}
