// SPDX-License-Identifier: MIT
//
// The native addon, which lies beside the bundle.

import type * as face from '../addon/index';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- a native module has no other way in
export const addon = require('./peermap.node') as typeof face;

/** An error as the addon throws it, of what it need not be asked for. */
export function failure(code: face.ErrorCode, message: string): face.PeermapError {
  return Object.assign(new Error(message), { code });
}
