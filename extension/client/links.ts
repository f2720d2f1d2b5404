// SPDX-License-Identifier: MIT
//
// Links into the extension: link.ts, carried out.

import * as vscode from 'vscode';
import { sentenceOf } from './failure';
import { parseLink } from './link';
import { showWarning } from './messages';

export class Links implements vscode.UriHandler {
  constructor(private readonly log: vscode.LogOutputChannel) {}

  async handleUri(uri: vscode.Uri): Promise<void> {
    const link = parseLink(uri);
    try {
      if (link.kind === 'error') throw new Error(link.text);
      const { kind, ...target } = link;
      await vscode.commands.executeCommand(`peermap.${kind}`, target);
    } catch (error) {
      this.log.warn(`${uri.path}: ${sentenceOf(error)}`);
      void showWarning(sentenceOf(error));
    }
  }
}
