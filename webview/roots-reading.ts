// SPDX-License-Identifier: MIT
//
// Keeps the structures of the expanded roots as they are.  A debugger reads them, which takes a while: it rests nine times as long.

import { useEffect, useRef, useState } from 'preact/hooks';
import { useActions } from './context';
import { nextFading } from './memory-bytes';
import { usePolling } from './polling';
import { readAgain, type Read } from './roots-model';

export interface Structures {
  reads: Readonly<Record<string, Read>>;
  tookMs: number | undefined;
  now: number;
}

export function useStructures(roots: readonly string[], trigger: unknown, enabled: boolean): Structures {
  const { ask } = useActions();
  const [reads, setReads] = useState<Readonly<Record<string, Read>>>({});
  const [tookMs, setTook] = useState<number>();
  const [, redraw] = useState(0);
  const took = useRef(0);
  const question = async (): Promise<void> => {
    const begin = performance.now();
    for (const root of roots) {
      const answer = await ask('peermap/structure', { root }).catch((error: unknown) => ({
        value: null,
        problems: [{ code: 'os' as const, where: root, text: error instanceof Error ? error.message : String(error) }],
      }));
      setReads((before) => ({ ...before, [root]: readAgain(before[root], answer, performance.now()) }));
    }
    took.current = performance.now() - begin;
    setTook(took.current);
  };
  const wanted = enabled && roots.length > 0;
  // A program writes into its structures without anybody being told, so the clock asks, too.
  const polling = usePolling({
    enabled: wanted,
    trigger,
    everyMs: 1000,
    restMs: () => Math.max(1000, 9 * took.current),
    question,
  });
  useEffect(() => {
    if (wanted) polling.now();
  }, [roots.join('/'), wanted]);
  const now = performance.now();
  useEffect(() => {
    const next = Object.values(reads).map(({ changed }) => nextFading(changed, performance.now()) ?? Infinity);
    const soonest = Math.min(Infinity, ...next);
    if (!wanted || soonest === Infinity) return;
    const timer = window.setTimeout(() => redraw((count) => count + 1), soonest + 1);
    return () => window.clearTimeout(timer);
  });
  return { reads, tookMs, now };
}
