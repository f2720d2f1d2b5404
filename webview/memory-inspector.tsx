// SPDX-License-Identifier: MIT
//
// Beside the bytes: what those at the caret may mean, and where they are.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import type { Header, Snapshot } from '../extension/protocol/model';
import { placeLines } from './memory-column';
import { namesText, type Target } from './memory-places';
import type { Memory } from './memory-session';
import { hexOffset, meaningsOf, pointerIn } from './memory-values';
import { Button } from './parts';

export function MemoryInspector({
  memory,
  snapshot,
  header,
}: {
  memory: Memory;
  snapshot: Snapshot;
  header: Header;
}): JSX.Element {
  const { atCaret, pointer, caret, range } = memory;
  const value = pointerIn(atCaret);
  const root = snapshot.roots.find(({ offset, size }) => caret >= offset && caret < offset + Math.max(1, size));
  return (
    <div class="memory-inspector">
      <table class="values" aria-label={l10n.t('The bytes at the caret as numbers')}>
        <thead>
          <tr>
            <th scope="col">{l10n.t('At {0}', hexOffset(caret))}</th>
            <th scope="col">{l10n.t('Little endian')}</th>
            <th scope="col">{l10n.t('Big endian')}</th>
          </tr>
        </thead>
        <tbody>
          {meaningsOf(atCaret).map(({ name, size, little, big }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number" colSpan={size === 1 ? 2 : 1}>
                {little}
              </td>
              {size === 1 ? null : <td class="number">{big}</td>}
            </tr>
          ))}
          {value === undefined ? null : (
            <tr>
              <th scope="row">{l10n.t('pointer')}</th>
              <td class="number" colSpan={2}>
                0x{value.toString(16)}
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {atCaret.length === 0 ? <p class="empty">{l10n.t('Not read yet.')}</p> : null}
      {pointer ? (
        <p class="leads">
          <span>{leadText(pointer)}</span>
          <Button label={l10n.t('Follow')} title={l10n.t('Enter')} icon="forward" onPress={() => memory.jump(pointer.offset)} />
        </p>
      ) : null}
      <dl class="places">
        {range && range.length > 1 ? (
          <div>
            <dt>{l10n.t('Selected')}</dt>
            <dd class="number">{l10n.t('{0} bytes', range.length.toLocaleString('en-US'))}</dd>
          </div>
        ) : null}
        {root ? (
          <div>
            <dt>{l10n.t('In the root')}</dt>
            <dd>
              {root.name} <span class="number">+{hexOffset(caret - root.offset)}</span>
            </dd>
          </div>
        ) : null}
        {placeLines(caret, snapshot, header)
          .slice(0, 6)
          .map(({ name, value: at }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="number">{at}</dd>
            </div>
          ))}
      </dl>
    </div>
  );
}

function leadText({ offset, as, names }: Target): string {
  return as === 'address'
    ? l10n.t('As an address of {0} it leads to {1}.', namesText(names), hexOffset(offset))
    : l10n.t('As an offset it leads to {0}.', hexOffset(offset));
}
