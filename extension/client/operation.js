"use strict";
// SPDX-License-Identifier: MIT
//
// What an operation is: what a command does with what it was given.  If a person is there (`asks`), it asks for the rest, confirms what
// destroys, and says what came of it.  It answers with its result, or undefined if the person changed their mind.
//
// The operations themselves are in segment-operations.ts and round-operations.ts.
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
exports.segmentOf = segmentOf;
exports.sizeOf = sizeOf;
exports.confirmed = confirmed;
exports.tell = tell;
const vscode = __importStar(require("vscode"));
const command_arguments_1 = require("./command-arguments");
const failure_1 = require("./failure");
const pick_1 = require("./pick");
/** `preview` says what would be done to a segment, where several can be chosen from. */
async function segmentOf(parts, target, asks, title, preview) {
    if (!asks)
        return (0, command_arguments_1.required)(target, 'segment');
    if (target.segment !== undefined)
        return target.segment;
    await parts.segments.refresh();
    const look = preview && ((segment) => parts.segments.look(segment).then(preview, failure_1.sentenceOf));
    return (0, pick_1.pickSegment)(parts.segments.list, title, parts.inspectors.active, look);
}
async function sizeOf(target, asks, question) {
    if (asks && target.bytes === undefined)
        return (0, pick_1.askSize)(question);
    return (0, command_arguments_1.bytesOf)((0, command_arguments_1.required)(target, 'bytes'), question.current);
}
async function confirmed({ message, detail, button }) {
    return (await vscode.window.showWarningMessage(message, { modal: true, detail }, button)) === button;
}
/** What came of what a person asked for: in the status bar, or, as the setting peermap.notifications says, as a message with a way on. */
function tell(text, on) {
    if (vscode.workspace.getConfiguration('peermap').get('notifications') !== 'message') {
        vscode.window.setStatusBarMessage(`$(check) ${text}`, 8000);
        return;
    }
    const buttons = on ? [on.title] : [];
    void vscode.window.showInformationMessage(text, ...buttons).then((chosen) => (chosen === undefined ? undefined : on?.apply()));
}
