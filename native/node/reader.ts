// SPDX-License-Identifier: MIT
//
// Arrays over memory that is mapped to read only.  JavaScript has no such thing: a write to one would be a SIGSEGV.  So who has attached to read
// gets the array behind a Proxy, which lets through what reads, refuses what writes, and gives the ArrayBuffer to nobody.

import { inspect } from 'node:util';

type View = object & { readonly buffer: ArrayBufferLike };

const reads = new Set(
  (
    'at entries every filter find findIndex findLast findLastIndex forEach includes indexOf join keys lastIndexOf map reduce reduceRight ' +
    'slice some subarray toLocaleString toReversed toSorted toString values with valueOf hasOwnProperty propertyIsEnumerable isPrototypeOf ' +
    'compare copy equals inspect toJSON'
  ).split(' '),
);

/** Of numbers, of a Buffer. */
const reading = /^read(?:Big)?(?:U?[iI]nt|Float|Double)|Slice$/;

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** The array, or what is another over the same memory, as one that cannot be written: `refuse` throws. */
export function readOnly<T extends View>(view: T, refuse: () => never): T {
  const proxy: T = new Proxy(view, {
    get(target, key) {
      if (key === 'buffer' || key === 'parent') refuse();
      const value = (target as Record<PropertyKey, unknown>)[key];
      if (typeof value !== 'function' || key === 'constructor') return value;
      return typeof key === 'symbol' || reads.has(key) || reading.test(key) ? called(value as Method) : refuse;
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  });

  /** Nor do those that a method calls, or what it returns, come to the memory. */
  function handed(value: unknown): unknown {
    if (value === view) return proxy;
    return ArrayBuffer.isView(value) && value.buffer === view.buffer ? readOnly(value, refuse) : value;
  }

  function called(method: Method): Method {
    return (...given) => {
      const guarded = given.map((one) => {
        if (typeof one !== 'function') return one;
        return function (this: unknown, ...values: unknown[]) {
          return (one as Method).apply(this, values.map(handed));
        };
      });
      return handed(method.apply(view, guarded));
    };
  }

  // What prints a Proxy looks at what is behind it, with the Proxy as `this`, which a Buffer's own way of it refuses.
  const shown = (view as { [inspect.custom]?: Method })[inspect.custom];
  if (shown)
    Object.defineProperty(view, inspect.custom, { configurable: true, value: (...given: unknown[]) => shown.apply(view, given) });
  return proxy;
}
