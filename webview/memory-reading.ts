// SPDX-License-Identifier: MIT
//
// Keeps the bytes in sight, and a little around them, as they are in the object.

import { useEffect, useState } from 'preact/hooks';
import type { ByteRange } from '../extension/protocol/view';
import { useActions } from './context';
import { nextFading, seenAgain, type Seen } from './memory-bytes';
import { usePolling } from './polling';

export interface Reading {
  seen: Seen | undefined;
  error: string | undefined;
  /** performance.now() of the drawing: what ages are told against. */
  now: number;
}

export interface ReadingOptions {
  visible: ByteRange;
  around: ByteRange;
  /** Another value: the segment changed. */
  trigger: unknown;
  everyMs: number | undefined;
  enabled: boolean;
  onRead?: () => void;
}

export function useReading({ visible, around, trigger, everyMs, enabled, onRead }: ReadingOptions): Reading {
  const { ask } = useActions();
  const [seen, setSeen] = useState<Seen>();
  const [error, setError] = useState<string>();
  const [, redraw] = useState(0);
  const question = async (): Promise<void> => {
    try {
      const answer = await ask('peermap/read', { offset: around.offset, length: around.length });
      setSeen((before) => seenAgain(before, answer, performance.now()));
      setError(undefined);
      onRead?.();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
  };
  const polling = usePolling({ enabled, trigger, restMs: () => 250, everyMs, question });
  const covered =
    seen !== undefined && visible.offset >= seen.offset && visible.offset + visible.length <= seen.offset + seen.bytes.length;
  useEffect(() => {
    if (!covered) polling.now();
  }, [covered, visible.offset, visible.length, enabled]);
  const now = performance.now();
  useEffect(() => {
    const fading = enabled && seen ? nextFading(seen.changed, performance.now()) : undefined;
    if (fading === undefined) return;
    const timer = window.setTimeout(() => redraw((count) => count + 1), fading + 1);
    return () => window.clearTimeout(timer);
  });
  return { seen, error, now };
}
