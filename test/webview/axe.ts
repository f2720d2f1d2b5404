// SPDX-License-Identifier: MIT
//
// axe on a part of the page.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Shown } from './preview';

/** What is wrong with it, a line for each. */
export async function violationsOf(shown: Shown, selector: string): Promise<string[]> {
  const source = await readFile(createRequire(`${process.cwd()}/package.json`).resolve('axe-core'), 'utf8');
  // Through the debugger, since the page's own policy lets no other script in.
  const session = await shown.page.context().newCDPSession(shown.page);
  await session.send('Runtime.evaluate', { expression: source });
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(${JSON.stringify(selector)}).then(({ violations }) => JSON.stringify(violations))`,
    awaitPromise: true,
    returnByValue: true,
  });
  const found = JSON.parse(String(result.value)) as AxeResults['violations'];
  return found.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
  );
}
