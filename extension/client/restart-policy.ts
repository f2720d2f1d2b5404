// SPDX-License-Identifier: MIT
//
// How often a server that died is started again: at once, but not for ever.  A fault that comes back with every start would otherwise
// burn the machine, and nobody would look into the log.

const most = 4;
const withinMs = 3 * 60 * 1000;

export class RestartPolicy {
  private deaths: number[] = [];

  /** Tells of a death at `now`; true if the server shall be started again. */
  died(now: number): boolean {
    this.deaths = [...this.deaths.filter((at) => now - at < withinMs), now];
    return this.deaths.length <= most;
  }
}
