"use strict";
// SPDX-License-Identifier: MIT
//
// What a person did with a tool, among what programs did: the extension's server is a peer named vscode-PID, the command line's one is
// peermap-cli.  Pure.
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
exports.isTool = isTool;
exports.toolsOf = toolsOf;
exports.toolMarks = toolMarks;
exports.toolText = toolText;
const l10n = __importStar(require("@vscode/l10n"));
const event_chunk_1 = require("./event-chunk");
const toolName = /^(vscode-\d+|peermap-cli)/;
function isTool(name) {
    return toolName.test(name);
}
/** "slot:pid" of every tool among these names. */
function toolsOf(names) {
    return new Set(Object.keys(names).filter((key) => isTool(names[key] ?? '')));
}
/** Who acts with an event: the peer itself, or who brought it about. */
const bySelf = ['attach', 'restart', 'detach'];
const byOther = ['round-end', 'rollback', 'refuse', 'reap', 'root'];
const actors = new Uint8Array(256);
for (const kind of bySelf)
    actors[(0, event_chunk_1.kindNumber)(kind)] = 1;
for (const kind of byOther)
    actors[(0, event_chunk_1.kindNumber)(kind)] = 2;
/** Places in a chunk by the pid that acts; of full chunks alone, since they are looked at often. */
const acts = new WeakMap();
function actsOf(chunk) {
    let found = acts.get(chunk);
    if (found)
        return found;
    const byPid = new Map();
    for (let at = 0; at < chunk.used; at += 1) {
        const pid = actorAt(chunk, at)?.pid;
        if (pid === undefined)
            continue;
        const places = byPid.get(pid);
        if (places)
            places.push(at);
        else
            byPid.set(pid, [at]);
    }
    acts.set(chunk, (found = byPid));
    return found;
}
function actorAt(chunk, at) {
    const who = actors[chunk.kind[at] ?? 0];
    if (who === 0)
        return undefined;
    return who === 1
        ? { slot: chunk.slot[at] ?? -1, pid: chunk.pid[at] ?? 0 }
        : { slot: chunk.bySlot[at] ?? -1, pid: chunk.byPid[at] ?? 0 };
}
function toolMarks(log, from, to, tools) {
    if (tools.size === 0)
        return [];
    const pids = [...tools].map((key) => Number(key.slice(key.indexOf(':') + 1)));
    const marks = [];
    const consider = (chunk, at) => {
        const actor = actorAt(chunk, at);
        if (!actor || !tools.has(`${actor.slot}:${actor.pid}`))
            return;
        const kind = event_chunk_1.kinds[chunk.kind[at] ?? 0] ?? 'unknown';
        marks.push({ seq: chunk.seq[at] ?? 0, timeNs: chunk.time[at] ?? 0, kind, op: event_chunk_1.ops[chunk.op[at] ?? 0] ?? 'none', ...actor });
    };
    for (const { chunk, from: start, to: stop } of log.parts(from, to)) {
        if (stop - start === chunk.seq.length)
            for (const pid of pids)
                for (const at of actsOf(chunk).get(pid) ?? [])
                    consider(chunk, at);
        else
            for (let at = start; at < stop; at += 1)
                consider(chunk, at);
    }
    return marks;
}
function toolText({ kind, op }) {
    switch (kind) {
        case 'attach':
        case 'restart':
            return l10n.t('attached by a person, with a tool');
        case 'detach':
            return l10n.t('detached by a person, with a tool');
        case 'reap':
            return l10n.t('reaped by a person, with a tool');
        case 'root':
            return l10n.t('root set by a person, with a tool');
        default:
            break;
    }
    switch (op) {
        case 'shrink':
            return l10n.t('shrinking asked for by a person, with a tool');
        case 'remap':
        case 'map':
            return l10n.t('remapping asked for by a person, with a tool');
        default:
            return l10n.t('growth asked for by a person, with a tool');
    }
}
