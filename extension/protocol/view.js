"use strict";
// SPDX-License-Identifier: MIT
//
// The words between the extension and its inspector webview: one union per direction.
Object.defineProperty(exports, "__esModule", { value: true });
exports.questions = void 0;
/** What the page may ask of the server, of its own segment; the extension passes these on and nothing else. */
exports.questions = [
    'peermap/heap',
    'peermap/read',
    'peermap/search',
    'peermap/residency',
    'peermap/facts',
    'peermap/structure',
];
