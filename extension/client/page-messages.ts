// SPDX-License-Identifier: MIT
//
// What the page of a panel posts, until it is understood: what is no message is dropped; what opens a dialog or a document is not begun again while it has not ended;
// and a failure ends in the log.

import type { FromView } from '../protocol/view';
import { pageMessage } from '../protocol/page-message';

/** One of these at a time: a person answers it. */
const oneAtATime: ReadonlySet<string> = new Set<FromView['kind']>(['save', 'text', 'reveal']);

export function pageMessages(
  receive: (message: FromView) => Promise<void>,
  failed: (error: unknown) => void,
): (value: unknown) => void {
  const busy = new Set<string>();
  return (value) => {
    const message = pageMessage(value);
    if (!message || busy.has(message.kind)) return;
    if (oneAtATime.has(message.kind)) busy.add(message.kind);
    receive(message)
      .catch(failed)
      .finally(() => busy.delete(message.kind));
  };
}
