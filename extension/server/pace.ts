// SPDX-License-Identifier: MIT
//
// What looking at a segment costs: how often it is done, and how long it takes.  Told to whoever looks, beside what was seen.

import type { Sampling } from '../protocol/requests';

const windowMs = 1_000;

export class Pace {
  private readonly looks: { began: number; ms: number }[] = [];

  /** After one more look: those of the last second. */
  with(began: number, ended: number): Sampling {
    this.looks.push({ began, ms: ended - began });
    while (this.looks[0] && this.looks[0].began <= began - windowMs) this.looks.shift();
    const total = this.looks.reduce((sum, { ms }) => sum + ms, 0);
    // Hundredths: of more, nobody has any use, and each digit travels.
    return { looksPerSecond: this.looks.length, lookMs: Math.round((total / this.looks.length) * 100) / 100 };
  }
}
