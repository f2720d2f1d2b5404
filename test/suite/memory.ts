// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import type { OpenedMemory } from '../../extension/client/memory-operations';
import { objectOf, Peer, testSegment, until } from '../peers/drive';
import { execute, page, refusal, running, start, tidy } from './host';

describe('memory as a file', () => {
  let segment: string;

  before(running);
  beforeEach(async () => {
    segment = testSegment();
    await Peer.start(segment, 'writer', 'create', start);
  });
  afterEach(tidy);

  const headerLength = () => fs.statSync(objectOf(segment)).size - start;
  const write = (offset: number, text: string) => {
    const file = fs.openSync(objectOf(segment), 'r+');
    fs.writeSync(file, text, headerLength() + offset);
    fs.closeSync(file);
  };
  const uri = (path: string) => vscode.Uri.from({ scheme: 'peermap', path });
  const read = async (path: string) => Buffer.from(await vscode.workspace.fs.readFile(uri(path)));

  it('has the bytes that its name says, as they are now', async () => {
    write(0x1000, 'what a peer wrote');
    assert.equal((await read(`/${segment}/0x1000-0x11.bin`)).toString(), 'what a peer wrote');
    write(0x1000, 'WHAT');
    assert.equal((await read(`/${segment}/4096-4.bin`)).toString(), 'WHAT');
    assert.equal((await read(`/${segment}/-0x${headerLength().toString(16)}-7.bin`)).toString(), 'PEERMAP');
    assert.equal((await read(`/${segment}.bin`)).length, start);
    assert.equal((await vscode.workspace.fs.stat(uri(`/${segment}/0x0-${page}.bin`))).size, page);
  });

  it('ends where the object ends, and is not there where no segment is', async () => {
    assert.equal((await read(`/${segment}/${start - 8}-64.bin`)).length, 8);
    await assert.rejects(read('/test-nobody.bin'), /FileNotFound|EntryNotFound/i);
    await assert.rejects(read(`/${segment}/x.bin`), /FileNotFound|EntryNotFound/i);
  });

  it('refuses every write', async () => {
    const file = uri(`/${segment}.bin`);
    assert.equal(vscode.workspace.fs.isWritableFileSystem('peermap'), false);
    await assert.rejects(Promise.resolve(vscode.workspace.fs.writeFile(file, new Uint8Array(1))));
    await assert.rejects(Promise.resolve(vscode.workspace.fs.delete(file)));
    await assert.rejects(Promise.resolve(vscode.workspace.fs.rename(file, uri('/another.bin'))));
  });

  it('says that it changed when the segment does and somebody watches', async () => {
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(uri(`/${segment}.bin`), '*'));
    let changes = 0;
    watcher.onDidChange(() => (changes += 1));
    // Watching takes a moment: grow until it is seen.
    await until(async () => {
      if (changes === 0) await execute('peermap.grow', { segment, bytes: page });
      return changes > 0;
    }, 'a change of the file');
    watcher.dispose();
  });

  it('opens in the inspector where there is no Hex Editor, and is bounded', async () => {
    const opened = await execute<OpenedMemory>('peermap.openMemory', { segment, offset: '0x1000', bytes: 512 });
    const hexEditor = vscode.extensions.getExtension('ms-vscode.hexeditor') !== undefined;
    assert.equal(opened.opened, hexEditor ? 'hex-editor' : 'inspector');
    assert.equal(opened.uri, `peermap:/${segment}/0x1000-0x200.bin`);
    const api = await running();
    if (!hexEditor) await until(() => api.inspectors.some((one) => one.segment === segment && one.ready), 'the inspector');
    assert.match(await refusal('peermap.openMemory', { segment, offset: 'there' }), /PEERMAP_EINVAL.*offset/);
    assert.match(await refusal('peermap.openMemory', { segment, bytes: '1 GiB' }), /PEERMAP_EINVAL.*too much/);
  });
});
