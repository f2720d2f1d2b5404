// SPDX-License-Identifier: MIT
//
// All messages to a person, all questions, and all that is printed go through here.  VS Code makes links of `[text](command:…)` in messages, and a click
// runs that command without a question; it draws icons in what it lists; a terminal obeys.  Names of other programs are in nearly every sentence.
// A lint rule sees to it that nothing else shows any.

import * as vscode from 'vscode';
import { oneLine, visible, withoutIcons, withoutLinks } from '../protocol/foreign';

/** Longer ones are cut off by VS Code itself, or fill the screen. */
const longest = 1000;

function plain(text: string): string {
  return withoutLinks(
    text
      .split('\n', 20)
      .map((line) => oneLine(line, longest))
      .join('\n'),
  );
}

export function showError(text: string, ...buttons: string[]): Thenable<string | undefined> {
  return vscode.window.showErrorMessage(plain(text), ...buttons.map(plain));
}

export function showWarning(text: string, ...buttons: string[]): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(plain(text), ...buttons.map(plain));
}

export function showInformation(text: string, ...buttons: string[]): Thenable<string | undefined> {
  return vscode.window.showInformationMessage(plain(text), ...buttons.map(plain));
}

/** In the way of everything else, until it is answered. */
export async function confirmed(text: string, detail: string, button: string): Promise<boolean> {
  const [asked, ...buttons] = [plain(text), plain(button)];
  return (await vscode.window.showWarningMessage(asked, { modal: true, detail: plain(detail) }, ...buttons)) !== undefined;
}

/** As vscode.window.showInputBox(). */
export function askText(options: vscode.InputBoxOptions): Thenable<string | undefined> {
  const { title, prompt } = options;
  const judged = (verdict: Verdict): Verdict => {
    if (typeof verdict === 'string') return plain(verdict);
    return verdict ? { ...verdict, message: plain(verdict.message) } : verdict;
  };
  return vscode.window.showInputBox({
    ...options,
    ...(title === undefined ? {} : { title: plain(title) }),
    ...(prompt === undefined ? {} : { prompt: plain(prompt) }),
    validateInput: async (text) => judged(await options.validateInput?.(text)),
  });
}
type Verdict = string | vscode.InputBoxValidationMessage | null | undefined;

/** As vscode.window.showQuickPick(), which draws icons in what it lists. */
export async function choose<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: vscode.QuickPickOptions,
): Promise<T | undefined> {
  const listed = items.map((item) => ({ ...item, label: iconless(item.label), ...lesser(item), item }));
  return (await vscode.window.showQuickPick(listed, { ...options, title: plain(options.title ?? '') }))?.item;
}

function lesser({ description, detail }: vscode.QuickPickItem): Pick<vscode.QuickPickItem, 'description' | 'detail'> {
  return {
    ...(description === undefined ? {} : { description: iconless(description) }),
    ...(detail === undefined ? {} : { detail: iconless(detail) }),
  };
}

function iconless(text: string): string {
  return withoutIcons(oneLine(text, longest));
}

/** Lines for a terminal, which does what controls say. */
export function terminalText(lines: readonly string[]): string {
  return lines.map((line) => `${visible(line)}\r\n`).join('');
}

/** Above a view's rows, where links are made as in messages. */
export function showAbove(view: { message?: string | undefined }, text: string): void {
  view.message = plain(text);
}

/** In the status bar, for some seconds.  `$(name)` in it would be an icon. */
export function showBriefly(text: string, icon: string, milliseconds: number): void {
  vscode.window.setStatusBarMessage(`$(${icon}) ${withoutIcons(oneLine(text, longest))}`, milliseconds);
}
