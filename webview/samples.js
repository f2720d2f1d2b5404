"use strict";
// SPDX-License-Identifier: MIT
//
// What snapshots told of the segment's sizes, over time: events do not tell how much of the object is resident.
//
// Like the event log, a value that never changes: one that goes on shares the array with the one before.
Object.defineProperty(exports, "__esModule", { value: true });
exports.Samples = void 0;
const limit = 20_000;
class Samples {
    rows;
    from;
    to;
    constructor(rows = [], from = 0, to = 0) {
        this.rows = rows;
        this.from = from;
        this.to = to;
    }
    get all() {
        return this.rows.slice(this.from, this.to);
    }
    /** With what a snapshot tells, if it is news. */
    with({ monotonicNs: timeNs, header, object }) {
        if (!header)
            return this;
        const { active, target } = header;
        const resident = object.allocated;
        const last = this.to > this.from ? this.rows[this.to - 1] : undefined;
        if (last && timeNs < last.timeNs)
            return new Samples().with({ monotonicNs: timeNs, header, object });
        if (last?.active === active && last.target === target && last.resident === resident)
            return this;
        // Somebody else went on from here, or what nobody sees any more is most of it.
        const shared = this.rows.length === this.to && this.from <= limit;
        const rows = shared ? this.rows : this.rows.slice(this.from, this.to);
        rows.push({ timeNs, active, target, resident });
        const to = rows.length;
        return new Samples(rows, Math.max(shared ? this.from : 0, to - limit), to);
    }
}
exports.Samples = Samples;
