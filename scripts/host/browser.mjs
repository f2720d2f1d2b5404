// SPDX-License-Identifier: MIT
//
// A headless Chromium that talks to nobody but the page it is given.

import * as path from 'node:path';
import { chromium } from 'playwright-core';
import { ensureChromium } from './install.mjs';

/** The workbench's own size when nothing else is asked for. */
export const usualViewport = { width: 1280, height: 800 };

/**
 * @param {string} tempDir for what Chromium leaves behind; the server's, which goes with the server
 * @returns {Promise<import('playwright-core').Browser>}
 */
export function launchBrowser(tempDir) {
  const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  args.push('--disable-component-update', '--disable-sync');
  // Chromium's sandbox refuses root; elsewhere, and in containers, it is often not permitted either.
  args.push('--no-sandbox');
  // The signals are server.mjs's: process.exit() there ends the browser too.
  return chromium.launch({
    executablePath: ensureChromium(),
    args,
    env: { ...process.env, TMPDIR: tempDir, HOME: path.join(tempDir, 'home') },
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    timeout: 120_000,
  });
}
