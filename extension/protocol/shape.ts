// SPDX-License-Identifier: MIT
//
// Whether a value that somebody else made has the shape that it should have.  A check answers where it does not, as a path such as
// "snapshot.peers[3].pid"; undefined means that it does.

export type Check = (value: unknown, path: string) => string | undefined;

const is =
  (test: (value: unknown) => boolean): Check =>
  (value, path) =>
    test(value) ? undefined : path;

export const string = is((value) => typeof value === 'string' && value.length <= 1 << 20);
export const number = is((value) => typeof value === 'number' && Number.isFinite(value));
export const natural = is((value) => typeof value === 'number' && Number.isInteger(value) && value >= 0);
export const boolean = is((value) => typeof value === 'boolean');
export const address = is((value) => typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value));

export const oneOf = (...words: readonly string[]): Check => is((value) => typeof value === 'string' && words.includes(value));

export const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);

export const nullable =
  (check: Check): Check =>
  (value, path) =>
    value === null ? undefined : check(value, path);

export const list =
  (item: Check, most: number): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > most) return path;
    for (const [index, each] of (value as unknown[]).entries()) {
      const wrong = item(each, `${path}[${index}]`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

/** What it has beside these is left alone: it may be of a newer version. */
export const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return path;
    for (const [name, check] of Object.entries(fields)) {
      const wrong = check((value as Record<string, unknown>)[name], path === '' ? name : `${path}.${name}`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
