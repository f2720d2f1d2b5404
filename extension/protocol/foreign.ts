// SPDX-License-Identifier: MIT
//
// Text from other programs: names of peers, files and processes, command lines, types.  Anybody may have chosen it, for any reader: a terminal, a
// person who looks quickly, a notification that makes links of what looks like one, a language model.

/**
 * Controls, line ends of every kind, what turns the direction of writing, and what nobody sees, be it by its property or by its picture: a text can be hidden in a
 * row of any of these.  Also what no character is yet, or is one only by agreement: it may be shown as nothing.  native/base/unseen.h has the same for C
 * (scripts/characters.mjs).
 */
const unseen =
  /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{13441}\u{13442}\u{16fe4}\u{1d159}]/gu;
const ordinary = /^[ -~]*$/;
const known: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** In one line, with everything visible that is there. */
export function visible(text: string): string {
  return ordinary.test(text)
    ? text
    : text.replace(unseen, (each) => known[each] ?? `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same, no longer than `most` characters. */
export function oneLine(text: string, most = 256): string {
  const shown = visible(text.slice(0, most + 1));
  return shown.length <= most ? shown : `${shown.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Where `[text](target)` would become a link, which may be a command: it stays text. */
export function withoutLinks(text: string): string {
  return text.replace(/\](?=\()/g, ']\u200b');
}

/** Where `$(name)` would become an icon: it stays text. */
export function withoutIcons(text: string): string {
  return text.replace(/\$(?=\()/g, '$\u200b');
}

/** Lines for a language model, each marked as what was read: no name can leave its line, so none can leave the mark. */
export function asData(text: string, preface: string): string {
  return `${preface}\n\n${text
    .split('\n')
    .map((line) => `| ${visible(line)}`)
    .join('\n')}`;
}

/** Where a spreadsheet would take it for a formula, which may be a link or a program: it stays text. */
export function withoutFormula(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
