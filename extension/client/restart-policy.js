"use strict";
// SPDX-License-Identifier: MIT
//
// How often a server that died is started again: at once, but not for ever.  A fault that comes back with every start would otherwise
// burn the machine, and nobody would look into the log.
Object.defineProperty(exports, "__esModule", { value: true });
exports.RestartPolicy = void 0;
const most = 4;
const withinMs = 3 * 60 * 1000;
class RestartPolicy {
    deaths = [];
    /** Tells of a death at `now`; true if the server shall be started again. */
    died(now) {
        this.deaths = [...this.deaths.filter((at) => now - at < withinMs), now];
        return this.deaths.length <= most;
    }
}
exports.RestartPolicy = RestartPolicy;
