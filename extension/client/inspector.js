"use strict";
// SPDX-License-Identifier: MIT
//
// The inspector panels: one for each segment, hosting webview/.
//
//     webview --ready--> panel --watch--> Segments --changed--> panel --snapshot, then deltas--> webview
//
// VS Code throws the page of a hidden panel away, so nothing is sent and nothing watched until the page, shown again, says `ready`.
// What the person chose lives in the page's own setState; of ours it carries the segment's name, from which a panel is revived.
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
exports.Inspectors = exports.viewType = void 0;
const l10n = __importStar(require("@vscode/l10n"));
const os = __importStar(require("node:os"));
const vscode = __importStar(require("vscode"));
const view_1 = require("../protocol/view");
const failure_1 = require("./failure");
const inspector_page_1 = require("./inspector-page");
const page_feed_1 = require("./page-feed");
const terminals_1 = require("./terminals");
exports.viewType = 'peermap.inspector';
/** What a page that just opened gets of the past. */
const eventsAtFirst = 4096;
class Inspectors {
    host;
    panels = new Map();
    constructor(host) {
        this.host = host;
    }
    /** The segment of the panel that has the focus. */
    get active() {
        return [...this.panels.values()].find((inspector) => inspector.panel.active)?.segment;
    }
    get all() {
        return [...this.panels.values()];
    }
    open(segment) {
        this.panel(segment);
    }
    panel(segment) {
        const existing = this.panels.get(segment);
        if (!existing)
            return this.adopt(vscode.window.createWebviewPanel(exports.viewType, segment, vscode.ViewColumn.Active), segment);
        existing.panel.reveal();
        return existing;
    }
    /** Shows a round of the segment in its timeline, or bytes in its memory, in a panel that may have to be opened first. */
    reveal(segment, place) {
        this.panel(segment).reveal(place);
        return Promise.resolve();
    }
    deserializeWebviewPanel(panel, state) {
        if (typeof state?.segment === 'string' && !this.panels.has(state.segment))
            this.adopt(panel, state.segment);
        else
            panel.dispose();
        return Promise.resolve();
    }
    dispose() {
        for (const inspector of this.panels.values())
            inspector.panel.dispose();
    }
    adopt(panel, segment) {
        const inspector = new Inspector(panel, segment, this.host);
        this.panels.set(segment, inspector);
        panel.onDidDispose(() => this.panels.delete(segment));
        return inspector;
    }
}
exports.Inspectors = Inspectors;
class Inspector {
    panel;
    segment;
    host;
    ready = false;
    watch;
    feed = new page_feed_1.PageFeed((message) => this.send(message));
    /** Whether the page has a snapshot: something to scroll in. */
    drawn = false;
    /** What to show once it has. */
    wanted;
    constructor(panel, segment, host) {
        this.panel = panel;
        this.segment = segment;
        this.host = host;
        panel.title = segment;
        panel.iconPath = host.icon;
        const subscriptions = [
            panel.webview.onDidReceiveMessage((message) => void this.receive(message)),
            panel.onDidChangeViewState(() => {
                if (!panel.visible)
                    this.sleep();
            }),
            host.segments.onDidChangeSegment((change) => {
                if (this.ready && change.segment === segment)
                    this.changed(change);
            }),
            host.server.onDidChangeStatus(() => this.sendServerState()),
        ];
        panel.onDidDispose(() => {
            this.sleep();
            for (const subscription of subscriptions)
                subscription.dispose();
        });
        panel.webview.options = { enableScripts: true, localResourceRoots: [host.dist] };
        panel.webview.html = (0, inspector_page_1.page)(panel.webview, host.dist, segment);
    }
    reveal(place) {
        this.wanted = this.drawn && this.send({ kind: 'reveal', ...place }) ? undefined : place;
    }
    sleep() {
        this.ready = false;
        this.drawn = false;
        this.feed.forget();
        this.watch?.dispose();
        this.watch = undefined;
    }
    async receive(message) {
        switch (message.kind) {
            case 'ready':
                this.sleep();
                this.ready = true;
                this.sendServerState();
                this.watch = this.host.segments.watch(this.segment);
                // Somebody else may watch it already: then what is known is shown at once.
                if (this.sendSnapshot())
                    await this.sendPast();
                break;
            case 'command':
                await this.run(message);
                break;
            case 'copy':
                await vscode.env.clipboard.writeText(message.text);
                break;
            case 'reveal':
                await (0, terminals_1.revealTerminal)(message.pid);
                break;
            case 'ask':
                await this.ask(message);
                break;
            case 'save':
                await this.host.save(message.name, message.text);
                break;
            case 'text':
                await this.host.openText(message.title, message.text);
                break;
        }
    }
    async run({ id, command, pid, range }) {
        const target = { segment: this.segment };
        if (pid !== undefined)
            target.pid = pid;
        if (range)
            Object.assign(target, { offset: range.offset, bytes: range.length });
        try {
            await this.host.run(command, target);
            this.send({ kind: 'done', id });
        }
        catch (error) {
            this.host.log.error(`${command}: ${(0, failure_1.sentenceOf)(error)}`);
            this.send({ kind: 'done', id, error: (0, failure_1.sentenceOf)(error) });
        }
    }
    /** The page is ours, but what it asks is checked all the same: it gets no request that writes, and none of another segment. */
    async ask({ id, question, params }) {
        try {
            if (!view_1.questions.includes(question))
                throw new Error(l10n.t('There is no question {0}.', question));
            const asked = { ...params, segment: this.segment };
            const result = await this.host.server.request(question, asked, l10n.t('what was asked of {0}', this.segment));
            this.send({ kind: 'answer', id, result });
        }
        catch (error) {
            this.host.log.debug(`${question}: ${(0, failure_1.sentenceOf)(error)}`);
            this.send({ kind: 'answer', id, error: (0, failure_1.sentenceOf)(error) });
        }
    }
    changed(change) {
        if (change.kind === 'gone') {
            this.feed.forget();
            this.send({ kind: 'gone', segment: this.segment });
            return;
        }
        const another = this.feed.generation !== this.host.segments.latest(this.segment)?.header?.generation;
        if (change.kind === 'changed' && !another) {
            this.feed.changed(change.snapshot, change.batch, change.sampling);
            return;
        }
        this.sendSnapshot();
        if (change.kind === 'watching' || another)
            this.sendPast().catch((error) => this.host.log.error((0, failure_1.sentenceOf)(error)));
    }
    /** False if there is none yet. */
    sendSnapshot() {
        const { segments } = this.host;
        const snapshot = segments.latest(this.segment);
        if (!snapshot)
            return false;
        const attached = segments.isAttached(this.segment);
        const readOnly = this.host.readOnlyReason();
        this.drawn = this.feed.whole({ snapshot, attached, host: hostName(), ...(readOnly === undefined ? {} : { readOnly }) });
        if (this.drawn && this.wanted)
            this.reveal(this.wanted);
        return this.drawn;
    }
    async sendPast() {
        const { segments, server } = this.host;
        const head = segments.latest(this.segment)?.header?.eventHead ?? 0;
        this.feed.awaitPast();
        const params = { segment: this.segment, after: Math.max(0, head - eventsAtFirst) };
        try {
            const { value } = await server.request('peermap/events', params, l10n.t('reading the events of {0}', this.segment));
            this.feed.past(value);
        }
        catch (error) {
            this.host.log.warn((0, failure_1.sentenceOf)(error));
        }
    }
    sendServerState() {
        const { state, text } = this.host.server.status;
        const seen = state === 'starting' ? 'restarting' : state === 'stopped' ? 'failed' : state;
        this.send({ kind: 'server', state: seen, text });
    }
    send(message) {
        if (!this.ready || !this.panel.visible)
            return false;
        void this.panel.webview.postMessage(message);
        return true;
    }
}
/** "build-7", or "build-7 (ssh-remote)" where this is not the machine that the person sits at. */
function hostName() {
    const { remoteName } = vscode.env;
    return remoteName === undefined ? os.hostname() : `${os.hostname()} (${remoteName})`;
}
