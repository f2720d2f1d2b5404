"use strict";
// SPDX-License-Identifier: MIT
//
// What the extension shows as text or saves as a file.  The documents are of the scheme peermap-text: nothing lies behind them but what
// was given to open(), so they are read-only, and gone when they are closed.
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
exports.TextDocuments = void 0;
exports.saveFile = saveFile;
const vscode = __importStar(require("vscode"));
const scheme = 'peermap-text';
class TextDocuments {
    texts = new Map();
    changed = new vscode.EventEmitter();
    subscriptions;
    onDidChange = this.changed.event;
    constructor() {
        this.subscriptions = [
            vscode.workspace.registerTextDocumentContentProvider(scheme, this),
            vscode.workspace.onDidCloseTextDocument(({ uri }) => {
                if (uri.scheme === scheme)
                    this.texts.delete(uri.path);
            }),
        ];
    }
    dispose() {
        for (const subscription of this.subscriptions)
            subscription.dispose();
    }
    provideTextDocumentContent(uri) {
        return this.texts.get(uri.path) ?? '';
    }
    /** The address of a document with this text; the same title is the same document. */
    add(title, text) {
        const uri = vscode.Uri.from({ scheme, path: `/${title}.txt` });
        this.texts.set(uri.path, text);
        this.changed.fire(uri);
        return uri;
    }
    async open(title, text) {
        const document = await vscode.workspace.openTextDocument(this.add(title, text));
        await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
    }
}
exports.TextDocuments = TextDocuments;
/** To `file`, or where the person says; nothing is written if they changed their mind.  Answers where it is. */
async function saveFile(name, text, file) {
    const uri = file === undefined ? await askWhere(name) : vscode.Uri.file(file);
    if (!uri)
        return undefined;
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    return { file: uri.fsPath };
}
async function askWhere(name) {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const defaultUri = folder ? vscode.Uri.joinPath(folder, name) : vscode.Uri.file(name);
    return vscode.window.showSaveDialog({ defaultUri });
}
