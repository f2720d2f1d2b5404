// SPDX-License-Identifier: MIT
//
// From anywhere in the page to the bytes.

import type { ByteRange } from '../extension/protocol/view';
import { useActions } from './context';
import { opened } from './state';

/** Opens the memory at these bytes, and brings it into sight. */
export function useShowBytes(): (range: ByteRange) => void {
  const { view } = useActions();
  return (range) => {
    view((state) => opened(state.view, 'memory', range));
    // The section is drawn, open, in the frame that follows.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => document.getElementById('memory')?.scrollIntoView({ block: 'nearest' })),
    );
  };
}
