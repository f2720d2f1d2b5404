// SPDX-License-Identifier: MIT
//
// Which of many lanes are in sight: the rest are not drawn.

import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface Sight {
  first: number;
  /** One past the last. */
  end: number;
}

/** Lanes drawn beyond the edges, so that scrolling does not show emptiness before the next frame. */
const margin = 4;

/** `tops`: where each lane begins, and where the last one ends. */
export function lanesIn(tops: ArrayLike<number>, top: number, height: number): Sight {
  const count = Math.max(0, tops.length - 1);
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tops[middle + 1] ?? 0) <= top) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < count && (tops[end] ?? 0) < top + height) end += 1;
  return { first: Math.max(0, low - margin), end: Math.min(count, end + margin) };
}

/** Follows a scroller; `tops` are below `head` CSS pixels that stay at its top. */
export function useSight(scroller: RefObject<HTMLElement | null>, tops: ArrayLike<number>): Sight {
  const [view, setView] = useState({ top: 0, height: 480 });
  const sight = lanesIn(tops, view.top, view.height);
  const latest = useRef({ tops, sight });
  latest.current = { tops, sight };
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = (): void => {
      const next = { top: element.scrollTop, height: element.clientHeight };
      const { first, end } = lanesIn(latest.current.tops, next.top, next.height);
      // Within what is drawn already, scrolling is the browser's alone.
      if (first !== latest.current.sight.first || end !== latest.current.sight.end) setView(next);
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, []);
  return sight;
}

/** Scrolls just as far as it takes to have a lane in sight. */
export function reveal(element: HTMLElement | null, top: number, bottom: number, head = 0): void {
  if (!element) return;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (bottom + head > element.scrollTop + element.clientHeight) element.scrollTop = bottom + head - element.clientHeight;
}
