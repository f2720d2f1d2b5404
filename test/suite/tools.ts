// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { Peer, testSegment } from '../peers/drive';
import { execute, page, running, start, tidy } from './host';

describe('tools for language models', () => {
  before(running);
  afterEach(tidy);

  async function invoke(name: string, input: object): Promise<string> {
    const { token } = new vscode.CancellationTokenSource();
    const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined }, token);
    return content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
  }

  it('are all registered', () => {
    const names = vscode.lm.tools.map(({ name }) => name).filter((name) => name.startsWith('peermap_'));
    assert.deepEqual(names.sort(), ['peermap_describe_segment', 'peermap_explain_last_round', 'peermap_list_segments']);
  });

  it('list segments, describe one, and explain its last round', async () => {
    const segment = testSegment();
    const peer = await Peer.start(segment, 'writer', 'create', start);
    await execute('peermap.grow', { segment, bytes: page });
    assert.match(await invoke('peermap_list_segments', {}), new RegExp(`^\\| ${segment}: 68 KiB of .*, 1 peer$`, 'm'));
    assert.match(await invoke('peermap_describe_segment', { segment }), new RegExp(`writer \\(${peer.pid}\\): alive`));
    assert.match(await invoke('peermap_explain_last_round', { segment }), /growth to 68 KiB/);
  });

  it('say what cannot be told, and do not fail', async () => {
    assert.match(await invoke('peermap_describe_segment', { segment: 'test-there-is-none' }), /cannot be told/);
  });
});
