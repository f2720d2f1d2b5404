// SPDX-License-Identifier: MIT
//
// The client half of the language-server library, in a bundle of its own (dist/language-client.js): nine tenths of all our code, which
// nobody needs before the server is started.
//
//     server-connection.ts --require, when it starts the server--> this

import { LanguageClient } from 'vscode-languageclient/node';

/** What goes wrong with the server is a state that the views show: nobody asked for a message box. */
export class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export { CloseAction, ErrorAction, RevealOutputChannelOn, State, TransportKind } from 'vscode-languageclient/node';
