// SPDX-License-Identifier: MIT
//
// Who answers the page's questions in its tests: the memory of a segment that the test writes into, and whatever else it is given.

import type { ToView } from '../../extension/protocol/view';
import type { Shown } from './preview';

declare global {
  interface Window {
    /** The data of the segment, without the header; read and searched as the server does. */
    memory: Uint8Array<ArrayBuffer>;
    answers: Record<string, unknown>;
    asked: { question: string; params: Record<string, unknown> }[];
  }
}

/** From now on the page gets answers.  `answers`: results by question. */
export async function answering(shown: Shown, bytes: number, answers: Record<string, unknown> = {}): Promise<void> {
  await shown.page.evaluate(
    ({ bytes, answers }) => {
      window.memory = new Uint8Array(bytes);
      window.answers = answers;
      window.asked = [];
      const read = ({ offset, length }: Record<string, number>): unknown => {
        const from = offset ?? 0;
        const end = Math.min(from + (length ?? 0), window.memory.length);
        const taken = Array.from({ length: end - from }, (_, at) => window.memory[from + at] ?? 0xee);
        return { offset, bytes: btoa(String.fromCharCode(...taken)), takenAtMs: Date.now() };
      };
      const search = ({ from, pattern, backwards }: { from: number; pattern: string; backwards?: boolean }): unknown => {
        const wanted = Array.from(atob(pattern), (one) => one.charCodeAt(0));
        const isAt = (at: number): boolean => wanted.every((byte, index) => window.memory[at + index] === byte);
        const step = backwards ? -1 : 1;
        const piece = 4096;
        let at = backwards ? from - 1 : Math.max(0, from);
        for (let looked = 0; looked < piece; looked += 1, at += step) {
          if (at < 0 || at >= window.memory.length) return { until: at, end: true };
          if (isAt(at)) return { found: at, until: at, end: false };
        }
        return { until: at, end: false };
      };
      const { posted } = window;
      const push = posted.push.bind(posted);
      posted.push = (message) => {
        if (message.kind === 'ask') {
          const { id, question, params } = message;
          window.asked.push({ question, params });
          const other = window.answers[question];
          const result =
            question === 'peermap/read'
              ? read(params as Record<string, number>)
              : question === 'peermap/search'
                ? search(params as { from: number; pattern: string })
                : other;
          const answer: ToView =
            result === undefined ? { kind: 'answer', id, error: 'Nobody answers this.' } : { kind: 'answer', id, result };
          setTimeout(() => window.postMessage(answer, '*'), 2);
        }
        return push(message);
      };
    },
    { bytes, answers },
  );
}

export async function asked(shown: Shown, question: string): Promise<Record<string, unknown>[]> {
  const all = await shown.page.evaluate(() => window.asked);
  return all.filter((one) => one.question === question).map(({ params }) => params);
}
