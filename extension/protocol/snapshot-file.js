"use strict";
// SPDX-License-Identifier: MIT
//
// NAME.peermap.json: everything that was known of a segment at one moment.  Whoever opens one got it from somebody: nothing in it is
// believed before it was checked (snapshot-shape.ts).
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
exports.largestFile = exports.snapshotVersion = void 0;
exports.parseSnapshotFile = parseSnapshotFile;
exports.takenAt = takenAt;
const l10n = __importStar(require("@vscode/l10n"));
const snapshot_shape_1 = require("./snapshot-shape");
exports.snapshotVersion = 1;
/** A larger one is not opened.  A full ring of a million events is about 200 MB; the usual one, of 4096, is 1 MB. */
exports.largestFile = 256 << 20;
function parseSnapshotFile(text) {
    const error = (why) => ({ kind: 'error', text: why });
    let value;
    try {
        value = JSON.parse(text);
    }
    catch (failure) {
        return error(l10n.t('This is not JSON: {0}', failure instanceof Error ? failure.message : String(failure)));
    }
    const { format, version } = typeof value === 'object' && value !== null ? value : {};
    if (format !== 'peermap-snapshot')
        return error(l10n.t('This is JSON, but not a snapshot that Peermap exported.'));
    if (typeof version === 'number' && version > exports.snapshotVersion)
        return error(l10n.t('This snapshot is of version {0}, and this Peermap reads version {1}: a newer Peermap made it.', version, exports.snapshotVersion));
    if (version !== exports.snapshotVersion)
        return error(l10n.t('This snapshot does not say which version it is of.'));
    const wrong = (0, snapshot_shape_1.snapshotFileShape)(value, '');
    if (wrong !== undefined)
        return error(l10n.t('This snapshot is damaged: "{0}" is missing, or is not what it should be.', wrong));
    return { kind: 'file', file: value };
}
/** For people: when it was taken. */
function takenAt({ exportedAt }) {
    const date = new Date(exportedAt);
    return Number.isNaN(date.getTime()) ? exportedAt : date.toLocaleString();
}
