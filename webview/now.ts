// SPDX-License-Identifier: MIT
//
// What time it is for the segment: told by messages, and forward between them while something moves that a person sees.

import { useEffect, useState } from 'preact/hooks';
import { nowNs, type State } from './state';
import { windowOf } from './timeline-view';

/** performance.now() as all parts of the page have it: what is above each other is of the same time, however late a part is drawn. */
const shared: { at: number; snapshot?: unknown; log?: unknown } = { at: -Infinity };
const tickMs = 1000;

function sharedAt({ snapshot, log }: State): number {
  const at = performance.now();
  // Timers may come a little early.
  if (shared.snapshot !== snapshot || shared.log !== log || at - shared.at > tickMs - 20)
    Object.assign(shared, { at, snapshot, log });
  return shared.at;
}

export function useNow(state: State, open: boolean): number {
  const [, tick] = useState(0);
  const now = nowNs(state, sharedAt(state)) ?? 0;
  const last = state.log.lastTime ?? -Infinity;
  const inView = last >= windowOf(state.view, now).start;
  const moving = open && state.view.follow && inView && !state.gone && state.server.state === 'running';
  useEffect(() => {
    if (!moving) return;
    let timer = 0;
    const again = (): void => {
      window.clearTimeout(timer);
      if (document.visibilityState === 'visible') timer = window.setTimeout(() => tick((turn) => turn + 1), tickMs);
    };
    again();
    document.addEventListener('visibilitychange', again);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  });
  return now;
}
