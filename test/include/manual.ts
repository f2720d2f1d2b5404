// SPDX-License-Identifier: MIT
//
// peermap.h as native/man/header.py reads it.

import { spawnSync } from 'node:child_process';

export interface Listed {
  name: string;
  when: string;
}

export interface Manual {
  version: string;
  errors: { name: string; code: number; text: string }[];
  functions: {
    type: string;
    name: string;
    page: string;
    does: unknown[];
    blocks: string;
    meanwhile: string;
    returns: string;
    errors: { kind: 'code' | 'errno' | 'none'; list: Listed[] };
  }[];
}

/** Of this header; what is wrong with it is thrown. */
export function manual(header = 'native/include/peermap.h'): Manual {
  const { stdout, stderr, status } = spawnSync('python3', ['native/man/header.py', header], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr.trim());
  return JSON.parse(stdout) as Manual;
}
