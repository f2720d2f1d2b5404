// SPDX-License-Identifier: MIT
//
// What time it is for the segment: told by messages, and forward between them while something moves that a person sees.

import { useEffect, useState } from 'preact/hooks';
import { nowNs, type State } from './state';
import { windowOf } from './timeline-view';

export function useNow(state: State, open: boolean): number {
  const [, tick] = useState(0);
  const now = nowNs(state, performance.now()) ?? 0;
  const last = state.log.lastTime ?? -Infinity;
  const inView = last >= windowOf(state.view, now).start;
  const moving = open && state.view.follow && inView && !state.gone && state.server.state === 'running';
  useEffect(() => {
    if (!moving) return;
    let timer = 0;
    const again = (): void => {
      window.clearTimeout(timer);
      if (document.visibilityState === 'visible') timer = window.setTimeout(() => tick((turn) => turn + 1), 1000);
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
