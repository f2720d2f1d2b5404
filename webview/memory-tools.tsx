// SPDX-License-Identifier: MIT
//
// Above the bytes: where to go, and what to find.

import * as l10n from '@vscode/l10n';
import type { JSX, RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Header, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { placeLines } from './memory-column';
import { parsePlace } from './memory-places';
import { find, parsePattern, patternKinds, type PatternKind } from './memory-search';
import type { Memory } from './memory-session';
import { hexOffset } from './memory-values';
import { Button } from './parts';

interface GoToProps {
  memory: Memory;
  snapshot: Snapshot;
  header: Header;
  input: RefObject<HTMLInputElement | null>;
  onDone: () => void;
}

export function GoTo({ memory, snapshot, header, input, onDone }: GoToProps): JSX.Element {
  const [text, setText] = useState('');
  const placeOf = (typed: string) => (typed.trim() === '' ? undefined : parsePlace(typed, snapshot, header));
  const parsed = placeOf(text);
  const go = (typed: string): void => {
    const place = placeOf(typed);
    if (place?.kind !== 'place') return;
    memory.jump(place.offset);
    onDone();
  };
  return (
    <div class="memory-tool">
      <div class="tool-row">
        <Button
          label={l10n.t('Back')}
          icon="back"
          bare
          reason={memory.canTravel(-1) ? undefined : l10n.t('nowhere to go back to')}
          onPress={() => memory.travel(-1)}
        />
        <Button
          label={l10n.t('Forward')}
          icon="forward"
          bare
          reason={memory.canTravel(1) ? undefined : l10n.t('nowhere to go forward to')}
          onPress={() => memory.travel(1)}
        />
        <input
          ref={input}
          class="filter"
          value={text}
          placeholder={l10n.t('Go to: 0x1000, an address, a root, 25%')}
          aria-label={l10n.t('Go to an offset, an address of a peer, a root or a percentage')}
          aria-invalid={parsed?.kind === 'error'}
          aria-describedby="memory-place"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') go(event.currentTarget.value);
            else if (event.key === 'Escape') onDone();
          }}
        />
        <Button
          label={l10n.t('Go')}
          reason={parsed?.kind === 'place' ? undefined : l10n.t('no place yet')}
          onPress={() => go(text)}
        />
      </div>
      <p id="memory-place" class="memory-hint" role="status">
        {parsed?.kind === 'error' ? parsed.text : null}
        {parsed?.kind === 'place' ? (
          <>
            {parsed.how}:{' '}
            {placeLines(parsed.offset, snapshot, header).map(({ name, value }) => (
              <span key={name} class="memory-name">
                {name} <span class="number">{value}</span>
              </span>
            ))}
          </>
        ) : null}
      </p>
    </div>
  );
}

const kindTitles = (): Record<PatternKind, string> => ({
  text: l10n.t('Text'),
  hex: l10n.t('Bytes'),
  int16: l10n.t('16-bit integer'),
  int32: l10n.t('32-bit integer'),
  int64: l10n.t('64-bit integer'),
  float: l10n.t('float'),
  double: l10n.t('double'),
});

type Result = { kind: 'none' } | { kind: 'searching'; share: number } | { kind: 'told'; text: string };

export interface Finder {
  next: (backwards: boolean) => void;
}

interface FindProps {
  memory: Memory;
  input: RefObject<HTMLInputElement | null>;
  /** For the keys of the grid. */
  finder: { current: Finder | undefined };
  onDone: () => void;
}

export function Find({ memory, input, finder, onDone }: FindProps): JSX.Element {
  const { ask } = useActions();
  const [text, setText] = useState('');
  const [kind, setKind] = useState<PatternKind>('text');
  const [result, setResult] = useState<Result>({ kind: 'none' });
  /** The search under way; another one, or none, cancels it. */
  const running = useRef(0);
  /** What is typed may be searched for before it is drawn. */
  const asked = useRef({ text, kind });
  const next = (backwards: boolean): void => {
    const parsed = parsePattern(asked.current.kind, asked.current.text);
    if (parsed.kind === 'error') {
      setResult({ kind: 'told', text: parsed.text });
      return;
    }
    const { pattern } = parsed;
    const turn = (running.current += 1);
    const cancelled = (): boolean => turn !== running.current;
    setResult({ kind: 'searching', share: 0 });
    find({
      pattern,
      from: memory.caret,
      backwards,
      extent: memory.extent,
      search: (params) => ask('peermap/search', params),
      read: (params) => ask('peermap/read', params),
      progress: (share) => {
        if (!cancelled()) setResult({ kind: 'searching', share });
      },
      cancelled,
    })
      .then((found) => {
        if (cancelled()) return;
        if (found.kind === 'found') memory.jump(found.offset, pattern.length);
        setResult({ kind: 'told', text: found.kind === 'found' ? foundText(found.offset, found.wrapped) : l10n.t('Not found.') });
      })
      .catch((error: unknown) => {
        if (!cancelled()) setResult({ kind: 'told', text: error instanceof Error ? error.message : String(error) });
      });
  };
  finder.current = { next };
  const cancel = (): void => {
    running.current += 1;
    setResult({ kind: 'told', text: l10n.t('The search was cancelled.') });
  };
  const percent = result.kind === 'searching' ? Math.floor(result.share * 100) : 0;
  return (
    <div class="memory-tool">
      <div class="tool-row">
        <input
          ref={input}
          type="search"
          class="filter"
          value={text}
          placeholder={kind === 'hex' ? 'de ad ?? ef' : l10n.t('Find')}
          aria-label={l10n.t('Find in memory')}
          aria-describedby="memory-found"
          onInput={({ currentTarget }) => {
            asked.current = { ...asked.current, text: currentTarget.value };
            setText(currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' || event.key === 'F3') next(event.shiftKey);
            else if (event.key === 'Escape' && result.kind === 'searching') cancel();
            else if (event.key === 'Escape') onDone();
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <select
          class="select"
          aria-label={l10n.t('What to find')}
          value={kind}
          onChange={({ currentTarget }) => {
            asked.current = { ...asked.current, kind: currentTarget.value as PatternKind };
            setKind(asked.current.kind);
          }}
        >
          {patternKinds.map((one) => (
            <option key={one} value={one}>
              {kindTitles()[one]}
            </option>
          ))}
        </select>
        <Button label={l10n.t('Previous')} icon="up" bare onPress={() => next(true)} />
        <Button label={l10n.t('Next')} icon="down" bare onPress={() => next(false)} />
        {result.kind === 'searching' ? <Button label={l10n.t('Cancel')} icon="close" bare onPress={cancel} /> : null}
      </div>
      <p id="memory-found" class="memory-hint" role="status">
        {result.kind === 'searching' ? l10n.t('Searching … {0} %', percent) : null}
        {result.kind === 'told' ? result.text : null}
      </p>
    </div>
  );
}

function foundText(offset: number, wrapped: boolean): string {
  return wrapped ? l10n.t('Found at {0}, from the other end.', hexOffset(offset)) : l10n.t('Found at {0}.', hexOffset(offset));
}
