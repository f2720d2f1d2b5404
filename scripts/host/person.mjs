// SPDX-License-Identifier: MIT
//
// The workbench as a person uses it: for tests of an installed .vsix, without the smoke-test driver (which refuses modal dialogs).
//
//     const server = await startServer({ host: await ensureHost(), installVsix: 'build/peermap.vsix' });
//     const workbench = await openWorkbench({ server, folder: '…', theme: 'dark' });
//     await workbench.command('Peermap: Inspect Segment…');
//     await workbench.webview().getByText('peers').waitFor();

import * as fs from 'node:fs';
import * as path from 'node:path';
import { launchBrowser, usualViewport } from './browser.mjs';

/** @typedef {import('playwright-core').Locator} Locator */
/** @typedef {import('./server.mjs').Server} Server */

/**
 * The colour themes: the id, which the setting workbench.colorTheme takes, the label that a person sees, and a class that the workbench
 * has once the theme is loaded.
 */
export const themes = {
  light: { id: 'Light Modern', label: 'Light Modern', mark: 'light_modern' },
  dark: { id: 'Dark Modern', label: 'Dark Modern', mark: 'dark_modern' },
  hc: { id: 'Default High Contrast', label: 'Dark High Contrast', mark: 'hc_black' },
  'hc-light': { id: 'Default High Contrast Light', label: 'Light High Contrast', mark: 'hc_light' },
};

/** @typedef {keyof typeof themes} Theme */

/** Waits are for a loaded machine: 60 s, and never a pause. */
const patience = 60_000;

/**
 * @param {{ server: Server, folder?: string, theme?: Theme, viewport?: { width: number, height: number } }} options
 */
export async function openWorkbench({ server, folder, theme = 'dark', viewport = usualViewport }) {
  server.preset({ 'workbench.colorTheme': themes[theme].id });
  const browser = await launchBrowser(server.tempDir);
  try {
    const page = await browser.newPage({ viewport });
    page.setDefaultTimeout(patience);
    await page.goto(server.url + (folder ? `?folder=${encodeURIComponent(path.resolve(folder))}` : '?ew=true'), {
      waitUntil: 'domcontentloaded',
    });
    const workbench = new Workbench(browser, page, server);
    await workbench.ready(theme);
    return workbench;
  } catch (error) {
    await browser.close();
    throw error;
  }
}

export class Workbench {
  /**
   * @param {import('playwright-core').Browser} browser
   * @param {import('playwright-core').Page} page
   * @param {Server} server
   */
  constructor(browser, page, server) {
    this.browser = browser;
    this.page = page;
    this.server = server;
    this.palette = page.locator('.quick-input-widget');
  }

  /** Waits until the workbench is there, connected, and has its colours. @param {Theme} theme */
  async ready(theme) {
    await this.page.locator('.monaco-workbench .statusbar .statusbar-item').first().waitFor();
    await this.#coloured(theme);
  }

  /**
   * Runs a command through the palette, by the title that a person reads.  A key that is pressed while a dialog or the last palette fades away is
   * lost, and an editor that takes the focus late, as one does after a reload, closes the palette: then a person opens it again.
   * @param {string} title
   */
  async command(title) {
    for (let attempt = 0; ; attempt += 1) {
      const timeout = attempt < 5 ? 10_000 : patience;
      try {
        await this.#openPalette(timeout);
        await this.#narrow(`>${title}`, timeout);
        // The row of exactly this title: Enter would take the first of several that match.  It may come late, with its extension.
        return await this.#row(title).click({ timeout });
      } catch (error) {
        if (attempt >= 5) throw error;
        if (await this.palette.isVisible()) await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Chooses a row of the quick pick that is open, by its label or by a pattern that its text matches. @param {string | RegExp} text */
  async quickPick(text) {
    await (typeof text === 'string' ? this.#row(text) : this.#rows().filter({ hasText: text }).first()).click();
  }

  /** Fills in the input box that is open, and accepts it. @param {string} text */
  async inputBox(text) {
    // A list that has just been chosen from has the same input: what came into that would be its filter, and gone with it.
    await this.palette.locator('.quick-input-list').waitFor({ state: 'hidden' });
    const input = this.palette.locator('.quick-input-box input');
    await input.fill(text);
    await input.press('Enter');
  }

  /** The notifications that are shown, or the ones that have this text. @param {string} [text] @returns {Locator} */
  notification(text) {
    const toasts = this.page.locator('.notifications-toasts .notification-list-item');
    return text === undefined ? toasts : toasts.filter({ hasText: text });
  }

  /** Presses a button of the modal dialog. @param {string} label */
  async dialogButton(label) {
    await this.page.locator('.monaco-dialog-box .dialog-buttons').getByRole('button', { name: label }).click();
  }

  /** The text of the modal dialog. @returns {Locator} */
  dialog() {
    return this.page.locator('.monaco-dialog-box .dialog-message-container');
  }

  /** What a visible webview shows: the first one, unless told. @param {number} [index] @returns {import('playwright-core').FrameLocator} */
  webview(index = 0) {
    return this.page
      .locator('iframe.webview.ready')
      .filter({ visible: true })
      .nth(index)
      .contentFrame()
      .frameLocator('#active-frame');
  }

  /** Changes the colour theme of the open workbench. @param {Theme} theme */
  async setTheme(theme) {
    await this.command('Preferences: Color Theme');
    const { label } = themes[theme];
    // The list opens at the theme in use, and is drawn only as far as it is seen.
    await this.#narrow(label);
    await this.#row(label).click();
    await this.#coloured(theme);
  }

  /** A picture of the workbench, with the palette gone. @param {string} file */
  async screenshot(file) {
    await this.palette.waitFor({ state: 'hidden' });
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file, animations: 'disabled' });
  }

  async close() {
    await this.browser.close();
  }

  #rows() {
    return this.palette.locator('.quick-input-list .monaco-list-row');
  }

  /** @param {string} label */
  #row(label) {
    return this.#rows()
      .filter({ has: this.page.getByText(label, { exact: true }) })
      .first();
  }

  /** @param {number} timeout */
  async #openPalette(timeout) {
    await this.page.locator('.monaco-dialog-box').waitFor({ state: 'hidden', timeout });
    await this.palette.waitFor({ state: 'hidden', timeout });
    await this.page.keyboard.press('F1');
    await this.palette
      .locator('.quick-input-box input[aria-label="Type the name of a command to run."]')
      .waitFor({ state: 'visible', timeout });
  }

  /** @param {string} text @param {number} timeout */
  async #narrow(text, timeout = patience) {
    await this.palette.locator('.quick-input-box input').fill(text, { timeout });
  }

  /** @param {Theme} theme */
  async #coloured(theme) {
    await this.page.locator(`.monaco-workbench[class*="-themes-${themes[theme].mark}-json"]`).waitFor();
  }
}
