// SPDX-License-Identifier: MIT
//
// What the extension shows as text or saves as a file.  The documents are of the scheme peermap-text: nothing lies behind them but what
// was given to open(), so they are read-only, and gone when they are closed.

import * as vscode from 'vscode';

const scheme = 'peermap-text';

export class TextDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: vscode.Disposable[];

  readonly onDidChange = this.changed.event;

  constructor() {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) this.texts.delete(uri.path);
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  /** The address of a document with this text; the same title is the same document. */
  add(title: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme, path: `/${title}.txt` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    return uri;
  }

  async open(title: string, text: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.add(title, text));
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
  }
}

/** To `file`, or where the person says; nothing is written if they changed their mind.  Answers where it is. */
export async function saveFile(name: string, text: string, file?: string): Promise<{ file: string } | undefined> {
  const uri = file === undefined ? await askWhere(name) : vscode.Uri.file(file);
  if (!uri) return undefined;
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return { file: uri.fsPath };
}

async function askWhere(name: string): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const defaultUri = folder ? vscode.Uri.joinPath(folder, name) : vscode.Uri.file(name);
  return vscode.window.showSaveDialog({ defaultUri });
}
