// SPDX-License-Identifier: MIT
//
// What the person looking has chosen: selection, zoom, what is open.  It outlives the page: VS Code throws a hidden webview away and
// hands the saved object to the next one.  That object may come from an older version, so nothing in it is believed unchecked.

import type { ViewState } from '../extension/protocol/view';
import { plainLook, type Look } from './grid-model';

/** In the order of the page. */
export const sections = [
  'registry',
  'matrix',
  'map',
  'timeline',
  'charts',
  'drift',
  'memory',
  'heap',
  'roots',
  'problems',
] as const;
export type SectionName = (typeof sections)[number];

export interface View {
  /** Key of the selected process (peer.ts). */
  peer?: string | undefined;
  /** Sequence number of the selected event. */
  event?: number | undefined;
  /** The selected bytes, from the beginning of the data: the same in the matrix, the map, the memory and the roots. */
  range?: { offset: number; length: number } | undefined;
  /** The matrix shows what was so after this event; undefined: what is so now. */
  moment?: number | undefined;
  /** The timeline's right edge is now. */
  follow: boolean;
  /** Width of the timeline in nanoseconds, and its right edge when it does not follow. */
  span: number;
  end: number;
  /** The offsets that the address map shows; undefined: all there are. */
  zoom?: { start: number; end: number } | undefined;
  /** The stretch of time that was selected in the timeline. */
  stretch?: { from: number; to: number } | undefined;
  closed: readonly SectionName[];
  /** How tables are sorted and filtered, by their names; those that are not here, not at all. */
  grids?: Readonly<Record<string, Look>>;
}

export const shortestSpan = 1e3;
export const longestSpan = 7 * 86_400e9;
/** What costs something to look at is closed until somebody wants it. */
export const initialView: View = { follow: true, span: 10e9, end: 0, closed: ['memory', 'heap', 'roots'] };

export interface Saved {
  segment: string;
  view: View;
  /** scrollTop by name of the scroller. */
  scroll: Record<string, number>;
}

export function toViewState(saved: Saved): ViewState {
  return { segment: saved.segment, view: { ...saved.view }, scroll: { ...saved.scroll } };
}

export function fromViewState(state: unknown): Saved {
  const saved = isRecord(state) ? state : {};
  const view = isRecord(saved['view']) ? saved['view'] : {};
  const scroll = isRecord(saved['scroll']) ? saved['scroll'] : {};
  const closed: readonly unknown[] = Array.isArray(view['closed']) ? view['closed'] : initialView.closed;
  const range = isRecord(view['range']) ? view['range'] : {};
  const stretch = isRecord(view['stretch']) ? view['stretch'] : {};
  const zoom = isRecord(view['zoom']) ? view['zoom'] : {};
  const [start, end] = [finite(zoom['start']), finite(zoom['end'])];
  const [from, to] = [finite(stretch['from']), finite(stretch['to'])];
  const [offset, length] = [finite(range['offset']), finite(range['length'])];
  return {
    segment: typeof saved['segment'] === 'string' ? saved['segment'] : '',
    view: {
      peer: typeof view['peer'] === 'string' ? view['peer'] : undefined,
      event: finite(view['event']),
      range: offset === undefined || length === undefined ? undefined : { offset, length },
      moment: finite(view['moment']),
      follow: view['follow'] !== false,
      span: Math.min(Math.max(finite(view['span']) ?? initialView.span, shortestSpan), longestSpan),
      end: finite(view['end']) ?? 0,
      zoom: start === undefined || end === undefined || end <= start ? undefined : { start, end },
      stretch: from === undefined || to === undefined ? undefined : { from, to },
      closed: sections.filter((name) => closed.includes(name)),
      grids: looks(view['grids']),
    },
    scroll: Object.fromEntries(
      Object.entries(scroll).filter((entry): entry is [string, number] => finite(entry[1]) !== undefined),
    ),
  };
}

function looks(saved: unknown): Record<string, Look> {
  const entries = isRecord(saved) ? Object.entries(saved) : [];
  return Object.fromEntries(
    entries.map(([name, look]) => {
      const { filter, sort, descending } = isRecord(look) ? look : {};
      return [
        name,
        {
          filter: typeof filter === 'string' ? filter : plainLook.filter,
          sort: typeof sort === 'string' ? sort : undefined,
          descending: descending === true,
        },
      ];
    }),
  );
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
