"use strict";
// SPDX-License-Identifier: MIT
//
// What the page asks of a server, answered from a snapshot file; or the sentence that says why it is not in there.
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
exports.answerFromFile = answerFromFile;
const l10n = __importStar(require("@vscode/l10n"));
function answerFromFile(file, question, params) {
    switch (question) {
        case 'peermap/heap':
            if (file.heap === undefined)
                throw new Error(l10n.t('The heap could not be counted when this snapshot was taken.'));
            return { value: file.heap, problems: [] };
        case 'peermap/facts': {
            const pids = Array.isArray(params['pids']) ? params['pids'] : [];
            return { value: file.facts.filter(({ pid }) => pids.includes(pid)), problems: [] };
        }
        case 'peermap/residency':
            if (!file.residency)
                throw new Error(l10n.t('What is resident was not asked for when this snapshot was taken.'));
            return { value: file.residency, problems: [] };
        case 'peermap/structure':
            return { value: file.structures.find(({ root }) => root === params['root']) ?? null, problems: [] };
        case 'peermap/read':
        case 'peermap/search':
            throw new Error(l10n.t('A snapshot holds what is known of the segment, and not what is in its memory.'));
        default:
            throw new Error(l10n.t('There is no question {0}.', String(question)));
    }
}
