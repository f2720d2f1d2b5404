// SPDX-License-Identifier: MIT
//
// What costs more than a frame has room for is worked out a few times a second, however often what it is made of changes.

import { useEffect, useRef, useState } from 'preact/hooks';

/** `value`, but another one no more often than every so many ms; the last one comes in any case.  With `key`, at once where that changes. */
export function usePaced<T>(value: T, ms: number, key?: unknown): T {
  const [, turn] = useState(0);
  const shown = useRef({ value, at: -Infinity, key });
  const now = performance.now();
  if (shown.current.value !== value && (now - shown.current.at >= ms || shown.current.key !== key))
    shown.current = { value, at: now, key };
  const waiting = shown.current.value !== value;
  useEffect(() => {
    if (!waiting) return;
    const timer = window.setTimeout(() => turn((count) => count + 1), Math.max(0, ms - (performance.now() - shown.current.at)));
    return () => window.clearTimeout(timer);
  });
  return shown.current.value;
}
