// SPDX-License-Identifier: MIT
//
// When a canvas must be painted again though nothing that it shows has changed: another theme, another resolution.

import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fontOf } from './canvas';
import { paletteOf, type Palette } from './timeline-look';

/** Grows when VS Code changes the theme (it rewrites the variables on the root element and the class of the body), or the zoom. */
export function useTheme(): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const again = (): void => setTurn((now) => now + 1);
    const observer = new MutationObserver(again);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
    observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-kind'] });
    const forced = matchMedia('(forced-colors: active)');
    forced.addEventListener('change', again);
    return () => {
      observer.disconnect();
      forced.removeEventListener('change', again);
    };
  }, []);
  useEffect(() => {
    const ratio = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    const again = (): void => setTurn((now) => now + 1);
    ratio.addEventListener('change', again, { once: true });
    return () => ratio.removeEventListener('change', again);
  }, [turn]);
  return turn;
}

export interface Look {
  palette: Palette;
  font: string;
}

/** The colours and the font to paint with.  Asking for a style makes the browser work it out for the whole page, so it is asked once a theme. */
export function useLook(canvas: RefObject<HTMLCanvasElement | null>): { theme: number; look: () => Look | undefined } {
  const theme = useTheme();
  const known = useRef<{ theme: number; look: Look } | undefined>(undefined);
  const look = (): Look | undefined => {
    const element = canvas.current;
    if (!element) return undefined;
    if (known.current?.theme !== theme) known.current = { theme, look: { palette: paletteOf(element), font: fontOf(element) } };
    return known.current.look;
  };
  return { theme, look };
}
