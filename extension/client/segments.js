"use strict";
// SPDX-License-Identifier: MIT
//
// What the client knows of the segments: the list, and the latest snapshot of those that somebody looks at.  The tree, the inspectors and
// the status bar read it here, so that they agree and the server watches each segment once.
//
//     tree, inspector --watch--> Segments --peermap/watch--> server --peermap/changed--> Segments --> tree, inspector
//
// The server sends the whole once, and then what changed.  A change of a revision that is not here means that one was lost: then the watch
// begins again.
//
// Snapshots stay until newer ones arrive, also while the server restarts.
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __setModuleDefault = (this && this.__setModuleDefault) || (Object.create ? (function(o, v) {
    Object.defineProperty(o, "default", { enumerable: true, value: v });
}) : function(o, v) {
    o["default"] = v;
});
var __importStar = (this && this.__importStar) || (function () {
    var ownKeys = function(o) {
        ownKeys = Object.getOwnPropertyNames || function (o) {
            var ar = [];
            for (var k in o) if (Object.prototype.hasOwnProperty.call(o, k)) ar[ar.length] = k;
            return ar;
        };
        return ownKeys(o);
    };
    return function (mod) {
        if (mod && mod.__esModule) return mod;
        var result = {};
        if (mod != null) for (var k = ownKeys(mod), i = 0; i < k.length; i++) if (k[i] !== "default") __createBinding(result, mod, k[i]);
        __setModuleDefault(result, mod);
        return result;
    };
})();
Object.defineProperty(exports, "__esModule", { value: true });
exports.Segments = void 0;
const l10n = __importStar(require("@vscode/l10n"));
const vscode = __importStar(require("vscode"));
const delta_1 = require("../protocol/delta");
const failure_1 = require("./failure");
const sparkline_1 = require("./sparkline");
class Segments {
    server;
    log;
    summaries = [];
    snapshots = new Map();
    interests = new Map();
    attachments = new Set();
    histories = new Map();
    refreshing;
    /** How many refreshes were asked for; an answer is good if none came while it was under way. */
    asked = 0;
    listEmitter = new vscode.EventEmitter();
    segmentEmitter = new vscode.EventEmitter();
    onDidChangeList = this.listEmitter.event;
    onDidChangeSegment = this.segmentEmitter.event;
    constructor(server, log) {
        this.server = server;
        this.log = log;
        server.onDidChangeStatus(({ state }) => {
            if (state !== 'running')
                return;
            this.attachments.clear();
            for (const [segment, interest] of this.interests) {
                interest.watched = false;
                void this.begin(segment, interest);
            }
            void this.refresh();
        });
        server.onDidChangeList(() => void this.refresh());
        server.onDidChangeSegment((change) => this.changed(change));
    }
    get list() {
        return this.summaries;
    }
    summary(segment) {
        return this.summaries.find((summary) => summary.name === segment);
    }
    /** The latest snapshot, which may be old if nobody watches the segment. */
    latest(segment) {
        return this.snapshots.get(segment);
    }
    /** The sizes that it had since somebody looks at it, oldest first; the newest few. */
    sizes(segment) {
        return this.histories.get(segment) ?? [];
    }
    /** Whether `latest` is the present. */
    isLive(segment) {
        return this.server.status.state === 'running' && this.interests.get(segment)?.watched === true && this.snapshots.has(segment);
    }
    isAttached(segment) {
        return this.attachments.has(segment);
    }
    setAttached(segment, attached) {
        if (attached)
            this.attachments.add(segment);
        else
            this.attachments.delete(segment);
        this.segmentEmitter.fire({ kind: 'attachment', segment });
    }
    /** A snapshot of this moment. */
    async look(segment) {
        const { value } = await this.server.request('peermap/snapshot', { segment }, l10n.t('looking at {0}', segment));
        this.keep(segment, value);
        return value;
    }
    /** Keeps the segment live until the answer is disposed.  It need not exist: it is watched once it does. */
    watch(segment) {
        let interest = this.interests.get(segment);
        if (!interest) {
            interest = { holders: 0, watched: false };
            this.interests.set(segment, interest);
            if (this.server.status.state === 'running')
                void this.begin(segment, interest);
        }
        const held = interest;
        held.holders += 1;
        let disposed = false;
        return new vscode.Disposable(() => {
            if (disposed)
                return;
            disposed = true;
            held.holders -= 1;
            if (held.holders > 0)
                return;
            this.interests.delete(segment);
            if (this.server.status.state !== 'running')
                return;
            this.server
                .request('peermap/unwatch', { segment }, l10n.t('the end of watching {0}', segment))
                .catch((error) => this.log.debug((0, failure_1.sentenceOf)(error)));
        });
    }
    /** Resolves when the list is that of a moment after the call. */
    refresh() {
        this.asked += 1;
        this.refreshing ??= this.readList().finally(() => (this.refreshing = undefined));
        return this.refreshing;
    }
    async readList() {
        let answered;
        do {
            answered = this.asked;
            try {
                const answer = await this.server.request('peermap/list', {}, l10n.t('listing the segments'));
                for (const problem of answer.problems)
                    this.log.warn(problem.text);
                this.summaries = answer.value;
            }
            catch (error) {
                this.log.warn(l10n.t('The segments could not be listed: {0}', (0, failure_1.sentenceOf)(error)));
                return;
            }
        } while (answered !== this.asked);
        const names = new Set(this.summaries.map((summary) => summary.name));
        // A snapshot that nobody keeps live is older than the summary that just came.
        for (const segment of this.snapshots.keys())
            if (!names.has(segment) || !this.interests.has(segment))
                this.snapshots.delete(segment);
        for (const segment of this.histories.keys())
            if (!names.has(segment))
                this.histories.delete(segment);
        for (const segment of this.attachments)
            if (!names.has(segment))
                this.attachments.delete(segment);
        this.listEmitter.fire();
        for (const [segment, interest] of this.interests)
            if (!interest.watched && names.has(segment))
                void this.begin(segment, interest);
    }
    async begin(segment, interest) {
        interest.watched = true;
        interest.base = undefined;
        try {
            const { value, revision } = await this.server.request('peermap/watch', { segment }, l10n.t('watching {0}', segment));
            interest.base = { snapshot: value, revision };
            this.keep(segment, value);
            this.segmentEmitter.fire({ kind: 'watching', segment, snapshot: value });
        }
        catch (error) {
            interest.watched = false;
            const absent = error instanceof failure_1.PeermapFailure && error.code === 'PEERMAP_ENOENT';
            if (absent)
                this.segmentEmitter.fire({ kind: 'gone', segment });
            else
                this.log.warn(l10n.t('{0} cannot be watched: {1}', segment, (0, failure_1.sentenceOf)(error)));
        }
    }
    keep(segment, snapshot) {
        const another = this.snapshots.get(segment)?.header?.generation !== snapshot.header?.generation;
        this.snapshots.set(segment, snapshot);
        if (!snapshot.header)
            return;
        this.histories.set(segment, (0, sparkline_1.withSize)(another ? [] : this.sizes(segment), snapshot.header.active));
    }
    changed({ segment, base, revision, delta, batch, sampling }) {
        const interest = this.interests.get(segment);
        // Without a base the answer is still on its way, and has what this tells.
        if (!interest?.base)
            return;
        if (base !== interest.base.revision) {
            this.log.debug(`${segment}: a change of revision ${base} came after revision ${interest.base.revision}`);
            void this.begin(segment, interest);
            return;
        }
        const snapshot = (0, delta_1.apply)(interest.base.snapshot, delta);
        interest.base = { snapshot, revision };
        if (snapshot.problems.some((problem) => problem.code === 'gone')) {
            interest.watched = false;
            this.segmentEmitter.fire({ kind: 'gone', segment });
            void this.refresh();
            return;
        }
        this.keep(segment, snapshot);
        this.segmentEmitter.fire({ kind: 'changed', segment, snapshot, batch, sampling });
    }
}
exports.Segments = Segments;
