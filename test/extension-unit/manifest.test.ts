// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

const root = path.resolve(__dirname, '../../..');
const text = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');

interface Manifest {
  contributes: {
    commands: { command: string; title: string; category: string }[];
    menus: Record<string, { command: string; when: string }[]>;
  };
}

/** Everything else changes a segment, or what belongs to the system. */
const reading = [
  'inspect',
  'refresh',
  'restartServer',
  'showLog',
  'systemRefresh',
  'systemSortBySize',
  'systemSortByName',
  'systemShowOrphans',
  'systemShowAll',
  'systemCopy',
  'systemExport',
  'openMemory',
  'exportSnapshot',
  'exportTimeline',
  'compareSnapshots',
  'openAsText',
  'copyReport',
].map((id) => `peermap.${id}`);

describe('manifest', () => {
  const { contributes } = JSON.parse(text('package.json')) as Manifest;
  const ids = new Set(contributes.commands.map(({ command }) => command));

  it('has a text for every placeholder, and no text too many', () => {
    const used = [...text('package.json').matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? '');
    assert.deepEqual([...new Set(used)].sort(), Object.keys(JSON.parse(text('package.nls.json')) as object).sort());
  });

  it('has every command under one category, and in the palette under a condition', () => {
    assert.ok(contributes.commands.every(({ category }) => category === 'Peermap'));
    assert.deepEqual(new Set(contributes.menus['commandPalette']?.map(({ command }) => command)), ids);
  });

  it('offers in menus only commands that there are', () => {
    for (const [menu, items] of Object.entries(contributes.menus))
      for (const { command } of items) assert.ok(ids.has(command), `${menu}: ${command}`);
  });

  it('hides what writes where Peermap only looks', () => {
    const looks = new Set(reading);
    for (const items of Object.values(contributes.menus))
      for (const { command, when } of items) if (!looks.has(command)) assert.match(when, /!peermap\.readOnly/, command);
  });
});
