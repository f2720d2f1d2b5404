// SPDX-License-Identifier: MIT
//
// What the page asks of a server, answered from a snapshot file; or the sentence that says why it is not in there.

import * as l10n from '@vscode/l10n';
import type { SnapshotFile } from '../protocol/snapshot-file';
import type { Question, QuestionResult } from '../protocol/view';

export function answerFromFile(
  file: SnapshotFile,
  question: Question,
  params: Record<string, unknown>,
): QuestionResult<Question> {
  switch (question) {
    case 'peermap/heap':
      if (file.heap === undefined) throw new Error(l10n.t('The heap could not be counted when this snapshot was taken.'));
      return { value: file.heap, problems: [] };
    case 'peermap/facts': {
      const pids: unknown[] = Array.isArray(params['pids']) ? params['pids'] : [];
      return { value: file.facts.filter(({ pid }) => pids.includes(pid)), problems: [] };
    }
    case 'peermap/residency':
      if (!file.residency) throw new Error(l10n.t('What is resident was not asked for when this snapshot was taken.'));
      return { value: file.residency, problems: [] };
    case 'peermap/structure':
      return { value: file.structures.find(({ root }) => root === params['root']) ?? null, problems: [] };
    case 'peermap/read':
    case 'peermap/search':
      throw new Error(l10n.t('A snapshot holds what is known of the segment, and not what is in its memory.'));
    default:
      throw new Error(l10n.t('There is no question {0}.', String(question)));
  }
}
