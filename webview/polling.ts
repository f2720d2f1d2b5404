// SPDX-License-Identifier: MIT
//
// A question to the server that is asked again: when what it is about changes, and by the clock if the person wishes.  One at a time,
// with a rest in between, and never while nobody looks.

import { useEffect, useRef } from 'preact/hooks';

export interface Polling {
  /** Asks at once, or after the answer that is under way. */
  now: () => void;
}

export interface PollingOptions {
  enabled: boolean;
  /** Another value: ask again, after the rest. */
  trigger: unknown;
  /** Between the end of one question and the next, at least. */
  restMs: () => number;
  /** Ask by the clock, so often; undefined: do not. */
  everyMs?: number | undefined;
  question: () => Promise<unknown>;
}

export function usePolling(options: PollingOptions): Polling {
  const latest = useRef(options);
  latest.current = options;
  const state = useRef({ busy: false, again: false, timer: 0, endedAt: -Infinity, mounted: true });
  const polling = useRef<Polling & { soon: () => void }>(undefined);
  polling.current ??= (() => {
    const one = state.current;
    const now = (): void => {
      window.clearTimeout(one.timer);
      one.timer = 0;
      if (!one.mounted || !latest.current.enabled) return;
      if (one.busy) {
        one.again = true;
        return;
      }
      one.busy = true;
      void latest.current.question().finally(() => {
        one.busy = false;
        one.endedAt = performance.now();
        if (one.again) now();
        one.again = false;
      });
    };
    const soon = (): void => {
      const rest = Math.max(0, one.endedAt + latest.current.restMs() - performance.now());
      if (one.timer === 0) one.timer = window.setTimeout(now, rest);
    };
    return { now, soon };
  })();
  const { now, soon } = polling.current;
  const { enabled, trigger, everyMs } = options;
  useEffect(() => {
    if (enabled) soon();
  }, [enabled, trigger]);
  useEffect(() => {
    if (!enabled || everyMs === undefined) return;
    const timer = window.setInterval(soon, everyMs);
    return () => window.clearInterval(timer);
  }, [enabled, everyMs]);
  useEffect(() => {
    const one = state.current;
    one.mounted = true;
    return () => {
      one.mounted = false;
      window.clearTimeout(one.timer);
    };
  }, []);
  return { now };
}
