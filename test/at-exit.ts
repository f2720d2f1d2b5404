// SPDX-License-Identifier: MIT
//
// An interrupted run calls no after(): what a test made is cleared away here, when its process ends, however it does.

import { rmSync } from 'node:fs';

const endings = new Set<() => void>();
let listening = false;

/** Calls `end` when the process exits, unless the answer is called before.  `end` cannot wait for anything. */
export function atExit(end: () => void): () => void {
  if (!listening) process.on('exit', () => endings.forEach((one) => one()));
  listening = true;
  endings.add(end);
  return () => endings.delete(end);
}

/** The segment's object does not outlive the process. */
export function removeAtExit(segment: string): void {
  atExit(() => rmSync(`/dev/shm/peermap.${segment}`, { force: true }));
}
