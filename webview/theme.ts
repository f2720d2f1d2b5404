// SPDX-License-Identifier: MIT
//
// When a canvas must be painted again though nothing that it shows has changed: another theme, another resolution.

import { useEffect, useState } from 'preact/hooks';

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
