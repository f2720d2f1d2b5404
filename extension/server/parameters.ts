// SPDX-License-Identifier: MIT
//
// What a client sent, checked: a client may be any program that speaks the protocol.

import * as l10n from '@vscode/l10n';
import { ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { Failure } from '../protocol/requests';

/** The request makes no sense. */
export function invalid(text: string): ResponseError<undefined> {
  return new ResponseError(ErrorCodes.InvalidParams, text);
}

/** The request makes sense, and is not done. */
export function refusal(code: Failure['code'], text: string, more: Omit<Failure, 'code'> = {}): ResponseError<Failure> {
  return new ResponseError(LSPErrorCodes.RequestFailed, text, { code, ...more });
}

export function integer(value: unknown, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalid(l10n.t('{0} must be a whole number from {1} to {2}', name, least, most));
}

export function integers(value: unknown, name: string, most: number): number[] {
  if (Array.isArray(value) && value.length <= most) return value.map((each) => integer(each, name, 0)).sort((a, b) => a - b);
  throw invalid(l10n.t('{0} must be a list of at most {1} numbers', name, most));
}

export function base64(value: unknown, name: string, most: number): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.alloc(0);
  if (bytes.length > 0 && bytes.length <= most) return bytes;
  throw invalid(l10n.t('{0} must be 1 to {1} bytes, as base64', name, most));
}
