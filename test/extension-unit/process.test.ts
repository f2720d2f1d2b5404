// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { userText } from '../../extension/protocol/process';
import type { Facts } from '../../webview/facts';
import { registryRows } from '../../webview/registry-model';
import { drifting, factsOf } from '../webview/fixtures';

describe('whose a peer is', () => {
  it('is the word of the kernel, and what it says of itself beside that', () => {
    assert.equal(userText({ uid: 1000 }), '1000');
    assert.equal(userText({ uid: 1000 }, { uid: 1000, user: 'ada' }), 'ada');
    assert.equal(userText({ uid: 1000 }, { uid: 0, user: 'root' }), '1000');
    assert.equal(userText({ uid: 1000, claimedUid: 0 }), '1000 (says uid 0)');
    assert.equal(userText({ claimedUid: 0 }, { uid: 0, user: 'root' }), 'uid 0, as it says');
  });

  it('is not told by another process that has its number', () => {
    const model = drifting();
    const facts: Facts = new Map(factsOf(model).map((one) => [one.pid, one]));
    const rows = registryRows(model.peers, model.header, facts, new Map());
    const reused = rows.find(({ peer }) => peer.name === 'reused');
    assert.ok(reused && facts.has(reused.peer.pid));
    assert.equal(reused.facts, undefined);
  });
});
