"use strict";
// SPDX-License-Identifier: MIT
//
// The demo: the three programs of native/examples, each in a terminal of its own, on real input.  The indexer grows the segment as it
// goes; search and stats follow the same pointers in it.
//
// The terminals are the processes' parents: closing one ends its program, and so does the end of the window.  A segment that the demo
// created goes with it.
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
exports.Demo = void 0;
const l10n = __importStar(require("@vscode/l10n"));
const fs = __importStar(require("node:fs"));
const path = __importStar(require("node:path"));
const vscode = __importStar(require("vscode"));
const failure_1 = require("./failure");
/** Slow enough to watch it grow. */
const filesPerSecond = '200';
const word = 'function';
const patienceMs = 60_000;
class Demo {
    programs;
    segments;
    server;
    log;
    /** Those that run, by name: "indexer demo". */
    terminals = new Map();
    /** The segments that would not be there without us. */
    created = new Set();
    closing;
    constructor(programs, segments, server, log) {
        this.programs = programs;
        this.segments = segments;
        this.server = server;
        this.log = log;
        this.closing = vscode.window.onDidCloseTerminal((terminal) => {
            for (const [name, running] of this.terminals)
                if (running === terminal)
                    this.terminals.delete(name);
        });
    }
    /** Starts those of the programs that do not run.  Resolves with the segment's name once the indexer is attached to it. */
    async start(named, folder = this.defaultFolder()) {
        await this.segments.refresh();
        const segment = named ?? this.freeSegment();
        const isNew = !this.segments.summary(segment);
        // What runs all the same has the memory of one that was destroyed.
        if (isNew)
            this.close((name) => name.endsWith(` ${segment}`));
        const indexer = this.run('indexer', ['--segment', segment, '--pace', filesPerSecond, folder], segment);
        indexer.show(true);
        try {
            await this.appears(segment, indexer);
        }
        finally {
            if (isNew && this.segments.summary(segment))
                this.created.add(segment);
        }
        this.run('search', ['--segment', segment, '--follow', word], segment);
        this.run('stats', ['--segment', segment, '--follow'], segment);
        return segment;
    }
    /** Ends the programs, and removes what they created. */
    async stop() {
        this.closing.dispose();
        this.close(() => true);
        for (const segment of this.created) {
            await this.server
                .request('peermap/destroy', { segment }, l10n.t('the destruction of {0}', segment))
                .catch((error) => this.log.debug((0, failure_1.sentenceOf)(error)));
        }
    }
    /** One that the processes of somebody else, another window's demo, say, are not attached to. */
    freeSegment() {
        for (let number = 1;; number += 1) {
            const name = number === 1 ? 'demo' : `demo-${number}`;
            const summary = this.segments.summary(name);
            if (this.terminals.has(`indexer ${name}`) || !summary || summary.alive === 0)
                return name;
        }
    }
    close(isMeant) {
        for (const [name, terminal] of this.terminals) {
            if (!isMeant(name))
                continue;
            terminal.dispose();
            this.terminals.delete(name);
        }
    }
    run(program, args, segment) {
        const name = `${program} ${segment}`;
        const running = this.terminals.get(name);
        if (running)
            return running;
        const file = path.join(this.programs, program);
        if (!fs.existsSync(file)) {
            throw new failure_1.PeermapFailure('PEERMAP_EOS', l10n.t("The demo's program {0} is not part of this build of the extension ({1}).", program, file));
        }
        const terminal = vscode.window.createTerminal({
            name,
            shellPath: file,
            shellArgs: args,
            cwd: this.programs,
            isTransient: true,
            iconPath: new vscode.ThemeIcon('layers'),
        });
        this.terminals.set(name, terminal);
        return terminal;
    }
    appears(segment, indexer) {
        return new Promise((resolve, reject) => {
            const settle = (end) => {
                clearTimeout(watchdog);
                for (const subscription of subscriptions)
                    subscription.dispose();
                end();
            };
            const fail = (text) => settle(() => reject(new failure_1.PeermapFailure('PEERMAP_EOS', text)));
            let pid;
            const look = () => {
                const peers = this.segments.latest(segment)?.peers ?? [];
                if (peers.some((peer) => peer.pid === pid && peer.state === 'alive'))
                    settle(resolve);
            };
            const watchdog = setTimeout(() => fail(l10n.t('The demo did not start; its terminal tells why.')), patienceMs);
            const subscriptions = [
                this.segments.watch(segment),
                this.segments.onDidChangeSegment(look),
                vscode.window.onDidCloseTerminal((terminal) => {
                    if (terminal === indexer)
                        fail(l10n.t("The demo's indexer ended with code {0}.", terminal.exitStatus?.code ?? '?'));
                }),
            ];
            void indexer.processId.then((known) => {
                pid = known;
                look();
            });
        });
    }
    defaultFolder() {
        const workspace = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath;
        const root = path.dirname(path.dirname(this.programs));
        const candidates = [
            ...(workspace ? [path.join(workspace, 'node_modules')] : []),
            path.join(root, 'node_modules'),
            '/usr/share/doc',
        ];
        return candidates.find((candidate) => fs.existsSync(candidate)) ?? workspace ?? root;
    }
}
exports.Demo = Demo;
