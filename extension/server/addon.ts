// SPDX-License-Identifier: MIT
//
// The native addon, which lies beside the bundle: dist/peermap.node.

import type * as face from '../../native/addon/index';

export type Addon = typeof face;

/** Throws what the loader throws: another processor, a system without the libraries it needs. */
export function loadAddon(): Addon {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a native module has no other way in
  return require('./peermap.node') as Addon;
}
