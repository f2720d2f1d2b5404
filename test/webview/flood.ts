// SPDX-License-Identifier: MIT
//
// A segment that is busier than any: pours events into the page as the extension would, and measures what that does to it.  The functions
// run in the page, so each stands for itself.

import type { Shown } from './preview';

export interface Poured {
  sent: number;
  seconds: number;
  /** Lengths in ms. */
  longTasks: number[];
  frames: number[];
}

export interface Pour {
  /** Sequence number of the first event, and of how many; `rate` a second, or 0: as fast as they are taken. */
  from: number;
  count: number;
  rate: number;
  peers: number;
  /** Time of the first event, and from one to the next. */
  startNs: number;
  stepNs: number;
}

/** Rounds of a growth that asks each of so many peers, one after the other. */
export function pour(shown: Shown, what: Pour): Promise<Poured> {
  return shown.page.evaluate(async ({ from, count, rate, peers, startNs, stepNs }) => {
    const longTasks: number[] = [];
    const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: 'longtask' });
    const frames: number[] = [];
    let last = performance.now();
    let watching = true;
    const watch = (): void => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      if (watching) requestAnimationFrame(watch);
    };
    requestAnimationFrame(watch);
    const perRound = 2 * peers + 2;
    const none = { error: 0, bySlot: 0, byPid: 20_000 };
    const event = (seq: number): object => {
      const [round, step] = [Math.floor((seq - 1) / perRound), (seq - 1) % perRound];
      const slot = (step - 1) % peers;
      const kind = step === 0 ? 'round-begin' : step <= peers ? 'map-request' : step < perRound - 1 ? 'map-ack' : 'round-end';
      const whole = kind === 'round-begin' || kind === 'round-end';
      const size = (64 + (round % 512)) * 65_536;
      const ns =
        kind === 'map-ack' ? peers * stepNs : kind === 'round-end' ? (perRound - 1) * stepNs : kind === 'round-begin' ? size : 0;
      return {
        seq,
        timeNs: startNs + (seq - from) * stepNs,
        epoch: round + 1,
        kind,
        method: kind === 'map-ack' ? 'agent' : 'none',
        op: whole ? 'grow' : 'none',
        slot: whole ? -1 : slot,
        pid: whole ? 0 : 20_000 + slot * 3,
        size,
        ns,
        ...none,
      };
    };
    const began = performance.now();
    let sent = 0;
    while (sent < count) {
      const due = rate === 0 ? count : Math.min(count, Math.floor(((performance.now() - began) / 1000) * rate));
      while (sent < due) {
        const size = Math.min(4096, due - sent);
        const first = from + sent;
        const events = Array.from({ length: size }, (_, at) => event(first + at));
        sent += size;
        window.postMessage({ kind: 'events', batch: { events, last: first + size - 1, missed: 0 }, reset: first === 1 }, '*');
        await new Promise((resolve) => setTimeout(resolve));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const seconds = (performance.now() - began) / 1000;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    watching = false;
    observer.disconnect();
    return { sent, seconds, longTasks, frames: frames.slice(1) };
  }, what);
}

/** How long the page's own work of each frame takes, in ms, while `doing` is run once before each of `count` frames. */
export function frameWork(shown: Shown, count: number, doing: string): Promise<{ work: number[]; intervals: number[] }> {
  return shown.page.evaluate(
    async ([frames, act]) => {
      const frame = window.requestAnimationFrame.bind(window);
      const work: number[] = [];
      let spent = 0;
      window.requestAnimationFrame = (draw) =>
        frame((time) => {
          const began = performance.now();
          draw(time);
          spent += performance.now() - began;
        });
      const acts: Record<string, (turn: number) => void> = {
        zoom: (turn) => press(turn % 40 < 20 ? '+' : '-'),
        pan: (turn) => press(turn % 40 < 20 ? 'a' : 'd'),
        timeline: (turn) => scroll('.chart-lanes', turn),
        map: (turn) => scroll('#map .lanes', turn),
        events: (turn) => scroll('.events .grid-scroller', turn),
      };
      const press = (key: string): void =>
        void document.querySelector('.chart')?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      const scroll = (selector: string, turn: number): void => {
        const element = document.querySelector(selector);
        if (element) element.scrollTop = turn * 60;
      };
      const intervals: number[] = [];
      let last = performance.now();
      for (let turn = 0; turn < frames; turn += 1) {
        spent = 0;
        acts[act]?.(turn);
        await new Promise((resolve) => frame(() => frame(resolve)));
        work.push(spent);
        intervals.push((performance.now() - last) / 2);
        last = performance.now();
      }
      window.requestAnimationFrame = frame;
      return { work, intervals };
    },
    [count, doing] as const,
  );
}
