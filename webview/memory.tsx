// SPDX-License-Identifier: MIT
//
// The bytes of the segment, straight from the object: to read, to search, to follow, to compare.  Nothing is read while the section is
// closed or out of sight.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { Header, Snapshot } from '../extension/protocol/model';
import type { ByteRange } from '../extension/protocol/view';
import { useActions } from './context';
import { useWidth } from './hooks';
import { byteAt } from './memory-bytes';
import { columnsOf, placeLines, type MemoryColumn } from './memory-column';
import { neighbour } from './memory-compare';
import { Comparing } from './memory-comparing';
import { MemoryGrid } from './memory-grid';
import { MemoryInspector } from './memory-inspector';
import { startOf } from './memory-rows';
import { useMemory, visibleRows, type Memory as Session } from './memory-session';
import { Find, GoTo, type Finder } from './memory-tools';
import { ageText, character, hexByte, hexBytes, hexOffset } from './memory-values';
import { useOnScreen } from './on-screen';
import { Button, Section } from './parts';
import type { State } from './state';
import './memory.css';

interface Props {
  state: State;
  snapshot: Snapshot;
  header: Header;
}

export function Memory(props: Props): JSX.Element {
  const { range } = props.state.view;
  const aside = range && rangeText(range);
  return (
    <Section name="memory" title={l10n.t('Memory')} aside={aside} closed={props.state.view.closed}>
      <Body {...props} />
    </Section>
  );
}

function rangeText({ offset, length }: ByteRange): string {
  return length === 1
    ? l10n.t('1 byte at {0}', hexOffset(offset))
    : l10n.t('{0} bytes at {1}', length.toLocaleString('en-US'), hexOffset(offset));
}

/** Less, and a row is eight bytes: the caret's column and the text beside it stay in sight. */
const wideEnough = 700;

function Body({ state, snapshot, header }: Props): JSX.Element {
  const { view, run, copy } = useActions();
  const [sized, width] = useWidth<HTMLDivElement>();
  const [seen, onScreen] = useOnScreen<HTMLDivElement>();
  const memory = useMemory(state, snapshot, header, width >= wideEnough ? 16 : 8, onScreen);
  const [goTo, find] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)];
  const finder = useRef<Finder>(undefined);
  const focus = useRef<() => void>(undefined);
  const columns = useMemo(() => columnsOf(snapshot, header), [snapshot]);
  const settings = state.view.memory ?? { column: 'data', everyMs: 1000 };
  const column = columns.find(({ key }) => key === settings.column) ?? columns[0];
  const back = (): void => focus.current?.();

  const lines = (offset: number): string[] => {
    const byte = byteAt(memory.reading.seen, offset);
    const since = memory.reading.seen?.changed.get(offset);
    return [
      byte === undefined ? l10n.t('not read yet') : `0x${hexByte(byte)} · ${byte} · ${character(byte)}`,
      ...placeLines(offset, snapshot, header).map(({ name, value }) => `${name}: ${value}`),
      ...(since === undefined ? [] : [ageText(performance.now() - since)]),
    ];
  };
  const copyBytes = (): void => {
    const { offset, length } = memory.range ?? { offset: memory.caret, length: 1 };
    const bytes = memory.reading.seen;
    if (bytes) copy(hexBytes(bytes.bytes.slice(Math.max(0, offset - bytes.offset), Math.max(0, offset - bytes.offset + length))));
  };
  const difference = (step: 1 | -1): void => {
    const run = neighbour(memory.differences, memory.caret, step);
    if (run) memory.jump(run.offset, run.length);
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const command = event.ctrlKey || event.metaKey;
    const keys: Record<string, () => void> = {
      Enter: () => memory.pointer && memory.jump(memory.pointer.offset),
      F3: () => finder.current?.next(event.shiftKey),
      F7: () => difference(event.shiftKey ? -1 : 1),
      Escape: () => view({ range: undefined }),
    };
    const commands: Record<string, () => void> = {
      g: () => goTo.current?.focus(),
      f: () => find.current?.focus(),
      c: copyBytes,
    };
    const travels: Record<string, () => void> = { ArrowLeft: () => memory.travel(-1), ArrowRight: () => memory.travel(1) };
    const act = event.altKey ? travels[event.key] : command ? commands[event.key.toLowerCase()] : keys[event.key];
    act?.();
    return act !== undefined;
  };
  return (
    <div ref={seen} class="memory">
      <div ref={sized} class="memory-tools">
        <GoTo memory={memory} snapshot={snapshot} header={header} input={goTo} onDone={back} />
        <Find memory={memory} input={find} finder={finder} onDone={back} />
      </div>
      <Settings
        memory={memory}
        columns={columns}
        column={column.key}
        everyMs={settings.everyMs}
        choose={(change) => view({ memory: { ...settings, ...change } })}
        open={() => run('peermap.openMemory', undefined, openedRange(memory))}
      />
      {memory.reading.error === undefined ? null : (
        <p class="empty" role="alert">
          {l10n.t('This could not be read: {0}', memory.reading.error)}
        </p>
      )}
      <div class="memory-body">
        <MemoryGrid memory={memory} header={header} label={column.label} lines={lines} onKey={onKey} focus={focus} />
        <MemoryInspector memory={memory} snapshot={snapshot} header={header} />
      </div>
      <p class="legend">
        <span>
          <i class="hex-byte age-0">00</i> {l10n.t('changed in the last second')}
        </span>
        <span>
          <i class="hex-byte age-1">00</i> {l10n.t('in the last 5 s')}
        </span>
        <span>
          <i class="hex-byte age-2">00</i> {l10n.t('in the last 30 s')}
        </span>
        {memory.kept ? (
          <span>
            <i class="hex-byte differs">00</i> {l10n.t('differs from what was remembered')}
          </span>
        ) : null}
      </p>
      <Comparing memory={memory} />
    </div>
  );
}

/** What an editor is asked to open: the selection if it is more than a byte, otherwise what is around. */
function openedRange({ range, extent, top }: Session): ByteRange {
  if (range && range.length > 1) return range;
  const offset = Math.max(extent.first, Math.floor(startOf(extent, top + visibleRows / 2) / 65536) * 65536);
  return { offset, length: Math.min(65536, extent.end - offset) };
}

interface SettingsProps {
  memory: Session;
  columns: readonly MemoryColumn[];
  column: string;
  everyMs: number;
  choose: (change: { column?: string; everyMs?: number }) => void;
  open: () => void;
}

function Settings({ memory, columns, column, everyMs, choose, open }: SettingsProps): JSX.Element {
  return (
    <div class="tool-row memory-settings">
      <select
        class="select"
        aria-label={l10n.t('The first column')}
        value={column}
        onChange={({ currentTarget }) => choose({ column: currentTarget.value })}
      >
        {columns.map(({ key, title }) => (
          <option key={key} value={key}>
            {title}
          </option>
        ))}
      </select>
      <select
        class="select"
        aria-label={l10n.t('How often it is read, besides when the segment changes')}
        value={String(everyMs)}
        onChange={({ currentTarget }) => choose({ everyMs: Number(currentTarget.value) })}
      >
        <option value="0">{l10n.t('Read when the segment changes')}</option>
        <option value="1000">{l10n.t('Read every second')}</option>
        <option value="250">{l10n.t('Read 4 times a second')}</option>
      </select>
      <Button
        label={memory.range && memory.range.length > 1 ? l10n.t('Remember the selection') : l10n.t('Remember this')}
        title={l10n.t('Keeps a copy, and marks what differs from it later')}
        onPress={() => void memory.keep()}
      />
      <Button
        label={l10n.t('Open in an editor')}
        title={l10n.t('The selection, or what is around, in the Hex Editor if it is installed')}
        onPress={open}
      />
    </div>
  );
}
