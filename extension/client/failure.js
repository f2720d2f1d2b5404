"use strict";
// SPDX-License-Identifier: MIT
//
// Why something that was asked for did not happen, as one kind of error: a sentence for people, a code for programs.
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
exports.PeermapFailure = void 0;
exports.toFailure = toFailure;
exports.sentenceOf = sentenceOf;
const l10n = __importStar(require("@vscode/l10n"));
class PeermapFailure extends Error {
    code;
    sentence;
    round;
    remedy;
    constructor(code, 
    /** What people read. */
    sentence, round, remedy) {
        // VS Code keeps nothing but the message of a command's error, so the code is in it.
        super(`${code}: ${sentence}`);
        this.code = code;
        this.sentence = sentence;
        this.round = round;
        this.remedy = remedy;
        this.name = 'PeermapFailure';
    }
}
exports.PeermapFailure = PeermapFailure;
/** What vscode-jsonrpc rejects with when the connection ended: pending responses, closed, disposed, inactive. */
const connectionEnded = new Set([-32097, -32099, -32096, 1, 2]);
/** `what` the request was, in the words "the growth of demo". */
function toFailure(error, what) {
    if (error instanceof PeermapFailure)
        return error;
    const { code, data } = fields(error);
    if (data?.code)
        return new PeermapFailure(data.code, sentenceOf(error), data.round);
    if (typeof code === 'string' || (typeof code === 'number' && connectionEnded.has(code))) {
        const text = l10n.t('The Peermap server ended before it answered. Whether {0} was done is not known, and it is not repeated by itself.', what);
        return new PeermapFailure('PEERMAP_SERVER', text);
    }
    return new PeermapFailure('PEERMAP_EINVAL', sentenceOf(error));
}
function sentenceOf(error) {
    if (error instanceof PeermapFailure)
        return error.sentence;
    return error instanceof Error ? error.message : String(error);
}
function fields(error) {
    return typeof error === 'object' && error !== null ? error : {};
}
