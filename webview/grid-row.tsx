// SPDX-License-Identifier: MIT
//
// The rows of a grid: the one of titles, by which it is sorted, and the others.

import * as l10n from '@vscode/l10n';
import type { FunctionComponent, JSX } from 'preact';
import { useActions } from './context';
import type { Grid } from './grid';
import { plainLook, sortedBy, type Column, type Look } from './grid-model';
import { pure } from './hooks';
import { Icon } from './parts';

interface HeadProps<R> {
  grid: Grid<R>;
  /** The column that has the focus, if it is in this row. */
  focused: number | undefined;
  /** The column that Tab reaches if there is no other row to reach. */
  reachable: number | undefined;
}

export function HeadRow<R>({ grid: { name, columns, look }, focused, reachable }: HeadProps<R>): JSX.Element {
  const { view } = useActions();
  const sort = (key: string): void =>
    view((state) => {
      const grids = state.view.grids ?? {};
      return { grids: { ...grids, [name]: sortedBy(grids[name] ?? plainLook, key) } };
    });
  return (
    <thead role="rowgroup">
      <tr role="row" aria-rowindex={1} data-row-head="">
        {columns.map(({ key, title, hint, align, names, controls, selected }, at) => {
          const sorted = look.sort === key;
          const classes = `${align === 'end' ? 'numeric' : ''} ${names ? 'names' : ''} ${controls ? 'actions' : ''} ${selected ? 'selected' : ''}`;
          return (
            <th
              key={key}
              scope="col"
              role="columnheader"
              class={classes}
              title={hint}
              data-column={at}
              aria-sort={sorted ? (look.descending ? 'descending' : 'ascending') : undefined}
              tabIndex={controls ? -1 : undefined}
            >
              {controls ? (
                <span class="hidden-text">{title}</span>
              ) : (
                <button type="button" class="sorter" tabIndex={(focused ?? reachable) === at ? 0 : -1} onClick={() => sort(key)}>
                  <span class="sorter-title">{title}</span>
                  {sorted ? <Icon name={look.descending ? 'down' : 'up'} /> : null}
                  <span class="hidden-text">{sortHint(look, key)}</span>
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

/** What pressing would do is not in aria-sort. */
function sortHint(look: Look, key: string): string {
  const next = sortedBy(look, key);
  if (next.sort === undefined) return l10n.t('press to sort no more');
  return next.descending ? l10n.t('press to sort descending') : l10n.t('press to sort ascending');
}

interface RowProps<R> {
  id: string;
  row: R;
  index: number;
  top: number;
  columns: readonly Column<R>[];
  class: string;
  selected: boolean;
  /** The column that has the focus, or gets it from Tab. */
  focused: number | undefined;
}

function drawRow<R>({ id, row, index, top, columns, class: classes, selected, focused }: RowProps<R>): JSX.Element {
  return (
    <tr
      role="row"
      data-row={id}
      class={`row ${classes}`}
      aria-rowindex={index + 2}
      aria-selected={selected}
      style={{ top: `${top}px` }}
    >
      {columns.map((column, at) => {
        const { key, align, names, controls, render, value, cellClass, cellHint, selected: marked } = column;
        const Cell = names ? 'th' : 'td';
        const shape = `${align === 'end' ? 'numeric' : ''} ${names ? 'names' : ''} ${controls ? 'actions' : ''} ${marked ? 'selected' : ''}`;
        return (
          <Cell
            key={key}
            role={names ? 'rowheader' : 'gridcell'}
            scope={names ? 'row' : undefined}
            class={`${shape} ${cellClass?.(row) ?? ''}`}
            data-column={at}
            title={cellHint?.(row)}
            tabIndex={controls ? undefined : focused === at ? 0 : -1}
          >
            {render ? render(row, focused === undefined ? -1 : 0) : (value(row) ?? '')}
          </Cell>
        );
      })}
    </tr>
  );
}

export const Row = pure(drawRow as FunctionComponent<RowProps<unknown>>) as <R>(props: RowProps<R>) => JSX.Element;
