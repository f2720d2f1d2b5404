// SPDX-License-Identifier: MIT
//
// Questions to the server that are under way.  Each is answered once; those of a page that is thrown away are nobody's any more.

import type { FromView, Question, QuestionParams, QuestionResult, ToView } from '../extension/protocol/view';

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

export class Asking {
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;

  constructor(private readonly post: (message: FromView) => void) {}

  ask<Q extends Question>(question: Q, params: QuestionParams<Q>): Promise<QuestionResult<Q>> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.post({ kind: 'ask', id, question, params });
    });
  }

  answered({ id, result, error }: ToView & { kind: 'answer' }): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}
