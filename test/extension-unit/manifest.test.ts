// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseInvocation } from '../../extension/client/command-arguments';
import { settings, type SettingKind } from '../../extension/client/setting-kinds';

const root = path.resolve(__dirname, '../../..');
const text = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');

/** The arguments that docs/commands.md gives a command, by its id. */
function documented(): Map<string, string[]> {
  const rows = text('docs/commands.md').matchAll(/^\| `(peermap\.\w+)` \|([^|]*)\|/gm);
  const words = (cell: string) => Array.from(cell.replace(/:[^,\]]*/g, '').matchAll(/`(\w+)`/g), ([, word = '']) => word);
  return new Map(Array.from(rows, ([, id = '', cell = '']) => [id, words(cell)]));
}

/** Whether a command that is given it, of whatever type that is, asks for nothing that is missing. */
function isArgument(word: string): boolean {
  return ['x', 1, true].some((value) => {
    try {
      return !parseInvocation({ [word]: value }).asks;
    } catch {
      return false;
    }
  });
}

interface Manifest {
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: {
    configuration: { properties: Record<string, { scope?: string; default: unknown }> };
    commands: { command: string; title: string; category: string }[];
    menus: Record<string, { command: string; when: string }[]>;
  };
}

/** Everything else changes a segment, or what belongs to the system. */
const reading = [
  'inspect',
  'refresh',
  'tryAgain',
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

/** What VS Code may be told of a setting of each kind: `application` and `machine` no workspace can set. */
const scopes: Record<SettingKind, string[]> = {
  protection: ['application'],
  trust: ['machine'],
  program: ['machine'],
  tightening: ['resource'],
  work: ['window', 'machine-overridable'],
  look: ['window'],
};

describe('manifest', () => {
  const { contributes, capabilities } = JSON.parse(text('package.json')) as Manifest;
  const ids = new Set(contributes.commands.map(({ command }) => command));

  it('has a text for every placeholder, and no text too many', () => {
    const used = [...text('package.json').matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? '');
    assert.deepEqual([...new Set(used)].sort(), Object.keys(JSON.parse(text('package.nls.json')) as object).sort());
  });

  it('has every command under one category, and in the palette under a condition', () => {
    assert.ok(contributes.commands.every(({ category }) => category === 'Peermap'));
    assert.deepEqual(new Set(contributes.menus['commandPalette']?.map(({ command }) => command)), ids);
  });

  describe('says of every setting whose word counts:', () => {
    const { properties } = contributes.configuration;
    const known = new Map(Object.entries(settings).map(([key, said]) => [`peermap.${key}`, said]));

    it('all are there, and no others', () => {
      assert.deepEqual(Object.keys(properties).sort(), [...known.keys()].sort());
    });

    for (const [key, { scope, default: byDefault }] of Object.entries(properties))
      it(key, () => {
        const said = known.get(key);
        assert.ok(said, 'of which kind it is stands in setting-kinds.ts');
        assert.ok(scopes[said.kind].includes(scope ?? 'window'), `${said.kind}, but of scope ${scope}`);
        assert.deepEqual(byDefault, said.otherwise);
      });

    it('what a workspace has done by itself waits for trust', () => {
      const working = [...known].filter(([, { kind }]) => kind === 'work').map(([key]) => key);
      assert.deepEqual([...capabilities.untrustedWorkspaces.restrictedConfigurations].sort(), working.sort());
    });
  });

  it('has a line for each command in docs/commands.md, with arguments that are read, and that are all there are', () => {
    const described = documented();
    assert.deepEqual([...described.keys()].sort(), [...ids].sort());
    const told = new Set([...described.values()].flat());
    for (const word of told) assert.equal(isArgument(word), true, word);
    const declared = /interface Target \{([^}]*)\}/.exec(text('extension/client/command-arguments.ts'))?.[1] ?? '';
    assert.deepEqual([...told].sort(), Array.from(declared.matchAll(/^ {2}(\w+)\?:/gm), ([, word = '']) => word).sort());
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
