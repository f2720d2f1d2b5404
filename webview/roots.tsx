// SPDX-License-Identifier: MIT
//
// The roots, each a struct that can be opened: an ARIA treegrid.  Up and Down go from row to row, Right opens, Left closes or goes to
// the row that it is in, Enter goes to the bytes.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { formatBytes } from '../extension/protocol/address';
import type { Header, Snapshot } from '../extension/protocol/model';
import type { ByteRange } from '../extension/protocol/view';
import { useActions } from './context';
import { rowKey, tabRow } from './hooks';
import { ageStep } from './memory-bytes';
import { useShowBytes } from './memory-link';
import { ageText, hexOffset } from './memory-values';
import { useOnScreen } from './on-screen';
import { Button, Icon, Section } from './parts';
import { parentPath, treeRows, treeTsv, type TreeRow } from './roots-model';
import { useStructures } from './roots-reading';
import type { State } from './state';
import './roots.css';

interface Props {
  state: State;
  snapshot: Snapshot;
  header: Header;
}

export function Roots(props: Props): JSX.Element {
  const { roots } = props.snapshot;
  const aside = roots.length === 1 ? l10n.t('1 root') : l10n.t('{0} roots', roots.length);
  return (
    <Section name="roots" title={l10n.t('Roots')} aside={aside} closed={props.state.view.closed}>
      {roots.length === 0 ? (
        <p class="empty">
          {l10n.t(
            'No root: a program names the beginning of a data structure with peermap_set_root(), and finds it again by that name.',
          )}
        </p>
      ) : (
        <Tree {...props} />
      )}
    </Section>
  );
}

function Tree({ state, snapshot }: Props): JSX.Element {
  const { copy, openText } = useActions();
  const show = useShowBytes();
  const [seen, onScreen] = useOnScreen<HTMLDivElement>();
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const [selected, setSelected] = useState<string>();
  const { roots } = snapshot;
  const open = roots.map(({ name }) => name).filter((name) => expanded.has(name));
  const live = onScreen && !state.gone && state.file === undefined && state.server.state === 'running';
  const { reads, tookMs, now } = useStructures(open, snapshot, live);
  const rows = treeRows(roots, expanded, reads);
  const reachable = tabRow(
    rows.map(({ path }) => path),
    selected,
  );
  const expand = (path: string, to: boolean): void =>
    setExpanded((before) => new Set(to ? [...before, path] : [...before].filter((one) => one !== path)));
  const onKeyDown = (event: KeyboardEvent): void => {
    const element = event.currentTarget as HTMLElement;
    const focused = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
    const row = rows.find(({ path }) => path === focused?.dataset['row']);
    const moved = rowKey(event, element);
    if (moved !== undefined) setSelected(moved);
    else if (!row || event.altKey || event.target !== focused) return;
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'c') copy(row.value || row.name);
    else if (event.ctrlKey || event.metaKey) return;
    else if (event.key === 'ArrowRight' && row.expanded === false) expand(row.path, true);
    else if (event.key === 'ArrowLeft' && row.expanded) expand(row.path, false);
    else if (event.key === 'ArrowLeft') {
      const parent = parentPath(row.path);
      if (parent === undefined) return;
      setSelected(parent);
      element.querySelector<HTMLElement>(`[data-row="${CSS.escape(parent)}"]`)?.focus();
    } else if (event.key === 'Enter') {
      const range = rangeOf(row);
      if (range) show(range);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const chosen = rows.find(({ path }) => path === selected);
  const sources = open.flatMap((name) => reads[name]?.structure?.source ?? []);
  const source = sources[0];
  return (
    <div ref={seen} class="roots">
      <div class="tool-row">
        <Button
          label={l10n.t('Copy value')}
          title="Ctrl+C"
          icon="copy"
          reason={chosen ? undefined : l10n.t('no row is selected')}
          onPress={() => chosen && copy(chosen.value || chosen.name)}
        />
        <Button label={l10n.t('Copy as a table')} icon="copy" onPress={() => copy(treeTsv(roots, reads))} />
        <Button label={l10n.t('Open as text')} onPress={() => openText(`${state.segment} roots`, treeTsv(roots, reads))} />
      </div>
      <div class="scroller roots-scroller" onKeyDown={onKeyDown}>
        <table class="table" role="treegrid" aria-label={l10n.t('Roots, and what is in them')}>
          <thead>
            <tr>
              <th scope="col">{l10n.t('Name')}</th>
              <th scope="col">{l10n.t('Value')}</th>
              <th scope="col">{l10n.t('Type')}</th>
              <th scope="col" class="numeric">
                {l10n.t('Offset')}
              </th>
              <th scope="col" class="numeric">
                {l10n.t('Size')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row
                key={row.path}
                row={row}
                now={now}
                selected={row.path === selected}
                tabIndex={row.path === reachable ? 0 : -1}
                select={() => setSelected(row.path)}
                expand={(to) => expand(row.path, to)}
                show={show}
              />
            ))}
          </tbody>
        </table>
      </div>
      {source && tookMs !== undefined ? (
        <p class="quiet cost">
          {l10n.t(
            'Described by {0}, read by {1} in {2} ms; the next reading waits at least nine times as long.',
            source.file,
            source.reader,
            Math.round(tookMs),
          )}
        </p>
      ) : null}
    </div>
  );
}

/** Where Enter leads: to what a pointer points at, otherwise to the bytes themselves. */
function rangeOf({ target, offset, size }: TreeRow): ByteRange | undefined {
  if (target !== undefined) return { offset: target, length: 1 };
  return offset === undefined ? undefined : { offset, length: Math.max(1, size ?? 1) };
}

interface RowProps {
  row: TreeRow;
  now: number;
  selected: boolean;
  tabIndex: number;
  select: () => void;
  expand: (to: boolean) => void;
  show: (range: ByteRange) => void;
}

function Row({ row, now, selected, tabIndex, select, expand, show }: RowProps): JSX.Element {
  const { path, level, name, value, type, offset, size, target, expanded, changedAt, kind } = row;
  const step = changedAt === undefined ? undefined : ageStep(now - changedAt);
  const note = kind === 'note' || kind === 'omitted';
  return (
    <tr
      class={`row root-row level-${Math.min(level, 9)} ${kind}`}
      data-row={path}
      aria-level={level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={expanded}
      aria-selected={selected}
      tabIndex={tabIndex}
      onClick={select}
      onDblClick={() => expanded !== undefined && expand(!expanded)}
    >
      <th scope="row" class="root-name" colSpan={note ? 5 : 1}>
        {expanded === undefined ? (
          <span class="twisty" />
        ) : (
          <button
            type="button"
            class={expanded ? 'twisty open' : 'twisty'}
            tabIndex={-1}
            aria-label={expanded ? l10n.t('Close {0}', name) : l10n.t('Open {0}', name)}
            onClick={() => expand(!expanded)}
          >
            <Icon name="chevron" />
          </button>
        )}
        {name}
      </th>
      {note ? null : (
        <>
          <td class="root-value">
            <span class={kind === 'root' ? 'quiet' : step === undefined ? 'number' : `number age-${step}`} title={value}>
              {value}
            </span>
            {step === undefined ? null : <span class="root-age">{ageText(now - (changedAt ?? now))}</span>}
            {target === undefined ? null : (
              <button
                type="button"
                class="link number root-target"
                tabIndex={tabIndex}
                title={l10n.t('Go to what it points at')}
                onClick={() => show({ offset: target, length: 1 })}
              >
                → {hexOffset(target)}
              </button>
            )}
          </td>
          <td class="number">{type === '' ? <span class="quiet">{l10n.t('none')}</span> : type}</td>
          <td class="numeric">
            {offset === undefined ? null : (
              <button
                type="button"
                class="link number"
                tabIndex={tabIndex}
                title={l10n.t('Go to its bytes')}
                onClick={() => show({ offset, length: Math.max(1, size ?? 1) })}
              >
                {hexOffset(offset)}
              </button>
            )}
          </td>
          <td class="numeric">{size === undefined ? null : formatBytes(size)}</td>
        </>
      )}
    </tr>
  );
}
