// SPDX-License-Identifier: MIT
//
// Back and forward through the places that somebody jumped from.  Pure.

export interface History {
  places: readonly number[];
  /** Which of them one is at; behind the last while one has not gone back. */
  at: number;
}

export const noHistory: History = { places: [], at: 0 };
const most = 100;

/** A jump: where it left from and where it leads.  What was forward is forgotten. */
export function jumped({ places, at }: History, from: number, to: number): History {
  const kept = [...places.slice(0, at), from].filter((place, index, all) => index === 0 || place !== all[index - 1]);
  const next = [...kept, to].slice(-most);
  return { places: next, at: next.length - 1 };
}

export function gone(history: History, step: 1 | -1): { history: History; to: number } | undefined {
  const at = history.at + step;
  const to = history.places[at];
  return to === undefined ? undefined : { history: { ...history, at }, to };
}
