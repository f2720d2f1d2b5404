// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { chownSync } from 'node:fs';
import * as vscode from 'vscode';
import { objectOf, Peer, testSegment } from '../peers/drive';
import { page, running, start, tidy } from './host';

describe('tasks of the type peermap', () => {
  before(running);
  afterEach(tidy);

  /** The exit code of the task that tasks.json would define so. */
  async function run(definition: Omit<vscode.TaskDefinition, 'type'>): Promise<number | undefined> {
    const shell = new vscode.ShellExecution('false');
    const task = new vscode.Task({ ...definition, type: 'peermap' }, vscode.TaskScope.Workspace, 'test', 'peermap', shell);
    const provided = await resolved(task);
    const execution = await vscode.tasks.executeTask(provided);
    return new Promise((resolve) => {
      const listener = vscode.tasks.onDidEndTaskProcess((ended) => {
        if (ended.execution !== execution) return;
        listener.dispose();
        resolve(ended.exitCode);
      });
    });
  }

  /** VS Code resolves the tasks of tasks.json; a task of an extension has its execution with it. */
  async function resolved(task: vscode.Task): Promise<vscode.Task> {
    const { tasks } = await running();
    const made = tasks.resolveTask(task, new vscode.CancellationTokenSource().token);
    const provided = await made;
    assert.ok(provided, 'the provider knows this task');
    return provided;
  }

  it('end with 0 when the round was done', async () => {
    const segment = testSegment();
    const peer = await Peer.start(segment, 'writer', 'create', start);
    assert.equal(await run({ command: 'grow', segment, bytes: '4 KiB' }), 0);
    assert.deepEqual(await peer.ask('size'), [String(start + page)]);
  });

  it('end with 1 when it was not', async () => {
    assert.equal(await run({ command: 'grow', segment: 'test-there-is-none', bytes: 4096 }), 1);
  });

  it("end with 1 where the segment is another user's: nobody is asked", async function () {
    if (process.geteuid?.() !== 0) this.skip();
    const segment = testSegment();
    const peer = await Peer.start(segment, 'writer', 'create', start);
    chownSync(objectOf(segment), 45696, 45696);
    assert.equal(await run({ command: 'grow', segment, bytes: '4 KiB' }), 1);
    assert.deepEqual(await peer.ask('size'), [String(start)]);
  });

  it('of an unknown command are none of ours', async () => {
    const { tasks } = await running();
    const definition = { type: 'peermap', command: 'destroy', segment: 'x' };
    const task = new vscode.Task(definition, vscode.TaskScope.Workspace, 'test', 'peermap');
    assert.equal(await tasks.resolveTask(task, new vscode.CancellationTokenSource().token), undefined);
  });
});
