// SPDX-License-Identifier: MIT
//
// Which object is meant: by what the person was asked about, not by what has its name when the answer comes.  An inode number is unique only on its device, and
// comes again; when the object was made tells the two apart, where the file system says.

import type { Snapshot } from './model';

export type ObjectId = Pick<Snapshot['object'], 'device' | 'inode' | 'bornNs'>;

export function idOf({ device, inode, bornNs }: ObjectId): ObjectId {
  return { device, inode, ...(bornNs === undefined ? {} : { bornNs }) };
}

export function isSameObject(a: ObjectId, b: ObjectId): boolean {
  const differ = a.bornNs !== undefined && b.bornNs !== undefined && a.bornNs !== b.bornNs;
  return a.device === b.device && a.inode === b.inode && !differ;
}
