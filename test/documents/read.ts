// SPDX-License-Identifier: MIT
//
// Reads a document as what is to be done in it: its blocks of code, and the code in its sentences, in the order in which they stand.

import { readFileSync } from 'node:fs';

interface Piece {
  document: string;
  line: number;
  text: string;
}

export interface Block extends Piece {
  kind: 'block';
  /** Its info string. */
  language: string;
  /** The paragraphs before it and after it. */
  before: string;
  after: string;
}

/** Code in a sentence. */
export interface Span extends Piece {
  kind: 'span';
  paragraph: string;
}

/** The cells of a row that is not the head. */
export interface Row extends Piece {
  kind: 'row';
  head: string[];
  cells: string[];
}

/** A picture, or another file of the repository that it leads to. */
export interface Link extends Piece {
  kind: 'link';
}

export type Item = Block | Span | Row | Link;

export const spansOf = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' '));

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** `text` begins at `line`. */
function inProse(document: string, text: string, line: number): Item[] {
  const at = (offset = 0) => line + text.slice(0, offset).split('\n').length - 1;
  const spans = [...text.matchAll(/`([^`]+)`/g)].map((match): Item => {
    return { kind: 'span', document, line: at(match.index), text: (match[1] ?? '').replaceAll(/\s+/g, ' '), paragraph: text };
  });
  const links = [...text.matchAll(/\]\(([^):#]+)\)/g)].map((match): Item => {
    return { kind: 'link', document, line: at(match.index), text: match[1] ?? '' };
  });
  return [...spans, ...links];
}

function inTable(document: string, lines: string[], line: number): Item[] {
  const [head = '', , ...rows] = lines;
  return rows.flatMap((text, index): Item[] => {
    const at = line + index + 2;
    return [{ kind: 'row', document, line: at, text, head: cellsOf(head), cells: cellsOf(text) }, ...inProse(document, text, at)];
  });
}

function inMarkdown(document: string): Item[] {
  const lines = readFileSync(document, 'utf8').split('\n');
  const items: Item[] = [];
  let before = '';
  let open: Block | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^```(\w*)/.exec(lines[at] ?? '');
    if (fence) {
      const end = lines.indexOf('```', at + 1);
      if (end < 0) throw new Error(`${document}:${at + 1}: this block does not end`);
      const text = `${lines.slice(at + 1, end).join('\n')}\n`;
      open = { kind: 'block', document, line: at + 1, text, language: fence[1] ?? '', before, after: '' };
      // What the sentence before a project has of commands, is done with it there.
      const first = open.language === 'cmake' ? items.findIndex((item) => item.kind === 'span' && item.paragraph === before) : -1;
      items.splice(first < 0 ? items.length : first, 0, open);
      before = '';
      at = end;
    } else if (lines[at]?.trim()) {
      const length = lines.slice(at).findIndex((line) => !line.trim() || line.startsWith('```'));
      const paragraph = lines.slice(at, length < 0 ? undefined : at + length);
      const table = paragraph.every((line) => line.startsWith('|'));
      before = paragraph.join('\n');
      items.push(...(table ? inTable(document, paragraph, at + 1) : inProse(document, before, at + 1)));
      if (open) open.after = before;
      open = undefined;
      at += paragraph.length - 1;
    }
  }
  return items;
}

/** The examples of a manual page: its indented lines. */
function inPage(document: string): Item[] {
  const lines = readFileSync(document, 'utf8').split('\n');
  return lines.flatMap((line, index): Item[] => {
    if (!line.startsWith('.Dl ')) return [];
    const text = `$ ${line.slice(4).replaceAll('\\-', '-')}\n`;
    return [{ kind: 'block', document, line: index + 1, text, language: 'console', before: lines[index - 2] ?? '', after: '' }];
  });
}

/** The programs in the comment at the head of a header. */
function inHeader(document: string): Item[] {
  const text = readFileSync(document, 'utf8');
  const [comment = ''] = /^\/\*\n[^]*?\*\/$/m.exec(text) ?? [];
  const first = text.slice(0, text.indexOf(comment)).split('\n').length;
  const lines = comment.split('\n').map((line) => line.replace(/^ \* ?/, ''));
  const items: Item[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    if (!lines[at]?.startsWith('    ')) continue;
    const length = lines.slice(at).findIndex((line) => line !== '' && !line.startsWith('    '));
    const code = lines.slice(at, at + length).map((line) => line.slice(4));
    const language = document.endsWith('.hpp') ? 'cpp' : 'c';
    items.push({ kind: 'block', document, line: first + at, text: `${code.join('\n')}\n`, language, before: '', after: '' });
    at += length;
  }
  return items;
}

export function itemsOf(document: string): Item[] {
  if (document.endsWith('.md')) return inMarkdown(document);
  return document.endsWith('.1') ? inPage(document) : inHeader(document);
}
