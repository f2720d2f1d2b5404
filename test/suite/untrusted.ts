// SPDX-License-Identifier: MIT
//
// In a workspace that nobody has said to trust.

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { setting } from '../../extension/client/settings';
import { Peer, testSegment } from '../peers/drive';
import { execute, page, refusal, running, start, tidy, workspaceSays } from './host';

describe('in an untrusted workspace', () => {
  const refused = /PEERMAP_EACCES: .*not trusted/;
  let segment: string;
  let folder: string;

  before(running);
  beforeEach(() => {
    segment = testSegment();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pmtrust-'));
  });
  afterEach(async () => {
    await tidy();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('nothing is changed, also where its settings say that it may be', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start);
    await workspaceSays({ 'peermap.readOnly': false, 'peermap.confirm.destroy': false });
    for (const command of ['grow', 'shrink', 'remap', 'reap', 'attach', 'destroy', 'removeOrphan', 'startDemo'])
      assert.match(await refusal(`peermap.${command}`, { segment, bytes: page, pid: peer.pid }), refused, command);
    assert.deepEqual(await peer.ask('size'), [String(start)]);
    assert.deepEqual(await execute('peermap.inspect', { segment }), { segment });
  });

  it('no export writes to a path that it was called with, new or not', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    const file = path.join(folder, 'precious.json');
    fs.writeFileSync(file, 'precious');
    for (const id of ['peermap.exportSnapshot', 'peermap.exportTimeline', 'peermap.systemExport'])
      for (const name of [file, path.join(folder, 'new.json')])
        assert.match(await refusal(id, { segment, file: name }), refused, id);
    assert.deepEqual(fs.readdirSync(folder), ['precious.json']);
    assert.equal(fs.readFileSync(file, 'utf8'), 'precious');
  });

  it('nothing begins because the workspace says so', async () => {
    await workspaceSays({ 'peermap.inspectOnStartup': segment, 'peermap.system.refreshSeconds': 1 });
    assert.deepEqual([setting('inspectOnStartup'), setting('system.refreshSeconds')], ['', 0]);
    assert.equal(vscode.workspace.isTrusted, false);
  });
});
