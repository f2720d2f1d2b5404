// SPDX-License-Identifier: MIT
//
// How often a server that died is started again: at once, but not for ever.  A fault that comes back with every start would otherwise
// burn the machine, and nobody would look into the log.  A death whose cause is known and left out from then on does not come back: of those there may be more.

const most = { unexplained: 4, explained: 20 };
const withinMs = 3 * 60 * 1000;

export class RestartPolicy {
  private deaths: { at: number; explained: boolean }[] = [];

  /** Tells of a death at `now`, and whether what it died of is left out; true if the server shall be started again. */
  died(now: number, explained: boolean): boolean {
    this.deaths = [...this.deaths.filter(({ at }) => now - at < withinMs), { at: now, explained }];
    const count = this.deaths.filter((death) => death.explained === explained).length;
    return count <= (explained ? most.explained : most.unexplained);
  }
}
