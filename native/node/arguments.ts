// SPDX-License-Identifier: MIT
//
// What the module itself checks, as the addon does: TypeError for a wrong type, RangeError for a wrong value, each with the argument's name and what it is.

import { inspect, type InspectOptions } from 'node:util';
import { addon } from './addon';
import type { Signal } from './emitter';

/** Bytes, or a place among them. */
export function checkInteger(value: unknown, what: string): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number`);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${what} must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, and is ${value}`);
}

export interface WaitOptions {
  /** Default: the segment's. */
  deadlineMs?: number;
  /** Ends the wait when it is aborted: the promise is rejected with its reason. */
  signal?: Signal;
}

/** Begins a wait of the addon, and ends it when the signal is aborted. */
export function waiting<T>(
  given: number | WaitOptions | undefined,
  begin: (deadlineMs: number | undefined, stop: { now?(): void }) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (given !== undefined && typeof given !== 'number' && typeof given !== 'object')
      throw new TypeError('deadlineMs must be a number, or an object with deadlineMs and signal');
    const { deadlineMs, signal } = typeof given === 'number' ? { deadlineMs: given } : (given ?? {});
    if (typeof given === 'object') addon.checkOptions(given, ['deadlineMs', 'signal']);
    const stop: { now?(): void } = {};
    const aborted = () => {
      stop.now?.();
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever the reason is
      reject(signal?.reason);
    };
    if (signal?.aborted) {
      aborted();
      return;
    }
    const wait = begin(deadlineMs, stop);
    signal?.addEventListener('abort', aborted);
    const over = () => signal?.removeEventListener('abort', aborted);
    wait.then(resolve, reject).finally(over);
  });
}

/**
 * structuredClone() and postMessage() would make an empty object of it: what they come across first refuses, and says what to do instead.
 * They see what is enumerable, and nothing else; who prints it does not see this.
 */
export function refuseClones(thing: object, sentence: string): void {
  Object.defineProperty(thing, 'cannot be cloned', {
    enumerable: true,
    get() {
      throw new DOMException(sentence, 'DataCloneError');
    },
  });
  Object.defineProperty(thing, inspect.custom, { value: (_: number, options: InspectOptions) => inspect(shown(thing), options) });
}

function shown(thing: object): object {
  const others = Object.entries(Object.getOwnPropertyDescriptors(thing)).filter(([name]) => name !== 'cannot be cloned');
  return Object.create(Object.getPrototypeOf(thing) as object, Object.fromEntries(others)) as object;
}
