// SPDX-License-Identifier: MIT
//
// How the parts stand in the page: their width, their scroll position, the keys that move between rows.

import { Component, type ComponentChild, type FunctionComponent, type RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useActions } from './context';
import { share } from './share';

/** A component that is drawn again only if one of its properties is another. */
export function pure<P extends object>(draw: FunctionComponent<P>): FunctionComponent<P> {
  class Pure extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const before = this.props as Record<string, unknown>;
      const after = next as Record<string, unknown>;
      const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
      return [...keys].some((key) => !Object.is(before[key], after[key]));
    }
    override render(): ComponentChild {
      const Draw = draw;
      return <Draw {...this.props} />;
    }
  }
  return Pure as unknown as FunctionComponent<P>;
}

/** useMemo, where the parts of the new value that equal those of the one before are the same objects: what is drawn from them need not be drawn again. */
export function useShared<T>(make: () => T, inputs: readonly unknown[]): T {
  const last = useRef<T>(undefined);
  return useMemo(() => (last.current = share(last.current, make())), inputs);
}

/** The width of an element in CSS pixels, followed. */
export function useWidth<E extends Element>(): [RefObject<E | null>, number] {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    setWidth(Math.floor(element.getBoundingClientRect().width));
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

/**
 * A scroller that is where it was before the page was hidden or loaded again.  What it scrolls may come later than it does, so it is
 * tried with each drawing until the place exists, or until somebody scrolls.
 */
export function useScroll<E extends Element>(name: string): RefObject<E | null> {
  const ref = useRef<E>(null);
  const restored = useRef(false);
  const { scrolled, scroll } = useActions();
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element || restored.current) return;
    const wanted = scrolled(name);
    if (wanted > element.scrollHeight - element.clientHeight + 1) return;
    element.scrollTop = wanted;
    restored.current = true;
  });
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const target = element === document.scrollingElement ? document : element;
    const listen = (): void => {
      restored.current = true;
      scroll(name, element.scrollTop);
    };
    target.addEventListener('scroll', listen, { passive: true });
    return () => target.removeEventListener('scroll', listen);
  }, []);
  return ref;
}

/**
 * Arrow keys, Home, End, Page Up and Page Down among the elements marked data-row in `container`: moves the focus, and answers the
 * row's data-row.  Undefined if the key is another one, or comes from a control inside a row.
 */
export function rowKey(event: KeyboardEvent, container: Element): string | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const rows = [...container.querySelectorAll<HTMLElement>('[data-row]')];
  const focused = document.activeElement?.closest<HTMLElement>('[data-row]');
  const at = focused ? rows.indexOf(focused) : -1;
  const to = rowAfter(event.key, at, rows.length);
  const row = to === undefined ? undefined : rows[Math.min(Math.max(to, 0), rows.length - 1)];
  if (!row) return undefined;
  event.preventDefault();
  row.focus();
  return row.dataset['row'];
}

function rowAfter(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return at - 1;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    case 'PageDown':
      return at + 10;
    case 'PageUp':
      return at - 10;
    default:
      return undefined;
  }
}

/** Which row Tab reaches: the selected one, or else the first. */
export function tabRow(keys: readonly string[], selected: string | undefined): string | undefined {
  return selected !== undefined && keys.includes(selected) ? selected : keys[0];
}
