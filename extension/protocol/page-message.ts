// SPDX-License-Identifier: MIT
//
// What a page posted, checked.  The page is ours; but it draws what other programs wrote, and what comes from it is passed on: to the server, whose process a value
// that is nested thousands of times would end, to dialogs, to documents.

import { natural, number, oneOf, optional, record, string, type Check } from './shape';
import { questions, viewCommands, type FromView } from './view';

/** Characters: a table of all events as text. */
const longestText = 64 << 20;
const longestName = 1024;
/** As many processes, or bounds in an object, as anything of the page has. */
const longestList = 65_536;

const textOf =
  (most: number): Check =>
  (value, path) =>
    typeof value === 'string' && value.length <= most ? undefined : path;

/** A parameter is text, a number, or yes or no; or a list of numbers. */
const parameter: Check = (value, path) => {
  if (Array.isArray(value))
    return value.length <= longestList && value.every((each) => typeof each === 'number') ? undefined : path;
  return value === undefined || typeof value === 'number' || typeof value === 'boolean' ? undefined : string(value, path);
};
const parameters: Check = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return path;
  const all = Object.entries(value);
  return all.length <= 16 && all.every(([, each]) => parameter(each, path) === undefined) ? undefined : path;
};

const kinds: Readonly<Record<FromView['kind'], Check>> = {
  ready: record({}),
  command: record({
    id: number,
    command: oneOf(...viewCommands),
    pid: optional(natural),
    range: optional(record({ offset: natural, length: natural })),
  }),
  ask: record({ id: number, question: oneOf(...questions), params: parameters }),
  copy: record({ text: textOf(longestText) }),
  reveal: record({ pid: natural }),
  save: record({ name: textOf(longestName), text: textOf(longestText) }),
  text: record({ title: textOf(longestName), text: textOf(longestText) }),
};

/** Undefined if it is none. */
export function pageMessage(value: unknown): FromView | undefined {
  const kind = typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) return undefined;
  return kinds[kind as FromView['kind']](value, '') === undefined ? (value as FromView) : undefined;
}
