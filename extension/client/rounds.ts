// SPDX-License-Identifier: MIT
//
// The last round that was asked for in this window: what the status item tells.

import * as vscode from 'vscode';

export interface EndedRound {
  segment: string;
  /** What it came to, as a sentence. */
  text: string;
}

export class Rounds implements vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  private current: EndedRound | undefined;

  readonly onDidEnd = this.emitter.event;

  get last(): EndedRound | undefined {
    return this.current;
  }

  ended(round: EndedRound): void {
    this.current = round;
    this.emitter.fire();
  }

  dispose(): void {
    this.emitter.dispose();
  }
}
