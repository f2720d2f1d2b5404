// SPDX-License-Identifier: MIT
//
// What takes something away, called with arguments.  VS Code shows no dialog to tests: it throws, and says what would have been asked.  What comes
// of a yes and of a no is in test/person.

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { commandTable, type CommandId } from '../../extension/client/commands';
import { setting } from '../../extension/client/settings';
import { effects } from '../../extension/protocol/requests';
import type { Census } from '../../extension/protocol/model';
import { objectOf, Peer, testSegment, until } from '../peers/drive';
import { execute, page, refusal, running, start, tidy, workspaceSays } from './host';

const asked = /refused to show dialog in tests\. Contents: /;
const taking = (Object.keys(commandTable) as CommandId[]).filter((id) => 'takes' in commandTable[id]);

interface Scene {
  argument: Record<string, unknown>;
  /** What the question names. */
  named: string;
  /** Whether everything is as it was. */
  untouched: () => boolean | Promise<boolean>;
}

describe('what takes something away', () => {
  let segment: string;
  let folder: string;
  let left: string;

  before(running);
  beforeEach(() => {
    segment = testSegment();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pmask-'));
    left = `/dev/shm/test-asked-${process.pid}`;
  });
  afterEach(async () => {
    await workspaceSays({});
    await tidy();
    fs.rmSync(folder, { recursive: true, force: true });
    fs.rmSync(left, { force: true });
  });

  async function export_(): Promise<Scene> {
    await Peer.start(segment, 'writer', 'create', start);
    const file = path.join(folder, 'precious.json');
    fs.writeFileSync(file, 'precious');
    const untouched = () => fs.readFileSync(file, 'utf8') === 'precious' && fs.readdirSync(folder).length === 1;
    return { argument: { segment, file }, named: 'precious.json', untouched };
  }

  /** For every command that takes something away: something to take. */
  const scenes: Partial<Record<CommandId, () => Promise<Scene>>> = {
    'peermap.destroy': async () => {
      await Peer.start(segment, 'writer', 'create', start);
      return { argument: { segment }, named: segment, untouched: () => fs.existsSync(objectOf(segment)) };
    },
    'peermap.shrink': async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      const untouched = async () => (await peer.ask('size'))[0] === String(start);
      return { argument: { segment, bytes: page }, named: segment, untouched };
    },
    'peermap.reap': async () => {
      const peer = await Peer.start(segment, 'writer', 'create', start);
      await (await Peer.start(segment, 'victim')).end('SIGKILL');
      const untouched = async () => (await peer.ask('peers')).some((entry) => entry.startsWith('victim:'));
      return { argument: { segment }, named: segment, untouched };
    },
    'peermap.removeOrphan': async () => {
      fs.writeFileSync(left, 'left');
      const { objects } = await execute<Census>('peermap.systemRefresh');
      const object = objects.find(({ name }) => `/dev/shm/${name}` === left);
      assert.equal(object?.orphan, 'orphan');
      const argument = { object: `${object.kind}/${object.device}/${object.inode}` };
      return { argument, named: object.name, untouched: () => fs.existsSync(left) };
    },
    'peermap.exportSnapshot': export_,
    'peermap.exportTimeline': export_,
    'peermap.systemExport': export_,
  };

  function sceneOf(id: CommandId): Promise<Scene> {
    const scene = scenes[id];
    assert.ok(scene, `${id} takes something away: what it would take is missing here`);
    return scene();
  }

  const set = (value: boolean | undefined) =>
    vscode.workspace.getConfiguration('peermap').update('confirm.shrink', value, vscode.ConfigurationTarget.Global);

  for (const id of taking)
    it(`${id} with arguments asks first`, async () => {
      const { argument, named, untouched } = await sceneOf(id);
      assert.match(await refusal(id, argument), new RegExp(`${asked.source}.*${named.replace(/\./g, '\\.')}`));
      assert.ok(await untouched());
    });

  it('is as many kinds as the requests and the files have', () => {
    const kinds = new Set(Object.values(effects).filter((effect) => effect !== 'looks' && effect !== 'changes'));
    const ofCommands = taking.map((id) => (commandTable[id] as { takes?: string }).takes);
    assert.deepEqual(new Set(ofCommands), new Set([...kinds, 'overwrite']));
  });

  it('asks also where the workspace says that it need not', async () => {
    const confirm = Object.fromEntries(
      ['destroy', 'shrink', 'reap', 'remove', 'overwrite'].map((kind) => [`peermap.confirm.${kind}`, false]),
    );
    await workspaceSays({ ...confirm, 'peermap.confirm': false });
    for (const id of taking) {
      const { argument, untouched } = await sceneOf(id);
      assert.match(await refusal(id, argument), asked, id);
      assert.ok(await untouched(), id);
      await tidy();
      segment = testSegment();
    }
  });

  it('asks nothing where the person says that it need not, of that kind alone', async () => {
    await set(false);
    try {
      const { argument, untouched } = await sceneOf('peermap.shrink');
      await execute('peermap.shrink', argument);
      assert.ok(!(await untouched()));
      assert.match(await refusal('peermap.destroy', { segment }), asked);
    } finally {
      await set(undefined);
    }
  });

  it('of a segment of another user asks first whether to take part, and that only a person who is there', async function () {
    if (process.geteuid?.() !== 0) this.skip();
    const trust = (users: unknown) =>
      vscode.workspace.getConfiguration('peermap').update('trustedOwners', users, vscode.ConfigurationTarget.Global);
    for (const id of ['peermap.shrink', 'peermap.reap'] as const) {
      const { argument, untouched } = await sceneOf(id);
      fs.chownSync(objectOf(segment), 45698, 45698);
      try {
        assert.match(await refusal(id, argument), /PEERMAP_EACCES: .* belongs to user 45698/, id);
        await workspaceSays({ 'peermap.trustedOwners': [45698] });
        assert.match(await refusal(id, argument), /PEERMAP_EACCES: .* belongs to user 45698/, id);
        await trust([45698]);
        assert.match(await refusal(id, argument), asked, id);
        assert.ok(await untouched(), id);
      } finally {
        await trust(undefined);
      }
      await workspaceSays({});
      await tidy();
      segment = testSegment();
    }
  });

  it('asks nothing where an export finds nothing in its way', async () => {
    const { argument } = await sceneOf('peermap.exportSnapshot');
    const file = path.join(folder, 'another.json');
    assert.deepEqual(await execute('peermap.exportSnapshot', { ...argument, file }), { file });
    assert.deepEqual(fs.readdirSync(folder).sort(), ['another.json', 'precious.json']);
  });

  it('follows no symbolic link with an export, and says where it leads', async () => {
    const { argument, untouched } = await sceneOf('peermap.exportSnapshot');
    const away = fs.mkdtempSync(path.join(os.tmpdir(), 'pmask-'));
    try {
      const file = path.join(away, 'link.json');
      fs.symlinkSync(path.join(folder, 'precious.json'), file);
      for (const id of ['peermap.exportSnapshot', 'peermap.exportTimeline', 'peermap.systemExport'])
        assert.match(await refusal(id, { ...argument, file }), /PEERMAP_EINVAL: .*symbolic link to .*precious\.json/, id);
      assert.ok(await untouched());
    } finally {
      fs.rmSync(away, { recursive: true });
    }
  });

  /** The exit code of the task that tasks.json would define so. */
  async function runTask(definition: Record<string, unknown>): Promise<number | undefined> {
    const { tasks } = await running();
    const task = new vscode.Task({ type: 'peermap', ...definition }, vscode.TaskScope.Workspace, 'test', 'peermap');
    const made = await tasks.resolveTask(task, new vscode.CancellationTokenSource().token);
    assert.ok(made, 'the provider knows this task');
    const execution = await vscode.tasks.executeTask(made);
    return new Promise((resolve) => {
      const listener = vscode.tasks.onDidEndTaskProcess((ended) => {
        if (ended.execution !== execution) return;
        listener.dispose();
        resolve(ended.exitCode);
      });
    });
  }

  for (const [command, id] of [
    ['shrink', 'peermap.shrink'],
    ['reap', 'peermap.reap'],
    ['snapshot', 'peermap.exportSnapshot'],
  ] as const)
    it(`the task ${command} fails without an answer, whatever its definition says`, async () => {
      const { argument, untouched } = await sceneOf(id);
      const loud = { 'peermap.confirm.shrink': false, confirm: false, consent: true, asks: false, takes: 'nothing' };
      assert.equal(await runTask({ ...loud, ...argument, command }), 1);
      assert.ok(await untouched());
    });

  it('a task that takes nothing away is done', async () => {
    const { argument } = await sceneOf('peermap.shrink');
    assert.equal(await runTask({ ...argument, command: 'grow' }), 0);
  });

  it('a task writes where the folder of the workspace is, as tasks.json calls it', async () => {
    await sceneOf('peermap.exportSnapshot');
    const place = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    const file = `of-a-task-${process.pid}.json`;
    assert.equal(await runTask({ command: 'snapshot', segment, file: '${workspaceFolder}/' + file }), 0);
    assert.ok(fs.existsSync(path.join(place, file)));
    fs.rmSync(path.join(place, file));
  });
});

describe('settings', () => {
  const set = (value: boolean | undefined) =>
    vscode.workspace.getConfiguration('peermap').update('readOnly', value, vscode.ConfigurationTarget.Global);

  before(running);
  afterEach(async () => {
    await set(undefined);
    await workspaceSays({});
    await tidy();
  });

  it("that are the person's are read past the workspace, others with it", async () => {
    await workspaceSays({ 'peermap.confirm.destroy': false, 'peermap.readOnly': false });
    const inspected = vscode.workspace.getConfiguration('peermap').inspect('notifications');
    assert.notEqual(inspected?.workspaceValue, undefined);
    assert.equal(setting('notifications'), inspected?.workspaceValue);
    assert.equal(setting('confirm.destroy'), true);
  });

  it('readOnly of a workspace is heard, and refuses exports to a path as well', async () => {
    const segment = testSegment();
    await Peer.start(segment, 'writer', 'create', start);
    await workspaceSays({ 'peermap.readOnly': true });
    const refused = /PEERMAP_EACCES: .*peermap\.readOnly/;
    assert.match(await refusal('peermap.grow', { segment, bytes: page }), refused);
    const file = path.join(os.tmpdir(), `pmask-${process.pid}.json`);
    for (const id of ['peermap.exportSnapshot', 'peermap.exportTimeline', 'peermap.systemExport'])
      assert.match(await refusal(id, { segment, file }), refused, id);
    assert.ok(!fs.existsSync(file));
  });

  it('readOnly of the person stays, whatever a workspace says', async () => {
    const api = await running();
    const { pid } = api.server;
    await set(true);
    await until(() => api.server.state === 'running' && api.server.pid !== pid, 'the read-only server');
    await workspaceSays({ 'peermap.readOnly': false });
    assert.equal(setting('readOnly'), true);
    assert.match(await refusal('peermap.create', { segment: testSegment(), bytes: page }), /PEERMAP_EACCES/);
  });
});
