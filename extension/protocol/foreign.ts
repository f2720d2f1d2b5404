// SPDX-License-Identifier: MIT
//
// Text from other programs: names of peers, files and processes, command lines, types.  Anybody may have chosen it, for any reader: a terminal, a
// person who looks quickly, a notification that makes links of what looks like one, a language model.

/** Controls of both kinds, line ends of every kind, and what turns the direction of writing. */
const unseen = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const known: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** In one line, no longer than `most` characters, with everything visible that is there. */
export function oneLine(text: string, most = 256): string {
  const short = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return short.replace(unseen, (each) => known[each] ?? `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Where `[text](target)` would become a link, which may be a command: it stays text. */
export function withoutLinks(text: string): string {
  return text.replace(/\](?=\()/g, ']\u200b');
}

/** Lines for a language model, each marked as what was read: no name can leave its line, so none can leave the mark. */
export function asData(text: string, preface: string): string {
  return `${preface}\n\n${text.replace(/^/gm, '| ')}`;
}
