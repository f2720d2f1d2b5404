// SPDX-License-Identifier: MIT

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import type { Header, Snapshot } from '../extension/protocol/model';
import { Section } from './parts';
import type { State } from './state';

export function HeapView({ state }: { state: State; snapshot: Snapshot; header: Header }): JSX.Element {
  return (
    <Section name="heap" title={l10n.t('Heap')} closed={state.view.closed}>
      <p class="empty" />
    </Section>
  );
}
