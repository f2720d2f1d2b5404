// SPDX-License-Identifier: MIT
//
// The document that an inspector panel loads webview/ into.  Nothing in it but our own script, by nonce, and our own style sheet.

import * as crypto from 'node:crypto';
import * as vscode from 'vscode';
import { policyOf } from './page-policy';

/** A page that says why there is nothing to show.  It runs nothing. */
export function errorPage(title: string, text: string): string {
  const policy = policyOf();
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

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function page(webview: vscode.Webview, dist: vscode.Uri, segment: string): string {
  const nonce = crypto.randomBytes(16).toString('base64');
  const uri = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
  const policy = policyOf({ nonce, own: webview.cspSource });
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
