// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { decide } from '../../extension/client/setting-kinds';

describe('whose word counts in a setting', () => {
  it('a protection is switched off by the person and by nobody else', () => {
    assert.equal(decide('confirm.destroy', [{ globalValue: false }]), false);
    assert.equal(decide('confirm.destroy', [{ globalValue: true, workspaceValue: false }]), true);
    for (const said of [{}, { defaultValue: false }, { workspaceValue: false }, { workspaceFolderValue: false }])
      assert.equal(decide('confirm.destroy', [said, said]), true, JSON.stringify(said));
  });

  it('a protection is switched off by the word false, and by nothing that is like it', () => {
    for (const globalValue of [null, 0, '', 'false', [], { destroy: false }])
      assert.equal(decide('confirm.shrink', [{ globalValue }]), true, JSON.stringify(globalValue));
  });

  it('whoever wants to be shown only is heard, and nobody takes it back', () => {
    assert.equal(decide('readOnly', [{}]), false);
    for (const said of [
      [{ defaultValue: true }],
      [{ globalValue: true, workspaceValue: false, workspaceFolderValue: false }],
      [{ globalValue: false, workspaceValue: true }],
      [{ globalValue: false }, { workspaceFolderValue: false }, { workspaceFolderValue: true }],
    ])
      assert.equal(decide('readOnly', said), true, JSON.stringify(said));
    assert.equal(decide('readOnly', [{ workspaceValue: 'true' }]), false);
  });

  it('whom to trust the person says and nobody else, as a list', () => {
    assert.deepEqual(decide('trustedOwners', [{ globalValue: [1000], workspaceValue: [0] }]), [1000]);
    for (const said of [{}, { defaultValue: [0] }, { workspaceValue: [0] }, { workspaceFolderValue: [0] }])
      assert.deepEqual(decide('trustedOwners', [said, said]), [], JSON.stringify(said));
    for (const globalValue of [null, 0, '0', { 0: 0 }])
      assert.deepEqual(decide('trustedOwners', [{ globalValue }]), [], JSON.stringify(globalValue));
  });

  it('in the others the nearest word counts, if it is of the right type', () => {
    assert.equal(decide('system.sort', [{ globalValue: 'size', workspaceValue: 'name' }]), 'name');
    assert.equal(decide('system.refreshSeconds', [{ workspaceValue: '1' }]), 0);
    assert.equal(decide('inspectOnStartup', [{ defaultValue: '', globalValue: 'quotes' }]), 'quotes');
    assert.equal(decide('inspectOnStartup', []), '');
  });
});
