// SPDX-License-Identifier: MIT
//
// What the status item tells when the pointer rests on it, as Markdown: each segment with a link to its inspector, the last round, what
// the server costs.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { EndedRound } from './rounds';
import type { Segments } from './segments';
import type { ServerConnection } from './server-connection';
import { costOf } from './server-cost';
import { segmentRow } from './tree-rows';

const mostListed = 8;

export function tooltip(
  numbers: string,
  segments: Pick<Segments, 'list' | 'latest' | 'isAttached'>,
  server: Pick<ServerConnection, 'status' | 'pid'>,
  last: EndedRound | undefined,
): string {
  const listed = segments.list.slice(0, mostListed).map((summary) => {
    const { label, description } = segmentRow(summary, segments.latest(summary.name), segments.isAttached(summary.name));
    const link = `command:peermap.inspect?${encodeURIComponent(JSON.stringify({ segment: summary.name }))}`;
    return `- [${escaped(label)}](${link}) ${escaped(description)}`;
  });
  const more = segments.list.length - listed.length;
  if (more > 0) listed.push(`- ${l10n.t('and {0} more', more)}`);
  const cost = server.pid === undefined ? undefined : costOf(server.pid);
  const { text } = server.status;
  const commands = [
    `[${l10n.t('Refresh')}](command:peermap.refresh)`,
    `[${l10n.t('Restart Server')}](command:peermap.restartServer)`,
    `[${l10n.t('Show Log')}](command:peermap.showLog)`,
  ];
  return [
    `**Peermap**: ${escaped(numbers)}`,
    listed.join('\n'),
    last ? l10n.t('Last round: {0}', escaped(last.text)) : '',
    cost === undefined
      ? ''
      : l10n.t('Server: pid {0}, {1} in memory, {2} of processor time', server.pid ?? 0, cost.memory, cost.time),
    escaped(text),
    commands.join(' · '),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** With links that run these commands, and no other. */
export function markdownOf(text: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(text, true);
  markdown.isTrusted = { enabledCommands: ['peermap.inspect', 'peermap.showLog', 'peermap.restartServer', 'peermap.refresh'] };
  return markdown;
}

/** Names and sentences are text, whatever they contain. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, '\\$&');
}
