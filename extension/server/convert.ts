// SPDX-License-Identifier: MIT
//
// What crosses the wire: the addon's objects with their addresses as text, and its errors as ResponseErrors.

import { ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { PeermapError } from '../../native/addon/index';
import { toAddress } from '../protocol/address';
import { oneLine, visible } from '../protocol/foreign';
import type { Wire } from '../protocol/model';
import type { Failure } from '../protocol/requests';

/** A copy with every bigint a hexadecimal Address, and every text of one line: names in it are of other programs. */
export function toWire<T>(value: T): Wire<T> {
  return convert(value) as Wire<T>;
}

function convert(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  if (typeof value === 'bigint') return toAddress(value);
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  // Not by entries: this is done with each snapshot, and takes half of the time.
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = convert((value as Record<string, unknown>)[key]);
  return copy;
}

export function isPeermapError(error: unknown): error is PeermapError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('PEERMAP_');
}

/** The sentence names the peer that is to blame, also for a client that shows nothing but the sentence. */
export function toResponseError(error: unknown): ResponseError<Failure | undefined> {
  if (error instanceof ResponseError) return error as ResponseError<Failure | undefined>;
  if (isPeermapError(error)) {
    const failure: Failure = { code: error.code };
    if (error.errno !== undefined) failure.errno = error.errno;
    if (error.round !== undefined) failure.round = toWire(error.round);
    return new ResponseError(LSPErrorCodes.RequestFailed, sentence(error), failure);
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new ResponseError(ErrorCodes.InvalidParams, error.message);
  }
  return new ResponseError(ErrorCodes.InternalError, error instanceof Error ? error.message : String(error));
}

function sentence(error: PeermapError): string {
  const blocker = error.round?.blocker;
  const message = visible(error.message);
  if (!blocker || message.includes(`pid ${blocker.pid}`) || message.includes(blocker.name)) return message;
  return `${message} (${oneLine(blocker.name)}, pid ${blocker.pid})`;
}
