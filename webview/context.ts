// SPDX-License-Identifier: MIT
//
// What any part of the page can ask for.  main.tsx provides it.

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Question, QuestionParams, QuestionResult, ViewCommand } from '../extension/protocol/view';
import type { State } from './state';
import type { View } from './view-state';

export interface Tip {
  /** In the window, where the thing that it explains is. */
  x: number;
  y: number;
  lines: readonly string[];
  /** Asked for by keyboard: also told to a screen reader. */
  spoken?: boolean;
}

export interface Actions {
  /** A change that depends on what is there is a function of it: several keys may be pressed between two drawings. */
  view: (change: Partial<View> | ((state: State) => Partial<View> | undefined)) => void;
  run: (command: ViewCommand, pid?: number) => void;
  /** What the server alone can tell, of the segment that is shown.  Rejects with the sentence that says why not. */
  ask: <Q extends Question>(question: Q, params: QuestionParams<Q>) => Promise<QuestionResult<Q>>;
  copy: (text: string) => void;
  /** Shows the terminal that a process runs in. */
  reveal: (pid: number) => void;
  /** A file of this name, saved where the person says. */
  save: (name: string, text: string) => void;
  /** A document beside the inspector: what a picture shows, as text. */
  openText: (title: string, text: string) => void;
  dismiss: () => void;
  /** Shows the one tooltip of the page, or takes it away. */
  tip: (tip: Tip | undefined) => void;
  /** Where a scroller was when the page was last here. */
  scrolled: (name: string) => number;
  scroll: (name: string, top: number) => void;
}

const nothing = (): void => undefined;

export const ActionsContext = createContext<Actions>({
  view: nothing,
  run: nothing,
  ask: () => Promise.reject(new Error('nobody to ask')),
  copy: nothing,
  reveal: nothing,
  save: nothing,
  openText: nothing,
  dismiss: nothing,
  tip: nothing,
  scrolled: () => 0,
  scroll: nothing,
});

export function useActions(): Actions {
  return useContext(ActionsContext);
}
