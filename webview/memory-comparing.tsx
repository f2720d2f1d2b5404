// SPDX-License-Identifier: MIT
//
// Below the bytes: what differs from the moment that was remembered.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { countOf, neighbour, type Kept } from './memory-compare';
import type { Memory } from './memory-session';
import { hexBytes, hexOffset } from './memory-values';
import { Button } from './parts';

const mostListed = 200;

export function Comparing({ memory }: { memory: Memory }): JSX.Element | null {
  const { kept, compared, differences, caret } = memory;
  if (!kept) return null;
  const step = (direction: 1 | -1): void => {
    const run = neighbour(differences, caret, direction);
    if (run) memory.jump(run.offset, run.length);
  };
  const some = (of: Kept | undefined, offset: number, length: number): string =>
    of ? hexBytes(of.bytes.slice(offset - of.offset, offset - of.offset + Math.min(length, 8))) : '';
  const none = differences.length === 0 ? l10n.t('nothing differs') : undefined;
  const where = l10n.t(
    '{0} bytes from {1}, remembered at {2}',
    kept.bytes.length.toLocaleString('en-US'),
    hexOffset(kept.offset),
    new Date(kept.atMs).toLocaleTimeString(),
  );
  return (
    <div class="comparing">
      <div class="tool-row">
        <span>{where}</span>
        <span role="status">{differencesText(countOf(differences), differences.length)}</span>
        <Button label={l10n.t('Previous difference')} title="Shift+F7" icon="up" bare reason={none} onPress={() => step(-1)} />
        <Button label={l10n.t('Next difference')} title="F7" icon="down" bare reason={none} onPress={() => step(1)} />
        <Button label={l10n.t('Compare again')} onPress={() => void memory.compare()} />
        <Button label={l10n.t('Forget')} onPress={memory.forget} />
      </div>
      {differences.length === 0 ? null : (
        <div class="scroller differences">
          <table class="table" aria-label={l10n.t('What differs')}>
            <thead>
              <tr>
                <th scope="col">{l10n.t('Where')}</th>
                <th scope="col" class="numeric">
                  {l10n.t('Bytes')}
                </th>
                <th scope="col">{l10n.t('Then')}</th>
                <th scope="col">{l10n.t('Now')}</th>
              </tr>
            </thead>
            <tbody>
              {differences.slice(0, mostListed).map(({ offset, length }) => (
                <tr key={offset}>
                  <td>
                    <button type="button" class="link number" onClick={() => memory.jump(offset, length)}>
                      {hexOffset(offset)}
                    </button>
                  </td>
                  <td class="numeric">{length.toLocaleString('en-US')}</td>
                  <td class="number">{some(kept, offset, length)}</td>
                  <td class="number">{some(compared, offset, length)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {differences.length > mostListed ? (
            <p class="empty">{l10n.t('{0} more are not listed.', (differences.length - mostListed).toLocaleString('en-US'))}</p>
          ) : null}
        </div>
      )}
    </div>
  );
}

function differencesText(bytes: number, runs: number): string {
  if (runs === 0) return l10n.t('no byte differs');
  const places = runs === 1 ? l10n.t('1 place') : l10n.t('{0} places', runs.toLocaleString('en-US'));
  return bytes === 1 ? l10n.t('1 byte differs') : l10n.t('{0} bytes differ, in {1}', bytes.toLocaleString('en-US'), places);
}
