// SPDX-License-Identifier: MIT
//
// Opens NAME.peermap.json in the inspector's page, read-only: what was known of a segment at one moment, on whatever machine.  No server
// has a part in it; what the page asks is answered from the file.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatBytes } from '../protocol/address';
import { largestFile, parseSnapshotFile, takenAt, type ReadFile, type SnapshotFile } from '../protocol/snapshot-file';
import type { FromView, ToView } from '../protocol/view';
import { sentenceOf } from './failure';
import { errorPage, page } from './inspector-page';
import { pageMessages } from './page-messages';
import { answerFromFile } from './snapshot-answers';

export const snapshotViewType = 'peermap.snapshot';

export interface SnapshotHost {
  dist: vscode.Uri;
  log: vscode.LogOutputChannel;
  save(name: string, text: string): Promise<unknown>;
  openText(title: string, text: string): Promise<void>;
}

class SnapshotDocument implements vscode.CustomDocument {
  constructor(
    readonly uri: vscode.Uri,
    readonly read: ReadFile,
  ) {}
  dispose(): void {
    // Nothing is held.
  }
}

export async function readSnapshotFile(uri: vscode.Uri): Promise<ReadFile> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > largestFile)
      return {
        kind: 'error',
        text: l10n.t(
          'This file has {0}; a snapshot of more than {1} is not opened.',
          formatBytes(size),
          formatBytes(largestFile),
        ),
      };
    return parseSnapshotFile(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)));
  } catch (error) {
    return { kind: 'error', text: sentenceOf(error) };
  }
}

export class SnapshotEditor implements vscode.CustomReadonlyEditorProvider<SnapshotDocument> {
  constructor(private readonly host: SnapshotHost) {}

  async openCustomDocument(uri: vscode.Uri): Promise<SnapshotDocument> {
    return new SnapshotDocument(uri, await readSnapshotFile(uri));
  }

  resolveCustomEditor({ read }: SnapshotDocument, { webview }: vscode.WebviewPanel): void {
    if (read.kind === 'error') {
      webview.html = errorPage(l10n.t('This snapshot cannot be shown'), read.text);
      return;
    }
    const { file } = read;
    webview.options = { enableScripts: true, localResourceRoots: [this.host.dist] };
    webview.onDidReceiveMessage(
      pageMessages(
        (message) => this.receive(file, webview, message),
        (error) => this.host.log.error(sentenceOf(error)),
      ),
    );
    webview.html = page(webview, this.host.dist, file.snapshot.name);
  }

  private async receive(file: SnapshotFile, webview: vscode.Webview, message: FromView): Promise<void> {
    const send = (answer: ToView) => void webview.postMessage(answer);
    switch (message.kind) {
      case 'ready':
        for (const each of opening(file)) send(each);
        break;
      case 'ask':
        try {
          send({ kind: 'answer', id: message.id, result: answerFromFile(file, message.question, message.params) });
        } catch (error) {
          send({ kind: 'answer', id: message.id, error: sentenceOf(error) });
        }
        break;
      case 'command':
        send({ kind: 'done', id: message.id, error: l10n.t('A snapshot in a file cannot be changed.') });
        break;
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        break;
      case 'save':
        await this.host.save(message.name, message.text);
        break;
      case 'text':
        await this.host.openText(message.title, message.text);
        break;
    }
  }
}

function opening(file: SnapshotFile): ToView[] {
  const { snapshot, events, host, problems } = file;
  const shown = { ...snapshot, problems: [...snapshot.problems, ...problems] };
  const readOnly = l10n.t('this is a snapshot in a file');
  return [
    { kind: 'server', state: 'running', text: '' },
    { kind: 'snapshot', snapshot: shown, attached: false, readOnly, file: { exportedAt: takenAt(file), host } },
    { kind: 'events', batch: events, reset: true },
  ];
}
