// SPDX-License-Identifier: MIT
//
// Why something that was asked for did not happen, as one kind of error: a sentence for people, a code for programs.

import * as l10n from '@vscode/l10n';
import type { ErrorCode, Round } from '../protocol/model';
import type { Failure, Foreign } from '../protocol/requests';

/** `PEERMAP_SERVER`: the server ended before it answered, so it is not known what was done.  `PEERMAP_LEFT_OUT`: it ended at this before (left-out.ts). */
export type FailureCode = ErrorCode | 'PEERMAP_SERVER' | 'PEERMAP_LEFT_OUT';

/** What a person may choose instead: the label of a button, and what it does. */
export interface Remedy {
  title: string;
  apply: () => Promise<unknown>;
}

export class PeermapFailure extends Error {
  constructor(
    readonly code: FailureCode,
    /** What people read. */
    readonly sentence: string,
    readonly round?: Round,
    readonly remedy?: Remedy,
    /** It is another user's, and nobody has agreed to taking part in it. */
    readonly foreign?: Foreign,
  ) {
    // VS Code keeps nothing but the message of a command's error, so the code is in it.
    super(`${code}: ${sentence}`);
    this.name = 'PeermapFailure';
  }
}

/** What vscode-jsonrpc rejects with when the connection ended: pending responses, closed, disposed, inactive. */
const connectionEnded = new Set([-32097, -32099, -32096, 1, 2]);

/** `what` the request was, in the words "the growth of demo". */
export function toFailure(error: unknown, what: string): PeermapFailure {
  if (error instanceof PeermapFailure) return error;
  const { code, data } = fields(error);
  if (data?.code) return new PeermapFailure(data.code, sentenceOf(error), data.round, undefined, data.foreign);
  if (typeof code === 'string' || (typeof code === 'number' && connectionEnded.has(code))) {
    const text = l10n.t(
      'The Peermap server ended before it answered. Whether {0} was done is not known, and it is not repeated by itself.',
      what,
    );
    return new PeermapFailure('PEERMAP_SERVER', text);
  }
  return new PeermapFailure('PEERMAP_EINVAL', sentenceOf(error));
}

export function sentenceOf(error: unknown): string {
  if (error instanceof PeermapFailure) return error.sentence;
  return error instanceof Error ? error.message : String(error);
}

function fields(error: unknown): { code?: unknown; data?: Failure | undefined } {
  return typeof error === 'object' && error !== null ? error : {};
}
