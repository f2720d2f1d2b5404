"use strict";
// SPDX-License-Identifier: MIT
//
// What an inspector's page has been told, and what it is told next: the snapshot whole once, then what changed, with the events since.
//
//     changed, changed, changed --(one frame)--> one 'delta' message
//
// A page draws once a frame at most, so it is sent no more than one change a frame, however many come.
Object.defineProperty(exports, "__esModule", { value: true });
exports.PageFeed = exports.frameMs = void 0;
const batch_1 = require("../protocol/batch");
const delta_1 = require("../protocol/delta");
exports.frameMs = 16;
class PageFeed {
    send;
    /** What the page shows, once it has been told. */
    shown;
    next;
    revision = 0;
    /** The last event that the page has, or will have with the next message; undefined while the past is being fetched. */
    last;
    batches = [];
    sampling;
    timer;
    sentAt = -Infinity;
    /** `send` answers whether there was a page to send it to. */
    constructor(send) {
        this.send = send;
    }
    get generation() {
        return this.shown?.header?.generation;
    }
    /** Everything, at once: there is no knowing what the page has. */
    whole(message) {
        this.flush();
        this.revision += 1;
        this.shown = this.next = message.snapshot;
        const { sampling } = this;
        return this.send({ kind: 'snapshot', ...message, revision: this.revision, ...(sampling ? { sampling } : {}) });
    }
    /** The past is being fetched: events that come meanwhile are in it. */
    awaitPast() {
        this.last = undefined;
        this.batches = [];
    }
    past(batch) {
        if (this.send({ kind: 'events', batch, reset: true }))
            this.last = batch.last;
    }
    changed(snapshot, batch, sampling) {
        this.next = snapshot;
        this.sampling = sampling;
        if (this.last !== undefined && batch.last > this.last) {
            this.batches.push((0, batch_1.after)(batch, this.last));
            this.last = batch.last;
        }
        const wait = this.sentAt + exports.frameMs - performance.now();
        if (wait <= 0)
            this.flush();
        else
            this.timer ??= setTimeout(() => this.flush(), wait);
    }
    /** There is no page any more, or nothing to show on it. */
    forget() {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.shown = this.next = undefined;
        this.awaitPast();
    }
    flush() {
        clearTimeout(this.timer);
        this.timer = undefined;
        const { shown, next, sampling, revision: base } = this;
        if (!shown || !next)
            return;
        const batch = this.batches.length > 0 ? (0, batch_1.join)(this.batches) : undefined;
        const delta = (0, delta_1.diff)(shown, next);
        this.batches = [];
        if ((0, delta_1.isEmpty)(delta) && !(batch && ((0, batch_1.countOf)(batch) > 0 || batch.missed > 0)))
            return;
        this.revision += 1;
        this.shown = next;
        this.sentAt = performance.now();
        const rest = { ...(batch ? { batch } : {}), ...(sampling ? { sampling } : {}) };
        this.send({ kind: 'delta', base, revision: this.revision, delta, ...rest });
    }
}
exports.PageFeed = PageFeed;
