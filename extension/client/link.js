"use strict";
// SPDX-License-Identifier: MIT
//
// What a link into the extension asks for: vscode://peermap.peermap/inspect?segment=NAME, or openMemory with an offset.  Anybody can
// make one, on any web page, so there are none that change anything.
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
exports.parseLink = parseLink;
const l10n = __importStar(require("@vscode/l10n"));
function parseLink({ path, query }) {
    const parameters = new URLSearchParams(query);
    const segment = parameters.get('segment') ?? '';
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$/.test(segment))
        return { kind: 'error', text: l10n.t('This link does not name a segment.') };
    if (path === '/inspect')
        return { kind: 'inspect', segment };
    if (path !== '/openMemory')
        return { kind: 'error', text: l10n.t('Links can inspect a segment or open its memory, and nothing else.') };
    const offset = Number(parameters.get('offset') ?? '0');
    if (!Number.isSafeInteger(offset) || offset < 0)
        return { kind: 'error', text: l10n.t('The offset in this link is not a number.') };
    return { kind: 'openMemory', segment, offset };
}
