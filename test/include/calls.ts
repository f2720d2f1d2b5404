// SPDX-License-Identifier: MIT
//
// Which codes each function of the library can return, by its sources: what a person would find who follows every call by eye.
//
// This is no C compiler.  It goes by the plain style of native/base and native/runtime: a code is an `int`, is named where it comes into being, and goes up by
// the return values of functions, or by an `int *`.  What only compares a code, tests an answer, or drops it, hands nothing on.  What it cannot follow so is said
// in a table of edges and of exceptions, each with its reason.

import { globSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

interface Call {
  name: string;
  /** `case X:` before it, on its line; `default:`, then those of the other cases. */
  when: { is: string } | { not: string[] } | undefined;
}

interface Function {
  /** FILE:NAME */
  id: string;
  file: string;
  name: string;
  type: string;
  parameters: string;
  /** Which hand on what they return, */
  calls: Call[];
  /** and all. */
  mentions: string[];
  codes: string[];
  /** Numbers that it sets errno to by name. */
  errnos: string[];
  /** What it asks of its agent: PM_ASK_*, PM_OP_*. */
  asks: string[];
  /** Called, and a parameter or a field. */
  pointers: string[];
}

/** FROM calls TO, in a way that the scanner does not see. */
export interface Edge {
  from: string;
  to: string;
  because: string;
}

/** No such code comes out of the function `at`; or not when it is called, at last, by one of these. */
export interface Exception {
  at: string;
  codes: string[];
  of?: string[];
  because: string;
}

const keywords = new Set([
  'if',
  'while',
  'for',
  'switch',
  'return',
  'sizeof',
  'defined',
  'do',
  'else',
  'case',
  '_Alignas',
  '__attribute__',
  '__asm__',
]);

/** Without comments, and with nothing in its strings; each line where it was. */
function bare(text: string): string {
  return text
    .replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'/g, (found) =>
      found.startsWith('/') ? found.replaceAll(/[^\n]/g, '') : found.startsWith('"') ? '""' : '0',
    )
    .replaceAll(/^[ \t]*#(?:[^\n]*\\\n)*[^\n]*/gm, (found) => found.replaceAll(/[^\n]/g, ''));
}

/** Where the bracket at `from` closes. */
function closing(text: string, from: number): number {
  const [open = '', close = ''] = text[from] === '(' ? '()' : '{}';
  for (let at = from, depth = 0; at < text.length; at++) {
    if (text[at] === open) depth++;
    else if (text[at] === close && --depth === 0) return at;
  }
  throw new Error(`a bracket does not close: ${text.slice(from, from + 60)}`);
}

/** What becomes of the value of a call: [before]name(...)[after]. */
function isHandedOn(before: string, after: string): boolean {
  if (/^\s*(==|!=|<|>|&&|\|\||\?)/.test(after) || /(!|&&|\|\||\b(if|while) \()\s*$/.test(before)) return false;
  const statement = /(^|[;{}]|\belse|\)|\(void\))\s*$/.test(before);
  return !(statement && /^\s*;/.test(after));
}

function guardOf(body: string, at: number): Call['when'] {
  const line = body.slice(body.lastIndexOf('\n', at) + 1, at);
  const label = /\b(?:case (\w+)|default):[^:]*$/.exec(line);
  if (!label) return undefined;
  return label[1] ? { is: label[1] } : { not: [...body.matchAll(/\bcase (\w+):/g)].map(([, name = '']) => name) };
}

export class Sources {
  private readonly functions: Function[] = [];
  private readonly bodies = new Map<Function, string>();
  private readonly byName = new Map<string, Function[]>();

  /** `changed`: contents in the place of files, by their path. */
  constructor(
    private readonly codes: string[],
    changed: Record<string, string> = {},
  ) {
    for (const file of globSync('native/{base,runtime}/*.[ch]').sort())
      this.read(file, changed[file] ?? readFileSync(file, 'utf8'));
    for (const one of this.functions) this.byName.set(one.name, [...(this.byName.get(one.name) ?? []), one]);
    for (const one of this.functions) this.scan(one, this.bodies.get(one) ?? '');
  }

  private read(file: string, source: string): void {
    const text = bare(source);
    for (let at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at)) {
      const end = closing(text, at);
      const head = text
        .slice(Math.max(text.lastIndexOf(';', at), text.lastIndexOf('}', at)) + 1, at)
        .replaceAll(/__attribute__\s*\(\(.*?\)\)(?=[\s;]|$)/g, ' ');
      const [, type = '', name = '', parameters = ''] = /^\s*([\w\s*]*?)\b(\w+)\s*\(([^]*)\)\s*$/.exec(head) ?? [];
      if (name !== '' && type.trim() !== '') {
        const one: Function = {
          id: `${path.basename(file)}:${name}`,
          file: path.basename(file),
          name,
          type: type
            .replaceAll(/\b(static|inline|const|extern)\b/g, '')
            .trim()
            .replaceAll(/\s+/g, ' '),
          parameters,
          calls: [],
          mentions: [],
          codes: [],
          errnos: [],
          asks: [],
          pointers: [],
        };
        this.functions.push(one);
        this.bodies.set(one, text.slice(at, end + 1));
      }
      at = end + 1;
    }
  }

  private scan(one: Function, body: string): void {
    const dropped: [number, number][] = [];
    const isDropped = (at: number) => dropped.some(([from, to]) => at > from && at < to);
    for (const found of body.matchAll(/(?<before>->|\.)?\b(?<name>[A-Za-z_]\w*)\s*\(/g)) {
      const { name = '', before } = found.groups ?? {};
      if (keywords.has(name)) continue;
      const at = found.index + found[0].length - 1;
      const end = closing(body, at);
      const target = this.find(name, one.file);
      if (before !== undefined || new RegExp(`\\b${name}\\b`).test(one.parameters)) one.pointers.push(name);
      if (target) one.mentions.push(name);
      const handedOn = isHandedOn(body.slice(0, found.index), body.slice(end + 1)) && (!target || handsOn(target));
      if (!handedOn && !(target && /\bint \*/.test(target.parameters))) dropped.push([found.index, end]);
      else if (target && !isDropped(found.index)) one.calls.push({ name, when: guardOf(body, found.index) });
    }
    for (const found of body.matchAll(/\bPEERMAP_(E[A-Z]+)\b/g)) {
      const before = body.slice(0, found.index);
      const compared = /(==|!=|\bcase)\s*$/.test(before) || /^\s*(==|!=)/.test(body.slice(found.index + found[0].length));
      if (this.codes.includes(found[1] ?? '') && !compared && !isDropped(found.index)) one.codes.push(found[1] ?? '');
    }
    for (const [, value = ''] of body.matchAll(/\berrno = ([^;]*);/g))
      one.errnos.push(...(value.match(/\bE[A-Z0-9]{2,}\b/g) ?? []));
    for (const [, what = ''] of body.matchAll(/\.(?:kind|op) = (PM_(?:ASK|OP)_\w+)/g)) one.asks.push(what);
  }

  /** Of that file, or else of all. */
  private find(name: string, file: string): Function | undefined {
    const named = this.byName.get(name) ?? [];
    return named.find((one) => one.file === file) ?? (named.length === 1 || name.startsWith('pm_') ? named[0] : undefined);
  }

  private byId(id: string): Function {
    const one = this.functions.find((other) => other.id === id);
    if (!one) throw new Error(`there is no function ${id}`);
    return one;
  }

  public exported(name: string): Function {
    const [one] = this.byName.get(name) ?? [];
    if (!one) throw new Error(`${name} is not to be found in the sources`);
    return one;
  }

  /** What the functions ask of their agents that this one comes to, on the application's side. */
  private asks(root: Function): Set<string> {
    const seen = new Set([root]);
    for (const one of seen)
      for (const name of one.mentions) {
        const target = this.find(name, one.file);
        if (target) seen.add(target);
      }
    return new Set([...seen].filter(({ file }) => file !== 'agent.c').flatMap(({ asks }) => asks));
  }

  /** Those that hand codes on to the exported function of this name, with their own, and whom each has them from. */
  private reach(name: string, edges: Edge[]): Map<Function, Function[]> {
    const root = this.exported(name);
    const asks = this.asks(root);
    const happens = ({ when }: Call) => {
      if (!when) return true;
      if ('not' in when) return !when.not.some((other) => asks.has(other));
      return !/^PM_(ASK|OP)_/.test(when.is) || asks.has(when.is);
    };
    const reached = new Map<Function, Function[]>();
    const next = [root];
    for (let one = next.pop(); one; one = next.pop()) {
      if (reached.has(one)) continue;
      const { id, file } = one;
      const called = one.calls.filter(happens).map((call) => this.find(call.name, file));
      called.push(...edges.filter(({ from }) => from === id || from === name).map(({ to }) => this.byId(to)));
      const targets = called.filter((target) => target !== undefined);
      reached.set(one, targets);
      next.push(...targets);
    }
    return reached;
  }

  /** The codes that the exported function of this name can return. */
  public returned(name: string, edges: Edge[], exceptions: Exception[]): string[] {
    const reached = this.reach(name, edges);
    const excepted = (id: string, code: string) =>
      exceptions.some(({ at, codes, of }) => at === id && codes.includes(code) && (!of || of.includes(name)));
    const returned = new Map([...reached.keys()].map((one) => [one, new Set<string>()]));
    for (let changed = true; changed;) {
      changed = false;
      for (const [one, targets] of reached) {
        const own = returned.get(one) ?? new Set();
        const before = own.size;
        for (const code of [...one.codes, ...targets.flatMap((target) => [...(returned.get(target) ?? [])])])
          if (!excepted(one.id, code)) own.add(code);
        changed ||= own.size !== before;
      }
    }
    return [...(returned.get(this.exported(name)) ?? [])].sort();
  }

  /** The numbers that the exported function of this name, and what it calls in these files, sets errno to by name. */
  public errnos(name: string, files: string[]): string[] {
    const seen = new Set([this.exported(name)]);
    for (const one of seen)
      for (const mention of one.mentions) {
        const target = this.find(mention, one.file);
        if (target && files.includes(target.file)) seen.add(target);
      }
    return [...new Set([...seen].flatMap(({ errnos }) => errnos))].sort();
  }

  /** Calls through pointers, on the way of a code to one of these functions.  What speaks to the system alone (os_*) has no codes. */
  public pointers(names: string[], edges: Edge[]): string[] {
    const reached = names
      .flatMap((name) => [...this.reach(name, edges).keys()])
      .filter((one) => handsOn(one) && !one.file.startsWith('os_'));
    return [...new Set(reached.flatMap(({ id, pointers }) => pointers.map((pointer) => `${id} calls ${pointer}`)))];
  }
}

function handsOn({ type, parameters }: Pick<Function, 'type' | 'parameters'>): boolean {
  return type === 'int' || /\bint \*/.test(parameters);
}
