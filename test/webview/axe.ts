// SPDX-License-Identifier: MIT
//
// axe on a part of the page.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Shown } from './preview';

/** What is wrong with it, a line for each; of what a theme can spoil alone, where the same page was seen in another one. */
export async function violationsOf(shown: Shown, selector = 'html', coloursAlone = false): Promise<string[]> {
  const options = coloursAlone ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {};
  const source = await readFile(createRequire(`${process.cwd()}/package.json`).resolve('axe-core'), 'utf8');
  // Through the debugger, since the page's own policy lets no other script in.
  const session = await shown.page.context().newCDPSession(shown.page);
  await session.send('Runtime.evaluate', { expression: source });
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(${JSON.stringify(selector)}, ${JSON.stringify(options)}).then(({ violations }) => JSON.stringify(violations))`,
    awaitPromise: true,
    returnByValue: true,
  });
  const found = JSON.parse(String(result.value)) as AxeResults['violations'];
  return found.map(
    ({ id, impact, nodes }) =>
      `${id} (${impact}): ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
  );
}
