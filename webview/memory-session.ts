// SPDX-License-Identifier: MIT
//
// The hex view's state: where it is, what is selected, what was read, what was kept to compare with, where one came from.

import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Header, Snapshot } from '../extension/protocol/model';
import type { ByteRange } from '../extension/protocol/view';
import { useActions } from './context';
import { byteAt, fromBase64 } from './memory-bytes';
import { differencesOf, mostKept, type Kept } from './memory-compare';
import { gone, jumped, noHistory, type History } from './memory-history';
import { pointerIn } from './memory-values';
import { targetOf, type Target } from './memory-places';
import { useReading, type Reading } from './memory-reading';
import { between, clampTo, revealing, rowCount, rowOf, startOf, type Extent } from './memory-rows';
import type { State } from './state';

export const visibleRows = 20;
/** Rows that are read beyond those in sight, so that a step finds them there. */
const aroundRows = 20;

/** A copy of no more than this is compared with every reading; a larger one when the person asks. */
const mostFollowed = 64 * 1024;

export interface Memory {
  extent: Extent;
  /** The first row in sight. */
  top: number;
  scrollTo: (row: number) => void;
  caret: number;
  /** Undefined: nothing is selected, and the caret is at the beginning. */
  range: ByteRange | undefined;
  /** Moves the caret, from where it is by then if that is a function: several keys may come between two drawings.  `extend` from where the selection began. */
  place: (offset: number | ((caret: number) => number), extend?: boolean) => void;
  /** To somewhere else, so that `back` comes here again. */
  jump: (offset: number, length?: number) => void;
  travel: (step: 1 | -1) => void;
  canTravel: (step: 1 | -1) => boolean;
  reading: Reading;
  /** Up to eight bytes from the caret. */
  atCaret: Uint8Array;
  pointer: Target | undefined;
  kept: Kept | undefined;
  /** The same bytes as they were when they were last compared. */
  compared: Kept | undefined;
  differences: readonly ByteRange[];
  keep: () => Promise<void>;
  compare: () => Promise<void>;
  forget: () => void;
}

export function useMemory(state: State, snapshot: Snapshot, header: Header, perRow: number, onScreen: boolean): Memory {
  const { view, ask, scrolled, scroll } = useActions();
  const first = -header.headerLength;
  const end = Math.max(header.active, snapshot.object.length - header.headerLength);
  const extent: Extent = { first, end, perRow };
  const last = Math.max(0, rowCount(extent) - visibleRows);
  const [topOffset, setTopOffset] = useState(() => scrolled('memory'));
  const top = Math.min(last, Math.max(0, rowOf(extent, clampTo(extent, topOffset))));
  const scrollTo = (row: number): void => {
    const offset = startOf(extent, Math.min(last, Math.max(0, row)));
    setTopOffset(offset);
    scroll('memory', offset);
  };

  const { range } = state.view;
  const caretAtEnd = useRef(false);
  const rangeEnd = range ? range.offset + Math.max(1, range.length) - 1 : 0;
  const caret = clampTo(extent, range ? (caretAtEnd.current ? rangeEnd : range.offset) : 0);
  const place = (offset: number | ((caret: number) => number), extend = false): void => {
    view(({ view: { range: before } }) => {
      const lastByte = before ? before.offset + Math.max(1, before.length) - 1 : 0;
      const from = caretAtEnd.current ? lastByte : (before?.offset ?? 0);
      const to = clampTo(extent, typeof offset === 'number' ? offset : offset(clampTo(extent, from)));
      const anchor = !extend || !before ? to : caretAtEnd.current ? before.offset : lastByte;
      caretAtEnd.current = to > anchor;
      return { range: between(anchor, to) };
    });
  };
  // Also what was selected elsewhere comes into sight: a little below the top, unless it is in sight already.
  useLayoutEffect(() => {
    if (!range) return;
    const row = rowOf(extent, caret);
    const far = row < top - visibleRows || row >= top + 2 * visibleRows;
    const next = far ? row - 3 : revealing(extent, top, visibleRows, caret);
    if (next !== top) scrollTo(next);
  }, [range?.offset, range?.length]);

  const [history, setHistory] = useState<History>(noHistory);
  const goTo = (offset: number, length = 1): void => {
    caretAtEnd.current = false;
    view({ range: { offset: clampTo(extent, offset), length } });
  };
  const jump = (offset: number, length?: number): void => {
    setHistory((before) => jumped(before, caret, clampTo(extent, offset)));
    goTo(offset, length);
  };
  const travel = (step: 1 | -1): void => {
    const next = gone(history, step);
    if (!next) return;
    setHistory(next.history);
    goTo(next.to);
  };

  const [kept, setKept] = useState<Kept>();
  const [compared, setCompared] = useState<Kept>();
  const differences = useMemo(() => (kept && compared ? differencesOf(kept, compared) : []), [kept, compared]);
  const [failure, setFailure] = useState<string>();
  const visible = bytesOfRows(extent, top, visibleRows);
  const reading = useReading({
    visible,
    around: bytesOfRows(extent, Math.max(0, top - aroundRows), visibleRows + 2 * aroundRows),
    trigger: snapshot,
    everyMs: state.view.memory?.everyMs === undefined ? 1000 : state.view.memory.everyMs || undefined,
    enabled: onScreen && !state.gone && state.file === undefined && state.server.state === 'running',
    onRead: () => {
      if (kept && kept.bytes.length <= mostFollowed) void compare();
    },
  });
  const { seen } = reading;

  const chosen = range && range.length > 1 ? range : visible;
  const read = async ({ offset, length }: ByteRange): Promise<Kept> => {
    const answer = await ask('peermap/read', { offset, length: Math.min(length, mostKept) });
    return { offset: answer.offset, bytes: fromBase64(answer.bytes), atMs: answer.takenAtMs };
  };
  const attempt = (work: Promise<void>): Promise<void> =>
    work.then(
      () => setFailure(undefined),
      (error: unknown) => setFailure(error instanceof Error ? error.message : String(error)),
    );
  const keep = (): Promise<void> =>
    attempt(
      read(chosen).then((copy) => {
        setKept(copy);
        setCompared(copy);
      }),
    );
  const compare = (): Promise<void> =>
    kept ? attempt(read({ offset: kept.offset, length: kept.bytes.length }).then(setCompared)) : Promise.resolve();
  const atCaret = seen
    ? seen.bytes.slice(Math.max(0, caret - seen.offset), Math.max(0, caret - seen.offset + 8))
    : new Uint8Array();
  const bytes = byteAt(seen, caret) === undefined ? new Uint8Array() : atCaret;
  const value = pointerIn(bytes);
  return {
    extent,
    top,
    scrollTo,
    caret,
    range,
    place,
    jump,
    travel,
    canTravel: (step) => gone(history, step) !== undefined,
    reading: failure === undefined ? reading : { ...reading, error: failure },
    atCaret: bytes,
    pointer: value === undefined ? undefined : targetOf(value, snapshot, header),
    kept,
    compared,
    differences,
    keep,
    compare,
    forget: () => {
      setKept(undefined);
      setCompared(undefined);
    },
  };
}

function bytesOfRows(extent: Extent, row: number, count: number): ByteRange {
  const offset = startOf(extent, row);
  return { offset, length: Math.min(count * extent.perRow, extent.end - offset) };
}
