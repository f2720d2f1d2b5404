"use strict";
// SPDX-License-Identifier: MIT
//
// The terminal that a process runs in: the one whose shell is among its ancestors.
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
exports.revealTerminal = revealTerminal;
exports.ancestry = ancestry;
const fs = __importStar(require("node:fs/promises"));
const l10n = __importStar(require("@vscode/l10n"));
const vscode = __importStar(require("vscode"));
/** Shows the terminal of a process, or says that it has none here. */
async function revealTerminal(pid) {
    const shells = new Map();
    for (const terminal of vscode.window.terminals) {
        const shell = await terminal.processId;
        if (shell !== undefined)
            shells.set(shell, terminal);
    }
    for (const ancestor of await ancestry(pid)) {
        const terminal = shells.get(ancestor);
        if (terminal) {
            terminal.show();
            return;
        }
    }
    void vscode.window.showInformationMessage(l10n.t('Process {0} does not run in a terminal of this window.', pid));
}
/** The process and its ancestors, nearest first. */
async function ancestry(pid) {
    const line = [];
    for (let at = pid; at > 1 && !line.includes(at); at = await parentOf(at))
        line.push(at);
    return line;
}
/** 0 if the process has ended. */
async function parentOf(pid) {
    try {
        const stat = await fs.readFile(`/proc/${pid}/stat`, 'latin1');
        // The name, in parentheses, may hold anything; the state and the parent come after the last of them.
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) || 0;
    }
    catch {
        return 0;
    }
}
