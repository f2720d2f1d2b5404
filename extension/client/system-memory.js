"use strict";
// SPDX-License-Identifier: MIT
//
// All shared memory of the machine as it was last seen.  It is read while somebody looks, when /dev/shm changes (inotify), and when a
// person asks; otherwise nothing runs.  System V segments come and go without a notice: the button finds them.
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
exports.SystemMemory = void 0;
const l10n = __importStar(require("@vscode/l10n"));
const fs = __importStar(require("node:fs"));
const vscode = __importStar(require("vscode"));
const failure_1 = require("./failure");
const folder = '/dev/shm';
/** A program that makes many objects is one change. */
const settleMs = 250;
/** Each reading asks every process: under steady change at most a tenth of the time goes into it. */
const restFactor = 9;
class SystemMemory {
    server;
    log;
    emitter = new vscode.EventEmitter();
    current = { kind: 'nothing' };
    reading;
    watcher;
    pending;
    repeating;
    looking = false;
    tookMs = 0;
    subscription;
    onDidChange = this.emitter.event;
    constructor(server, log) {
        this.server = server;
        this.log = log;
        this.subscription = vscode.Disposable.from(server.onDidChangeStatus(({ state }) => {
            if (state === 'running' && this.looking)
                void this.read();
        }), vscode.workspace.onDidChangeConfiguration((change) => {
            if (change.affectsConfiguration('peermap.system.refreshSeconds') && this.looking)
                this.again();
        }));
    }
    get seen() {
        return this.current;
    }
    /** While somebody looks. */
    follow(looking) {
        this.looking = looking;
        if (!looking) {
            this.watcher?.close();
            this.watcher = undefined;
            clearTimeout(this.pending);
            clearInterval(this.repeating);
            this.pending = undefined;
            return;
        }
        if (this.watcher)
            return;
        this.again();
        try {
            this.watcher = fs.watch(folder, { persistent: false }, () => this.soon());
            this.watcher.on('error', (error) => this.log.warn((0, failure_1.sentenceOf)(error)));
        }
        catch (error) {
            this.log.warn(l10n.t('{0} cannot be watched: {1}', folder, (0, failure_1.sentenceOf)(error)));
        }
        if (this.server.status.state === 'running')
            void this.read();
    }
    /** Never rejects: a failure is a state that the view shows. */
    read() {
        this.reading ??= this.readNow().finally(() => (this.reading = undefined));
        return this.reading;
    }
    dispose() {
        this.follow(false);
        this.subscription.dispose();
        this.emitter.dispose();
    }
    /** As often as the setting says, while somebody looks. */
    again() {
        clearInterval(this.repeating);
        const seconds = vscode.workspace.getConfiguration('peermap.system').get('refreshSeconds', 0);
        if (seconds > 0)
            this.repeating = setInterval(() => this.soon(), seconds * 1000);
    }
    soon() {
        this.pending ??= setTimeout(() => {
            this.pending = undefined;
            void this.read();
        }, Math.max(settleMs, this.tookMs * restFactor));
    }
    async readNow() {
        const began = performance.now();
        try {
            const { value, problems } = await this.server.request('peermap/census', {}, l10n.t('looking at the shared memory of the system'));
            this.current = { kind: 'census', census: { ...value, problems: problems.length > 0 ? problems : value.problems } };
        }
        catch (error) {
            this.log.warn((0, failure_1.sentenceOf)(error));
            this.current = { kind: 'failure', text: (0, failure_1.sentenceOf)(error) };
        }
        this.tookMs = performance.now() - began;
        this.emitter.fire();
        return this.current;
    }
}
exports.SystemMemory = SystemMemory;
