// SPDX-License-Identifier: MIT
//
// The inspector's page: VS Code's messages in, a picture out.
//
//     message -> reduce -> (one animation frame) -> App
//
// However many messages come, the page is drawn once per frame, and not at all while it is hidden.

import * as l10n from '@vscode/l10n';
import { options, render } from 'preact';
import type { FromView, ToView, ViewState } from '../extension/protocol/view';
import { App } from './app';
import { Asking } from './asking';
import { ActionsContext, type Actions, type Tip } from './context';
import { initialState, reduce, type Action } from './state';
import { fromViewState, toViewState } from './view-state';

interface Api {
  postMessage(message: FromView): void;
  getState(): unknown;
  setState(state: ViewState): void;
}
declare function acquireVsCodeApi(): Api;

const words = document.getElementById('l10n')?.textContent;
if (words) l10n.config({ contents: words });

const api = acquireVsCodeApi();
const saved = fromViewState(api.getState());
const root = document.getElementById('root');
if (!root) throw new Error('the page has no element with the id "root"');

let state = initialState(saved.segment, saved.view);
let tip: Tip | undefined;
let scroll = saved.scroll;
let drawing = 0;
let saving = 0;

options.debounceRendering = (draw) => void requestAnimationFrame(draw);

function draw(): void {
  drawing = 0;
  render(
    <ActionsContext.Provider value={actions}>
      <App state={state} tip={tip} />
    </ActionsContext.Provider>,
    root as HTMLElement,
  );
}

function drawSoon(): void {
  if (drawing === 0) drawing = requestAnimationFrame(draw);
}

function save(): void {
  window.clearTimeout(saving);
  saving = 0;
  if (state.segment !== '') api.setState(toViewState({ segment: state.segment, view: state.view, scroll }));
}

/** Scrolling and zooming come many times a second; the state is worth keeping when they pause. */
function saveSoon(): void {
  if (saving === 0) saving = window.setTimeout(save, 150);
}

function dispatch(action: Action): void {
  const { view, segment, revision } = state;
  state = reduce(state, action);
  // What came is a change of something that this page was never told: it asks for the whole.
  if (revision !== undefined && state.revision === undefined && action.kind === 'message' && action.message.kind === 'delta')
    api.postMessage({ kind: 'ready' });
  if (state.segment !== segment && segment !== '') scroll = {};
  if (state.view !== view || state.segment !== segment) saveSoon();
  drawSoon();
}

const asking = new Asking((message) => api.postMessage(message));
const actions: Actions = {
  view: (change) => {
    const made = typeof change === 'function' ? change(state) : change;
    if (made) dispatch({ kind: 'view', change: made });
  },
  run: (command, pid, range) => {
    const id = state.nextId;
    dispatch({ kind: 'started', command, pid });
    api.postMessage({ kind: 'command', id, command, ...(pid === undefined ? {} : { pid }), ...(range ? { range } : {}) });
  },
  ask: (question, params) => asking.ask(question, params),
  copy: (text) => api.postMessage({ kind: 'copy', text }),
  reveal: (pid) => api.postMessage({ kind: 'reveal', pid }),
  save: (name, text) => api.postMessage({ kind: 'save', name, text }),
  openText: (title, text) => api.postMessage({ kind: 'text', title, text }),
  dismiss: () => dispatch({ kind: 'dismiss' }),
  tip: (next) => {
    if (tip === next) return;
    tip = next;
    drawSoon();
  },
  scrolled: (name) => scroll[name] ?? 0,
  scroll: (name, top) => {
    if (scroll[name] === top) return;
    scroll = { ...scroll, [name]: top };
    saveSoon();
  },
};

window.addEventListener('message', ({ data }: MessageEvent<ToView>) => {
  if (data.kind === 'answer') {
    asking.answered(data);
    return;
  }
  dispatch({ kind: 'message', message: data, at: performance.now() });
  // After the drawing that this frame begins with.
  const section = data.kind === 'reveal' ? data.section : undefined;
  if (section !== undefined) requestAnimationFrame(() => document.getElementById(section)?.scrollIntoView());
});
window.addEventListener('pagehide', save);
document.addEventListener('visibilitychange', () => (document.visibilityState === 'hidden' ? save() : drawSoon()));

draw();
api.postMessage({ kind: 'ready' });
