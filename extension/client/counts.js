"use strict";
// SPDX-License-Identifier: MIT
//
// How many of what: each with its plural, in the language of the person looking.
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
exports.slotsFreed = exports.orphanCount = exports.objectCount = exports.processCount = exports.peerCount = exports.segmentCount = void 0;
const l10n = __importStar(require("@vscode/l10n"));
const segmentCount = (n) => (n === 1 ? l10n.t('1 segment') : l10n.t('{0} segments', n));
exports.segmentCount = segmentCount;
const peerCount = (n) => (n === 1 ? l10n.t('1 peer') : l10n.t('{0} peers', n));
exports.peerCount = peerCount;
const processCount = (n) => (n === 1 ? l10n.t('1 process') : l10n.t('{0} processes', n));
exports.processCount = processCount;
const objectCount = (n) => (n === 1 ? l10n.t('1 object') : l10n.t('{0} objects', n));
exports.objectCount = objectCount;
const orphanCount = (n) => (n === 1 ? l10n.t('1 orphan') : l10n.t('{0} orphans', n));
exports.orphanCount = orphanCount;
/** "demo: 2 registry slots freed" */
const slotsFreed = (segment, n) => n === 1 ? l10n.t('{0}: 1 registry slot freed', segment) : l10n.t('{0}: {1} registry slots freed', segment, n);
exports.slotsFreed = slotsFreed;
