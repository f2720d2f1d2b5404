// SPDX-License-Identifier: MIT
//
// What a client sent, checked: a client may be any program that speaks the protocol.

import * as l10n from '@vscode/l10n';
import { ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { fromAddress } from '../protocol/address';
import type { ObjectId } from '../protocol/object-id';
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

/** Undefined if none is named. */
export function objectId({ device, inode, bornNs }: Partial<ObjectId>): ObjectId | undefined {
  if (inode === undefined) return undefined;
  const given: unknown = bornNs;
  if (given !== undefined && !(typeof given === 'string' && /^0x[0-9a-f]{1,16}$/.test(given)))
    throw invalid(l10n.t('{0} must be a number from 0x0 to {1}', 'bornNs', '0xffffffffffffffff'));
  const born = bornNs === undefined ? {} : { bornNs };
  return { device: integer(device, 'device', 0), inode: integer(inode, 'inode', 0), ...born };
}

/** As the addon has it. */
export function addonObject({ device, inode, bornNs }: ObjectId): { device: number; inode: number; bornNs?: bigint } {
  return { device, inode, ...(bornNs === undefined ? {} : { bornNs: fromAddress(bornNs) }) };
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
