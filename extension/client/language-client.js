"use strict";
// SPDX-License-Identifier: MIT
//
// The client half of the language-server library, in a bundle of its own (dist/language-client.js): nine tenths of all our code, which
// nobody needs before the server is started.
//
//     server-connection.ts --require, when it starts the server--> this
Object.defineProperty(exports, "__esModule", { value: true });
exports.TransportKind = exports.State = exports.RevealOutputChannelOn = exports.ErrorAction = exports.CloseAction = exports.QuietClient = void 0;
const node_1 = require("vscode-languageclient/node");
/** What goes wrong with the server is a state that the views show: nobody asked for a message box. */
class QuietClient extends node_1.LanguageClient {
    error(message, data) {
        super.error(message, data, false);
    }
}
exports.QuietClient = QuietClient;
var node_2 = require("vscode-languageclient/node");
Object.defineProperty(exports, "CloseAction", { enumerable: true, get: function () { return node_2.CloseAction; } });
Object.defineProperty(exports, "ErrorAction", { enumerable: true, get: function () { return node_2.ErrorAction; } });
Object.defineProperty(exports, "RevealOutputChannelOn", { enumerable: true, get: function () { return node_2.RevealOutputChannelOn; } });
Object.defineProperty(exports, "State", { enumerable: true, get: function () { return node_2.State; } });
Object.defineProperty(exports, "TransportKind", { enumerable: true, get: function () { return node_2.TransportKind; } });
