// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

describe('messages', () => {
  it('are all in the bundle, and in every translation, with their placeholders', () => {
    const script = path.resolve(__dirname, '../../../scripts/l10n.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
});
