// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import type { PeermapApi } from '../../extension/client/api';
import type { Node } from '../../extension/client/tree-rows';
import { mapsOf, Peer, testSegment, until } from '../peers/drive';
import { execute, page, rows, running, start, tidy, type Seen, withoutQuestions } from './host';

describe('the Segments view', () => {
  withoutQuestions();
  let api: PeermapApi;
  let segment: string;

  before(async () => {
    api = await running();
    await execute('peermap.segments.focus');
  });
  beforeEach(() => (segment = testSegment()));
  afterEach(tidy);

  const shown = () => until(async () => (await rows(api)).find((row) => row.label === segment), `the row of ${segment}`);
  const peers = async () => rows(api, (await shown()).node);

  it('shows segments, their peers, and what the kernel maps in each', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start, 'reserve', 1 << 30);
    await until(async () => (await shown()).description === '64 KiB of 1 GiB · 1 peer', 'the size');
    const [writer] = await until(async () => ((await peers()).length === 1 ? peers() : undefined), 'the peer');
    assert.equal(writer?.label, 'writer');
    assert.match(writer.description, new RegExp(`^pid ${peer.pid} · 64 KiB$`));
    assert.equal(writer.context, 'peer alive');
    const addresses = (await rows(api, writer.node)).map((row) => BigInt(row.label));
    assert.deepEqual(
      addresses,
      mapsOf(peer.pid, segment).map((mapping) => mapping.from),
    );
  });

  it('follows growth, arrival and death by itself, and keeps the rows that stay', async () => {
    const peer = await Peer.start(segment, 'writer', 'create', start, 'reserve', 1 << 30);
    const before = await shown();
    await peer.ask(`grow ${16 * page}`);
    await until(async () => (await shown()).description.startsWith('128 KiB'), 'the growth');
    const victim = await Peer.start(segment, 'victim');
    const states = async () => (await peers()).map((row: Seen) => `${row.label} ${row.context}`);
    await until(async () => (await states()).includes('victim peer alive'), 'the arrival');
    await victim.end('SIGKILL');
    await until(async () => (await states()).includes('victim peer dead'), 'the death');
    assert.equal((await shown()).node, before.node);
  });

  it('draws again the row that changed and no other', async () => {
    const other = testSegment();
    await Peer.start(other, 'writer', 'create', start);
    const peer = await Peer.start(segment, 'writer', 'create', start);
    await until(async () => (await rows(api)).some((row) => row.label === other), 'the other segment');
    await until(() => api.snapshot(segment) && api.snapshot(other), 'both to be watched');
    const drawn: (string | undefined)[] = [];
    const listener = api.tree.onDidChangeTreeData?.((changed) => {
      for (const node of Array.isArray(changed) ? changed : [changed as Node | undefined]) drawn.push(node?.segment);
    });
    await peer.ask(`grow ${page}`);
    await until(() => drawn.includes(segment), 'the change');
    listener?.dispose();
    // Others may be at work on this machine, and their rows change when they like.
    assert.ok(!drawn.includes(other), String(drawn));
  });

  it('shows the present size of a segment that nobody watches once it is refreshed', async () => {
    await execute('workbench.action.closeSidebar');
    const peer = await Peer.start(segment, 'writer', 'create', start);
    assert.equal((await peers()).length, 1);
    await peer.ask(`grow ${16 * page}`);
    await execute('peermap.refresh');
    assert.match((await shown()).description, /^128 KiB/);
    await execute('peermap.segments.focus');
  });

  it('loses a segment that was destroyed', async () => {
    await Peer.start(segment, 'writer', 'create', start);
    await shown();
    await execute('peermap.destroy', { segment });
    await until(async () => !(await rows(api)).some((row) => row.label === segment), 'the row to go');
  });
});
