"use strict";
// SPDX-License-Identifier: MIT
//
// The requests and notifications between client and server: names and types.  Each side makes its own RequestType of them, since
// the two halves of the language-server library may carry different versions of vscode-jsonrpc.
//
//     client --request-->  server --> addon
//     client <--changed--  server <-- Observer.watch
//
// An answer is partial by nature: `value` is what could be had, `problems` what could not.  A ResponseError means that the request
// made no sense or that the round it asked for failed; its data is a Failure.
Object.defineProperty(exports, "__esModule", { value: true });
exports.writes = void 0;
/** Requests that write into a segment.  Never replayed after a restart, refused in an untrusted workspace. */
exports.writes = new Set([
    'peermap/attach',
    'peermap/detach',
    'peermap/grow',
    'peermap/shrink',
    'peermap/remap',
    'peermap/reap',
    'peermap/create',
    'peermap/destroy',
    'peermap/remove',
]);
