// SPDX-License-Identifier: MIT

/** What work comes to, where its failure is an answer too: undefined. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
