// SPDX-License-Identifier: MIT
//
// Structural sharing: every snapshot arrives as new objects, most of them equal to the ones before.  Keeping the old objects where
// nothing changed lets a row that is drawn already be recognised by identity.  For plain data only.

/** `next`, with every part that equals its counterpart in `previous` replaced by that. */
export function share<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) return next;
  if (typeof previous !== 'object' || typeof next !== 'object' || previous === null || next === null) return next;
  if (Array.isArray(previous) !== Array.isArray(next)) return next;
  const before = previous as Record<string, unknown>;
  const after = next as Record<string, unknown>;
  const keys = Object.keys(after);
  let equal = keys.length === Object.keys(before).length;
  const shared: Record<string, unknown> = {};
  for (const key of keys) {
    shared[key] = share(before[key], after[key]);
    equal &&= Object.hasOwn(before, key) && Object.is(shared[key], before[key]);
  }
  if (equal) return previous as T;
  return (Array.isArray(next) ? keys.map((key) => shared[key]) : shared) as T;
}
