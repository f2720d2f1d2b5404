// SPDX-License-Identifier: MIT
//
// The extension's composition root: makes the parts and ties them together.  Nothing else happens here.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { PeermapApi } from './api';
import { readOnlyReason, registerCommands, registerRefusals, runForTask, runForView } from './commands';
import { Demo } from './demo';
import { Inspectors, viewType } from './inspector';
import { registerLanguageTools } from './language-tools';
import { tellLeftOut } from './left-out-notice';
import { Links } from './links';
import { MemoryFiles } from './memory-files';
import type { Parts } from './operation';
import { Rounds } from './rounds';
import { Segments } from './segments';
import { ServerConnection } from './server-connection';
import { inspectOnStartup } from './startup';
import { SnapshotEditor, snapshotViewType } from './snapshot-editor';
import { StatusBar } from './status-bar';
import { saveFile, TextDocuments } from './documents';
import { SystemMemory } from './system-memory';
import { SystemTree } from './system-tree';
import { Tasks, taskType } from './tasks';
import { SegmentTree } from './tree';
import { UnderWayFile } from './under-way-file';

let parts: Parts | undefined;

export function activate(context: vscode.ExtensionContext): PeermapApi | undefined {
  const began = performance.now();
  const usage = process.cpuUsage();
  if (vscode.l10n.bundle) l10n.config({ contents: vscode.l10n.bundle });
  if (process.platform !== 'linux') {
    setContext('unsupported', true);
    context.subscriptions.push(...registerRefusals(l10n.t('Peermap works on Linux. Use Remote-SSH, WSL or a container.')));
    return undefined;
  }
  const own = (path: string) => vscode.Uri.joinPath(context.extensionUri, path);
  const log = vscode.window.createOutputChannel('Peermap', { log: true });
  const isReadOnly = () => readOnlyReason() !== undefined;
  const server = new ServerConnection(
    context.asAbsolutePath('dist/server.js'),
    new UnderWayFile(context.logUri.fsPath),
    log,
    isReadOnly,
  );
  const segments = new Segments(server, log);
  const demo = new Demo(context.asAbsolutePath('dist/demo'), segments, server, log);
  const documents = new TextDocuments();
  const files = new MemoryFiles(segments, server);
  const inspectors = new Inspectors({
    segments,
    server,
    log,
    readOnlyReason,
    dist: own('dist'),
    icon: { light: own('media/inspector-light.svg'), dark: own('media/inspector-dark.svg') },
    run: (command, target) => runForView(made, command, target),
    save: saveFile,
    openText: (title, text) => documents.open(title, text),
  });
  const tree = new SegmentTree(segments, server);
  const { version } = context.extension.packageJSON as { version: string };
  const rounds = new Rounds();
  const system = new SystemMemory(server, log);
  const systemTree = new SystemTree(system, (state) => setContext('system', state));
  const made: Parts = { server, segments, inspectors, demo, rounds, system, documents, version, log };
  parts = made;

  const tasks = new Tasks((id, given, task) => runForTask(made, id, given, task));

  let readOnly = isReadOnly();
  setContext('readOnly', readOnly);
  const rightsChanged = () => {
    if (readOnly === isReadOnly()) return;
    readOnly = !readOnly;
    setContext('readOnly', readOnly);
    void server.start();
  };
  context.subscriptions.push(
    log,
    documents,
    files,
    files.register(),
    tree,
    inspectors,
    rounds,
    system,
    systemTree,
    new StatusBar(segments, server, rounds),
    inspectOnStartup(segments, inspectors),
    tellLeftOut(server, log),
    ...registerCommands(made),
    vscode.window.registerWebviewPanelSerializer(viewType, inspectors),
    vscode.window.registerCustomEditorProvider(
      snapshotViewType,
      new SnapshotEditor({ dist: own('dist'), log, save: saveFile, openText: (title, text) => documents.open(title, text) }),
    ),
    vscode.tasks.registerTaskProvider(taskType, tasks),
    vscode.window.registerUriHandler(new Links(log)),
    ...registerLanguageTools(server),
    server.onDidChangeStatus(({ state }) => setContext('server', state)),
    vscode.workspace.onDidGrantWorkspaceTrust(rightsChanged),
    vscode.workspace.onDidChangeWorkspaceFolders(rightsChanged),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('peermap.readOnly')) rightsChanged();
    }),
  );
  void server.start();
  const activationMs = performance.now() - began;
  const { user, system: kernel } = process.cpuUsage(usage);
  const ran = ((user + kernel) / 1000).toFixed(1);
  log.info(l10n.t('Peermap {0} was activated in {1} ms, {2} ms of it on a processor.', version, activationMs.toFixed(1), ran));
  return {
    server: {
      get state() {
        return server.status.state;
      },
      get pid() {
        return server.pid;
      },
    },
    snapshot: (segment) => segments.latest(segment),
    tree,
    systemTree,
    tasks,
    activationMs,
    get inspectors() {
      return inspectors.all.map(({ segment, ready }) => ({ segment, ready }));
    },
  };
}

export async function deactivate(): Promise<void> {
  await parts?.demo.stop();
  await parts?.server.stop();
}

function setContext(key: string, value: unknown): void {
  void vscode.commands.executeCommand('setContext', `peermap.${key}`, value);
}
