// SPDX-License-Identifier: MIT
//
// What a language model may ask: tool-texts.ts as tools.  Their names and what they say of themselves are in package.json.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { sentenceOf } from './failure';
import { bounded, describeSegment, explainLastRound, listSegments, namedBy, type Asked, type OfSegment } from './tool-texts';

export function registerLanguageTools(server: Asked): vscode.Disposable[] {
  // Hosts that have no language models at all do not have this either.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- see above
  if (!vscode.lm?.registerTool) return [];
  const tool = (
    name: string,
    message: (input: unknown) => string,
    answer: (input: OfSegment, token: vscode.CancellationToken) => Promise<string>,
  ) =>
    vscode.lm.registerTool<OfSegment>(name, {
      prepareInvocation: ({ input }) => ({ invocationMessage: message(input) }),
      invoke: async ({ input }, token) => {
        const text = await answer(input, token).catch((error: unknown) =>
          bounded(l10n.t('This cannot be told: {0}', sentenceOf(error))),
        );
        return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
      },
    });
  return [
    tool(
      'peermap_list_segments',
      () => l10n.t('Listing the shared memory segments'),
      () => listSegments(server),
    ),
    tool(
      'peermap_describe_segment',
      (input) => l10n.t('Looking at the segment {0}', namedBy(input)),
      (input, token) => describeSegment(server, input, token),
    ),
    tool(
      'peermap_explain_last_round',
      (input) => l10n.t('Looking at the last round of {0}', namedBy(input)),
      (input) => explainLastRound(server, input),
    ),
  ];
}
