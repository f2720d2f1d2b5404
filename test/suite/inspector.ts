// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { PeermapApi } from '../../extension/client/api';
import { Peer, testSegment, until } from '../peers/drive';
import { execute, page, refusal, running, start, tidy } from './host';

describe('the inspector', () => {
  let api: PeermapApi;
  let segment: string;
  const ready = () => api.inspectors.some((inspector) => inspector.segment === segment && inspector.ready);

  before(async () => (api = await running()));
  beforeEach(() => (segment = testSegment()));
  afterEach(tidy);

  it('opens, and its page reports ready', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    assert.deepEqual(await execute('peermap.inspect', { segment }), { segment });
    await until(ready, 'the page');
    assert.ok(vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => tab.label === segment)));
  });

  it('is one panel for a segment, however often it is asked for', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    await execute('peermap.inspect', { segment });
    await execute('peermap.inspect', { segment });
    await until(ready, 'the page');
    assert.equal(api.inspectors.filter((inspector) => inspector.segment === segment).length, 1);
  });

  it('sleeps while it is hidden, and is ready again when shown', async () => {
    const other = testSegment();
    await Peer.start(segment, 'writer', 'create', start);
    await Peer.start(other, 'writer', 'create', start);
    await execute('peermap.inspect', { segment });
    await until(ready, 'the page');
    await execute('peermap.inspect', { segment: other });
    await until(() => !ready(), 'the hidden page to sleep');
    await execute('peermap.inspect', { segment });
    await until(ready, 'the page again');
  });

  it('keeps its segment live without the tree', async () => {
    await execute('workbench.action.closeSidebar');
    const peer = await Peer.start(segment, 'writer', 'create', start);
    await execute('peermap.inspect', { segment });
    await until(ready, 'the page');
    await peer.ask(`grow ${page}`);
    await until(() => api.snapshot(segment)?.header?.active === start + page, 'the growth');
    await execute('peermap.segments.focus');
  });

  it('does not open for a segment that does not exist', async () => {
    assert.match(await refusal('peermap.inspect', { segment: 'test-there-is-none' }), /PEERMAP_ENOENT/);
    assert.ok(!api.inspectors.some((inspector) => inspector.segment === 'test-there-is-none'));
  });
});
