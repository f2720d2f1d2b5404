"use strict";
// SPDX-License-Identifier: MIT
//
// What a client sent, checked: a client may be any program that speaks the protocol.
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
exports.invalid = invalid;
exports.refusal = refusal;
exports.integer = integer;
exports.integers = integers;
exports.base64 = base64;
const l10n = __importStar(require("@vscode/l10n"));
const node_1 = require("vscode-languageserver/node");
/** The request makes no sense. */
function invalid(text) {
    return new node_1.ResponseError(node_1.ErrorCodes.InvalidParams, text);
}
/** The request makes sense, and is not done. */
function refusal(code, text) {
    return new node_1.ResponseError(node_1.LSPErrorCodes.RequestFailed, text, { code });
}
function integer(value, name, least, most = Number.MAX_SAFE_INTEGER) {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
        return value;
    throw invalid(l10n.t('{0} must be a whole number from {1} to {2}', name, least, most));
}
function integers(value, name, most) {
    if (Array.isArray(value) && value.length <= most)
        return value.map((each) => integer(each, name, 0)).sort((a, b) => a - b);
    throw invalid(l10n.t('{0} must be a list of at most {1} numbers', name, most));
}
function base64(value, name, most) {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.alloc(0);
    if (bytes.length > 0 && bytes.length <= most)
        return bytes;
    throw invalid(l10n.t('{0} must be 1 to {1} bytes, as base64', name, most));
}
