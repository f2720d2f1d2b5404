"use strict";
// SPDX-License-Identifier: MIT
//
// Asking a person: which segment, which peer, which process, how many bytes.  Undefined means that the person changed their mind.
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
exports.pickSegment = pickSegment;
exports.pickPeer = pickPeer;
exports.pickSegmentOfProcess = pickSegmentOfProcess;
exports.pickStrict = pickStrict;
exports.pickHeap = pickHeap;
exports.askSize = askSize;
exports.askName = askName;
const l10n = __importStar(require("@vscode/l10n"));
const vscode = __importStar(require("vscode"));
const address_1 = require("../protocol/address");
const mapping_1 = require("../protocol/mapping");
const failure_1 = require("./failure");
const counts_1 = require("./counts");
/** A view that finishes loading takes the focus, at any moment: that is no answer, and must not lose what was typed.  Escape is. */
const ignoreFocusOut = true;
/** With one segment there is nothing to ask.  `preferred` comes first. */
async function pickSegment(summaries, title, preferred, 
/** What would be done to it, for the line below its name. */
preview) {
    if (summaries.length === 0)
        throw new failure_1.PeermapFailure('PEERMAP_ENOENT', l10n.t('There is no segment for this. Create one, or start the demo.'));
    if (summaries.length === 1)
        return summaries[0]?.name;
    const items = await Promise.all(summaries.map(async ({ name, active, alive }) => ({
        label: name,
        description: active === undefined ? l10n.t('not readable') : `${(0, address_1.formatBytes)(active)} · ${(0, counts_1.peerCount)(alive ?? 0)}`,
        ...(preview ? { detail: await preview(name) } : {}),
    })));
    items.sort((a, b) => Number(b.label === preferred) - Number(a.label === preferred));
    const options = { title, placeHolder: l10n.t('Segment'), matchOnDescription: true, ignoreFocusOut };
    return (await vscode.window.showQuickPick(items, options))?.label;
}
async function pickPeer(snapshot, title, preview) {
    const peers = snapshot.peers.filter((peer) => peer.state !== 'dead');
    if (peers.length === 0)
        throw new failure_1.PeermapFailure('PEERMAP_ESRCH', l10n.t('No process is attached to {0}.', snapshot.name));
    const items = peers.map((peer) => ({
        label: peer.name,
        description: `pid ${peer.pid} · ${mapping_1.stateWords[peer.state]}`,
        detail: preview(snapshot, peer.pid),
        pid: peer.pid,
    }));
    const options = { title, placeHolder: l10n.t('Peer'), matchOnDescription: true, ignoreFocusOut };
    return (await vscode.window.showQuickPick(items, options))?.pid;
}
/** A process that uses the library, then one of its segments. */
async function pickSegmentOfProcess(processes, title) {
    if (processes.length === 0)
        throw new failure_1.PeermapFailure('PEERMAP_ESRCH', l10n.t('No process on this machine has a segment mapped. Start yours, or the demo.'));
    const items = processes.map((process) => ({
        label: process.segments.find(({ peerName }) => peerName !== undefined)?.peerName ?? process.command,
        description: `pid ${process.pid} · ${process.command}`,
        detail: process.segments.map(({ segment }) => segment).join(', '),
        process,
    }));
    const options = { title, placeHolder: l10n.t('Process'), matchOnDescription: true, matchOnDetail: true, ignoreFocusOut };
    const picked = await vscode.window.showQuickPick(items, options);
    const segments = [...new Set(picked?.process.segments.map(({ segment }) => segment))];
    if (segments.length <= 1)
        return segments[0];
    return vscode.window.showQuickPick(segments, { title, placeHolder: l10n.t('Segment'), ignoreFocusOut });
}
/** How a new segment shall grow: true for strict. */
async function pickStrict(title) {
    const items = [
        {
            label: l10n.t('Mapped ahead'),
            detail: l10n.t('Every peer maps memory before it is needed: a growth costs the same for any number of them, and reaches those that are stopped.'),
            strict: false,
        },
        {
            label: l10n.t('Strict'),
            detail: l10n.t('Nobody maps more than is active: every growth asks each peer, and a stray pointer past the end is a fault.'),
            strict: true,
        },
    ];
    return (await vscode.window.showQuickPick(items, { title, placeHolder: l10n.t('How it grows') }))?.strict;
}
/** What a new segment is for: true for a heap. */
async function pickHeap(title) {
    const items = [
        {
            label: l10n.t('Plain memory'),
            detail: l10n.t('Its programs lay it out themselves.'),
            heap: false,
        },
        {
            label: l10n.t('Heap'),
            detail: l10n.t('Objects of any size are allocated in it and freed, by any peer; it grows by itself when it is full.'),
            heap: true,
        },
    ];
    return (await vscode.window.showQuickPick(items, { title, placeHolder: l10n.t('What it holds') }))?.heap;
}
async function askSize({ title, prompt, current, judge }) {
    const { Error, Info } = vscode.InputBoxValidationSeverity;
    const validate = (text) => {
        const parsed = (0, address_1.parseSize)(text, current);
        const verdict = parsed.kind === 'error' ? { error: parsed.text } : judge(parsed.bytes);
        return 'error' in verdict ? { message: verdict.error, severity: Error } : { message: verdict.preview, severity: Info };
    };
    const text = await vscode.window.showInputBox({
        title,
        prompt,
        placeHolder: '64K, 2 MiB, +25%, 0x10000',
        ignoreFocusOut,
        validateInput: (value) => (value.trim() === '' ? undefined : validate(value)),
    });
    const parsed = (0, address_1.parseSize)(text ?? '', current);
    return parsed.kind === 'bytes' ? parsed.bytes : undefined;
}
function askName(title, taken) {
    return Promise.resolve(vscode.window.showInputBox({
        title,
        prompt: l10n.t('Name of the segment: the object will be /dev/shm/peermap.NAME'),
        placeHolder: 'quotes',
        ignoreFocusOut,
        validateInput: (name) => {
            if (name === '')
                return undefined;
            if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$/.test(name))
                return l10n.t('1 to 63 of the characters A-Z a-z 0-9 . _ -, and not a dot first.');
            return taken.some((summary) => summary.name === name) ? l10n.t('{0} exists already.', name) : undefined;
        },
    })).then((name) => (name === '' ? undefined : name));
}
