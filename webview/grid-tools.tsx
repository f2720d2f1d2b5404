// SPDX-License-Identifier: MIT
//
// What goes with a table, beside its section's title: the filter, and a menu of ways to take the rows along.

import * as l10n from '@vscode/l10n';
import type { ComponentChildren, JSX } from 'preact';
import { useActions } from './context';
import type { Grid } from './grid';
import { plainLook, toCsv, toJson, toTsv } from './grid-model';
import { Menu, type MenuItem } from './menu';

interface Props<R> {
  of: Grid<R>;
  /** Of the files and the document, without an ending: "demo registry". */
  title: string;
  /** What else the menu offers. */
  items?: readonly MenuItem[];
  children?: ComponentChildren;
}

export function GridTools<R>({ of: grid, title, items = [], children }: Props<R>): JSX.Element {
  const { name, columns, rows, shown, look } = grid;
  const { view, copy, save, openText } = useActions();
  const filter = (text: string): void =>
    view(({ view: { grids = {} } }) => ({ grids: { ...grids, [name]: { ...(grids[name] ?? plainLook), filter: text } } }));
  const file = title.replace(/[^\w.-]+/g, '-');
  return (
    <div class="tool-row">
      {children}
      {look.filter === '' ? null : (
        <span class="quiet" role="status">
          {l10n.t('{0} of {1}', shown.length.toLocaleString('en-US'), rows.length.toLocaleString('en-US'))}
        </span>
      )}
      <input
        type="search"
        class="filter"
        placeholder={l10n.t('Filter')}
        aria-label={l10n.t('Filter: {0}', grid.label)}
        value={look.filter}
        onInput={({ currentTarget }) => filter(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') filter('');
        }}
      />
      <Menu
        label={l10n.t('Copy and export: {0}', grid.label)}
        icon="more"
        items={[
          ...items,
          { label: l10n.t('Copy as a table'), onPress: () => copy(toTsv(columns, shown)) },
          { label: l10n.t('Export as CSV…'), onPress: () => save(`${file}.csv`, toCsv(columns, shown)) },
          { label: l10n.t('Export as JSON…'), onPress: () => save(`${file}.json`, toJson(columns, shown)) },
          { label: l10n.t('Open as text'), onPress: () => openText(title, toTsv(columns, shown)) },
        ]}
      />
    </div>
  );
}
