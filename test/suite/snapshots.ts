// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { parseSnapshotFile, type SnapshotFile } from '../../extension/protocol/snapshot-file';
import { Peer, testSegment, until } from '../peers/drive';
import { execute, page, refusal, running, start, tidy, withoutQuestions } from './host';

describe('snapshots', () => {
  withoutQuestions();
  let segment: string;
  let folder: string;
  const named = (name: string) => path.join(folder, name);

  before(running);
  beforeEach(() => {
    segment = testSegment();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pmsnap-'));
  });
  afterEach(async () => {
    await tidy();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const read = (file: string): SnapshotFile => {
    const answer = parseSnapshotFile(fs.readFileSync(file, 'utf8'));
    assert.ok(answer.kind === 'file', answer.kind === 'error' ? answer.text : '');
    return answer.file;
  };

  it('hold the header, the peers and the events, and are read again', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start);
    await peer.ask(`grow ${page}`);
    const file = named('one.peermap.json');
    assert.deepEqual(await execute('peermap.exportSnapshot', { segment, file }), { file });
    const { snapshot, events, host } = read(file);
    assert.equal(snapshot.header?.active, start + page);
    assert.deepEqual(
      snapshot.peers.map(({ name, pid }) => [name, pid]),
      [['writer', peer.pid]],
    );
    assert.equal(events.last, snapshot.header.eventHead);
    assert.ok(events.events.some(({ kind }) => kind === 'create'));
    assert.equal(host, os.hostname());
  });

  it('open in the inspector page, and do not need the segment', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    const file = named('one.peermap.json');
    await execute('peermap.exportSnapshot', { segment, file });
    await execute('peermap.destroy', { segment });
    await execute('vscode.open', vscode.Uri.file(file));
    const input = await until(() => {
      const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return tab instanceof vscode.TabInputCustom ? tab : undefined;
    }, 'the editor');
    assert.equal(input.viewType, 'peermap.snapshot');
  });

  it('compare with what is live, and with each other, in the diff editor', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start);
    const [file, other] = [named('one.peermap.json'), named('two.peermap.json')];
    await execute('peermap.exportSnapshot', { segment, file });
    assert.deepEqual(await execute('peermap.compareSnapshots', { file, segment }), { same: true });
    await peer.ask(`grow ${page}`);
    assert.deepEqual(await execute('peermap.compareSnapshots', { file, segment }), { same: false });
    await execute('peermap.exportSnapshot', { segment, file: other });
    assert.deepEqual(await execute('peermap.compareSnapshots', { file, other }), { same: false });
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(tab instanceof vscode.TabInputTextDiff);
    const text = (await vscode.workspace.openTextDocument(tab.modified)).getText();
    assert.match(text, /size: 68 KiB \(69632 bytes\)/);
  });

  it('that are damaged are refused where they are compared', async () => {
    const file = named('bad.peermap.json');
    fs.writeFileSync(file, '{"format":"peermap-snapshot","version":9}');
    assert.match(
      await refusal('peermap.compareSnapshots', { file, segment }),
      /PEERMAP_EFORMAT: bad\.peermap\.json: .*version 9/,
    );
  });

  it('of the timeline are a trace or a table, as the name of the file says', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    await execute('peermap.exportTimeline', { segment, file: named('t.trace.json') });
    await execute('peermap.exportTimeline', { segment, file: named('t.csv') });
    const { traceEvents } = JSON.parse(fs.readFileSync(named('t.trace.json'), 'utf8')) as { traceEvents: { name: string }[] };
    assert.ok(traceEvents.some(({ name }) => name === 'create'));
    assert.match(fs.readFileSync(named('t.csv'), 'utf8'), /^seq,timeNs,.*\r\n1,\d+,/);
  });

  it('for a bug report are text with the versions, in the clipboard', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    const { text } = await execute<{ text: string }>('peermap.copyReport', { segment });
    assert.match(text, /Peermap \d.*VS Code \d[^]*writer \(\d+\): alive/);
    assert.equal(await vscode.env.clipboard.readText(), text);
  });
});
