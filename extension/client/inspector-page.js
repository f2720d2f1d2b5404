"use strict";
// SPDX-License-Identifier: MIT
//
// The document that an inspector panel loads webview/ into.  Nothing in it but our own script, by nonce, and our own style sheet.
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
exports.errorPage = errorPage;
exports.page = page;
const crypto = __importStar(require("node:crypto"));
const vscode = __importStar(require("vscode"));
/** A page that says why there is nothing to show.  It runs nothing. */
function errorPage(title, text) {
    const policy = "default-src 'none'";
    return `<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escaped(title)}</title>
</head>
<body>
<main role="alert">
<h1>${escaped(title)}</h1>
<p>${escaped(text)}</p>
</main>
</body>
</html>`;
}
function escaped(text) {
    return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
function page(webview, dist, segment) {
    const nonce = crypto.randomBytes(16).toString('base64');
    const uri = (file) => webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
    const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}; font-src ${webview.cspSource}`;
    // The names of segments need no escaping: the library admits A-Z a-z 0-9 . _ - only.  A damaged state might.
    const title = segment.replace(/[^\w.-]/g, '_');
    // No script: a page of text, which the page's script reads.  `<` could end it.
    const words = JSON.stringify(vscode.l10n.bundle ?? {}).replace(/</g, '\\u003c');
    const language = vscode.l10n.bundle ? vscode.env.language : 'en';
    return `<!doctype html>
<html lang="${language.replace(/[^\w-]/g, '')}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${uri('webview.css')}">
</head>
<body data-segment="${title}">
<div id="root"></div>
<script type="application/json" id="l10n">${words}</script>
<script nonce="${nonce}" src="${uri('webview.js')}"></script>
</body>
</html>`;
}
