// SPDX-License-Identifier: MIT
//
// What the extension shows as text or saves as a file.  The documents are of the scheme peermap-text: nothing lies behind them but what
// was given to open(), so they are read-only, and gone when they are closed.

import * as l10n from '@vscode/l10n';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { formatBytes } from '../protocol/address';
import { visible } from '../protocol/foreign';
import { Consent, type Ask } from './consent';
import type { Warning } from './words';
import { writeFile, type Found } from './write-file';

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

/** Where a person says; nothing is written if they changed their mind.  Answers where it is. */
export async function saveFile(name: string, text: string): Promise<{ file: string } | undefined> {
  const uri = await askWhere(name);
  if (!uri) return undefined;
  if (uri.scheme === 'file') return saveAt(uri.fsPath, text, () => Promise.resolve(Consent.ofSaveDialog()));
  // eslint-disable-next-line no-restricted-syntax -- not of this machine: whoever has it writes it
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return { file: uri.fsPath };
}

/** At a path that nobody has been asked about; undefined if a file is there and stays. */
export async function saveAt(file: string, text: string, ask: Ask<'overwrite'>): Promise<{ file: string } | undefined> {
  return (await writeFile(file, text, (found) => ask(overwriteWarning(found)))) ? { file } : undefined;
}

function overwriteWarning({ file, size, modified }: Found): Warning {
  const when = modified.toLocaleString(vscode.env.language);
  return {
    message: l10n.t('Overwrite {0}?', visible(path.basename(file))),
    detail: l10n.t('{0} exists: {1}, last changed {2}. What is in it is lost.', visible(file), formatBytes(size), when),
    button: l10n.t('Overwrite'),
  };
}

async function askWhere(name: string): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const defaultUri = folder ? vscode.Uri.joinPath(folder, name) : vscode.Uri.file(name);
  return vscode.window.showSaveDialog({ defaultUri });
}
