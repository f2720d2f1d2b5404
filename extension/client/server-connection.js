"use strict";
// SPDX-License-Identifier: MIT
//
// The server process as the rest of the client sees it: typed requests, two events, and a state.
//
//     starting -> running -> restarting -> running ...       it died, and is started again by itself
//                         -> failed                          it died too often, or cannot start: `start` tries again
//
// A request that was under way when the server died is rejected and never sent again.
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
exports.ServerConnection = void 0;
const l10n = __importStar(require("@vscode/l10n"));
const vscode = __importStar(require("vscode"));
const failure_1 = require("./failure");
const restart_policy_1 = require("./restart-policy");
/** Reads and runs a file of 380 KB with the first call. */
function languageClient() {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the bundle beside ours, not before it is needed
    return require('./language-client');
}
class ServerConnection {
    module;
    log;
    readOnly;
    client;
    policy = new restart_policy_1.RestartPolicy();
    turn = Promise.resolve();
    current = { state: 'stopped', text: '' };
    statusChanged = new vscode.EventEmitter();
    segmentChanged = new vscode.EventEmitter();
    listChanged = new vscode.EventEmitter();
    onDidChangeStatus = this.statusChanged.event;
    onDidChangeSegment = this.segmentChanged.event;
    onDidChangeList = this.listChanged.event;
    constructor(module, log, readOnly) {
        this.module = module;
        this.log = log;
        this.readOnly = readOnly;
    }
    get status() {
        return this.current;
    }
    /** Undefined while there is no server process. */
    get pid() {
        return this.client?.serverProcess?.pid;
    }
    /** Starts the server, or replaces the one that runs by a new one.  A failure is a state, not an exception. */
    start() {
        return this.inTurn(async () => {
            this.change('starting', l10n.t('The Peermap server is starting.'));
            await this.end();
            // Whoever asks for this while the window starts need not wait for it.
            await new Promise((resolve) => setImmediate(resolve));
            this.policy = new restart_policy_1.RestartPolicy();
            const client = this.createClient();
            this.client = client;
            await client.start().catch((error) => {
                if (client.state === languageClient().State.Running)
                    return;
                const why = this.current.state === 'restarting' ? l10n.t('It ended while it was starting.') : (0, failure_1.sentenceOf)(error);
                this.change('failed', l10n.t('The Peermap server cannot start. {0}', why));
            });
        });
    }
    stop() {
        return this.inTurn(async () => {
            this.change('stopped', '');
            await this.end();
        });
    }
    /** `what` is asked for, for the sentence that says it failed: "the growth of demo". */
    async request(method, params, what) {
        await this.turn; // while one server is replaced by another, requests wait for the new one
        const { state, text } = this.current;
        if (!this.client || state === 'failed')
            throw new failure_1.PeermapFailure('PEERMAP_SERVER', text || l10n.t('The Peermap server is not running.'));
        try {
            return await this.client.sendRequest(method, params);
        }
        catch (error) {
            throw (0, failure_1.toFailure)(error, what);
        }
    }
    createClient() {
        const { ErrorAction, QuietClient, RevealOutputChannelOn, State, TransportKind } = languageClient();
        const options = { serialization: 'advanced' };
        const server = { module: this.module, transport: TransportKind.ipc, options };
        const clientOptions = {
            documentSelector: [],
            outputChannel: this.log,
            revealOutputChannelOn: RevealOutputChannelOn.Never,
            initializationOptions: () => ({
                readOnly: this.readOnly(),
                ...(vscode.l10n.bundle ? { words: vscode.l10n.bundle } : {}),
            }),
            errorHandler: {
                // Writing to a server that just died: `closed` follows.
                error: () => ({ action: ErrorAction.Continue, handled: true }),
                closed: () => ({ action: this.died(), handled: true }),
            },
        };
        const client = new QuietClient('peermap', 'Peermap', server, clientOptions);
        client.onDidChangeState(({ newState }) => {
            if (client !== this.client || newState !== State.Running)
                return;
            const { unavailable } = client.initializeResult?.capabilities.experimental;
            const restarted = this.current.state === 'restarting';
            if (unavailable !== undefined)
                this.change('failed', unavailable);
            else
                this.change('running', restarted ? l10n.t('The Peermap server restarted.') : '');
        });
        client.onNotification('peermap/changed', (params) => this.segmentChanged.fire(params));
        client.onNotification('peermap/listChanged', () => this.listChanged.fire());
        return client;
    }
    died() {
        const { CloseAction } = languageClient();
        if (this.policy.died(Date.now())) {
            this.change('restarting', l10n.t('The Peermap server ended unexpectedly and is started again.'));
            return CloseAction.Restart;
        }
        this.change('failed', l10n.t('The Peermap server ended five times within three minutes and is not started again by itself.'));
        return CloseAction.DoNotRestart;
    }
    async end() {
        const client = this.client;
        this.client = undefined;
        // A client that failed, or whose server hangs, cannot be stopped in good order; its process is ended all the same.
        await client?.dispose().catch((error) => this.log.debug(l10n.t('Stopping the server: {0}', (0, failure_1.sentenceOf)(error))));
    }
    change(state, text) {
        if (state === this.current.state && text === this.current.text)
            return;
        this.current = { state, text };
        if (text !== '')
            this.log.info(text);
        this.statusChanged.fire(this.current);
    }
    inTurn(work) {
        this.turn = this.turn.then(work, work);
        return this.turn;
    }
}
exports.ServerConnection = ServerConnection;
