// SPDX-License-Identifier: MIT
//
// Tasks of the type "peermap": a command with its arguments, in a terminal that prints what came of it.  Its exit code is 0, or 1 if the
// command failed, so that a task may depend on it.
//
//     { "type": "peermap", "command": "grow", "segment": "quotes", "bytes": "64 MiB" }
//
// A definition is what a workspace says: it is checked like the arguments of a command, and nothing in it replaces a question to the person.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatBytes } from '../protocol/address';
import type { Round } from '../protocol/model';
import { PeermapFailure, sentenceOf } from './failure';
import { terminalText } from './messages';
import { answerLines, lateSentence, roundReport } from './words';

export const taskType = 'peermap';
const commands = ['grow', 'shrink', 'remap', 'create', 'reap', 'snapshot'] as const;
type TaskCommand = (typeof commands)[number];

/** What stands in tasks.json; of the rest anything may. */
interface Definition extends vscode.TaskDefinition {
  command: TaskCommand;
}

const commandOf = {
  grow: 'peermap.grow',
  shrink: 'peermap.shrink',
  create: 'peermap.create',
  reap: 'peermap.reap',
  snapshot: 'peermap.exportSnapshot',
} as const;
type TaskCommandId = (typeof commandOf)[keyof typeof commandOf] | 'peermap.remap' | 'peermap.remapAll';

/** Undefined: a person said no. */
export type Run = (command: TaskCommandId, given: Record<string, unknown>, task: string) => Promise<unknown>;

export class Tasks implements vscode.TaskProvider {
  constructor(private readonly run: Run) {}

  /** None by itself: what would be changed only a person can say. */
  provideTasks(): vscode.Task[] {
    return [];
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const { definition } = task;
    if (!isDefinition(definition)) return undefined;
    const name = task.name === '' ? titleOf(definition) : task.name;
    // As VS Code resolved it: with what `${workspaceFolder}` and its like stand for.
    const execution = new vscode.CustomExecution((resolved) =>
      Promise.resolve(new TaskTerminal(isDefinition(resolved) ? resolved : definition, name, this.run)),
    );
    const resolved = new vscode.Task(definition, task.scope ?? vscode.TaskScope.Workspace, name, 'peermap', execution);
    resolved.presentationOptions = { reveal: vscode.TaskRevealKind.Silent };
    return resolved;
  }
}

function isDefinition(definition: vscode.TaskDefinition): definition is Definition {
  return (commands as readonly unknown[]).includes(definition['command']);
}

function titleOf(definition: Definition): string {
  return `${definition.command} ${segmentOf(definition)}`.trim();
}

function segmentOf(definition: Definition): string {
  const segment: unknown = definition['segment'];
  return typeof segment === 'string' ? segment : '';
}

class TaskTerminal implements vscode.Pseudoterminal {
  private readonly writing = new vscode.EventEmitter<string>();
  private readonly closing = new vscode.EventEmitter<number>();

  readonly onDidWrite = this.writing.event;
  readonly onDidClose = this.closing.event;

  constructor(
    private readonly definition: Definition,
    private readonly task: string,
    private readonly run: Run,
  ) {}

  open(): void {
    void this.work();
  }

  /** A round that is under way ends by itself: nothing can be taken back. */
  close(): void {
    this.writing.dispose();
    this.closing.dispose();
  }

  private async work(): Promise<void> {
    const { command, ...given } = this.definition;
    this.print([`> peermap ${titleOf(this.definition)}`]);
    try {
      const result = await this.run(idOf(command, given), given, this.task);
      this.print(result === undefined ? [l10n.t('Not done: the answer was no.')] : reportOf(this.definition, result));
      this.closing.fire(result === undefined ? 1 : 0);
    } catch (error) {
      const round = error instanceof PeermapFailure ? error.round : undefined;
      this.print([
        lateSentence(sentenceOf(error), round),
        ...answerLines({ results: round?.results ?? [] }).map((line) => `  ${line}`),
      ]);
      this.closing.fire(1);
    }
  }

  private print(lines: readonly string[]): void {
    this.writing.fire(terminalText(lines));
  }
}

function idOf(command: TaskCommand, given: Record<string, unknown>): TaskCommandId {
  if (command !== 'remap') return commandOf[command];
  return given['pid'] === undefined ? 'peermap.remapAll' : 'peermap.remap';
}

function reportOf(definition: Definition, result: unknown): string[] {
  const segment = segmentOf(definition);
  switch (definition.command) {
    case 'grow':
    case 'shrink':
    case 'remap': {
      const round = result as Round;
      return [roundReport(segment, round), ...answerLines(round).map((line) => `  ${line}`)];
    }
    case 'create':
      return [l10n.t('{0} was created: {1}', segment, formatBytes((result as { size: number }).size))];
    case 'reap':
      return [l10n.t('{0}: registry slots freed: {1}', segment, (result as { freed: number }).freed)];
    case 'snapshot':
      return [l10n.t('written: {0}', (result as { file: string }).file)];
  }
}
