// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import type { PeermapApi } from '../../extension/client/api';
import type { SystemNode, SystemRow } from '../../extension/client/system-rows';
import type { Census } from '../../extension/protocol/model';
import { Peer, testSegment, until } from '../peers/drive';
import { execute, refusal, running, start, tidy, withoutQuestions } from './host';

describe('the System Shared Memory view', () => {
  withoutQuestions();
  let api: PeermapApi;
  const left = `/dev/shm/test-left-${process.pid}`;

  before(async () => {
    api = await running();
    await execute('peermap.system.focus');
  });
  afterEach(async () => {
    fs.rmSync(left, { force: true });
    await tidy();
  });
  after(() => execute('peermap.segments.focus'));

  async function rows(parent?: SystemNode): Promise<SystemRow[]> {
    const nodes = (await api.systemTree.getChildren(parent)) ?? [];
    return (await Promise.all(nodes.map(async (node) => [node.row, ...(await rows(node))]))).flat();
  }
  const row = async (label: string) => (await rows()).find((each) => each.label === label);

  it('shows what is below /dev/shm, follows it by itself, and who has it', async () => {
    const segment = testSegment();
    const peer = await Peer.start(segment, 'writer', 'create', start);
    const found = await until(() => row(segment), 'the row of the segment');
    assert.equal(found.segment, segment);
    assert.ok(found.children.some(({ id }) => id.endsWith(`/${peer.pid}`)));
    fs.writeFileSync(left, 'left');
    await until(() => row(left.slice('/dev/shm/'.length)), 'the other object');
  });

  it('removes what nobody has, and refuses what somebody has', async () => {
    const segment = testSegment();
    await Peer.start(segment, 'writer', 'create', start);
    fs.writeFileSync(left, 'left');
    const { objects } = await execute<Census>('peermap.systemRefresh');
    const id = (name: string) => {
      const object = objects.find((each) => each.name === name);
      assert.ok(object, name);
      return `${object.kind}/${object.device}/${object.inode}`;
    };
    assert.match(await refusal('peermap.removeOrphan', { object: id(`peermap.${segment}`) }), /PEERMAP_EBUSY: .*in use/);
    // Whoever could not be asked: the kernel knows.
    const object = objects.find(({ name }) => `/dev/shm/${name}` === left);
    assert.deepEqual([object?.orphan, object?.reason], ['orphan', 'leased']);
    assert.ok(object);
    const removed = id(object.name);
    assert.deepEqual(await execute('peermap.removeOrphan', { object: removed }), { removed });
    assert.ok(!fs.existsSync(left));
    assert.match(await refusal('peermap.removeOrphan', { object: removed }), /PEERMAP_ENOENT/);
  });

  it('is copied as a table, and exported', async () => {
    fs.writeFileSync(left, 'left');
    const name = left.slice('/dev/shm/'.length);
    await execute('peermap.systemCopy');
    const table = await vscode.env.clipboard.readText();
    assert.ok(
      table.split('\n').some((line) => line.startsWith(`posix\t${name}\t`)),
      `${name} is not in:\n${table}`,
    );
    const file = `${vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '/tmp'}/shared-memory-${process.pid}.json`;
    await execute('peermap.systemExport', { file });
    const { objects } = JSON.parse(fs.readFileSync(file, 'utf8')) as Census;
    fs.rmSync(file);
    assert.ok(objects.some((object) => object.name === name));
  });
});
