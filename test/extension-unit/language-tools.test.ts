// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { parseLink } from '../../extension/client/link';
import { bounded, listText, mostCharacters, namedBy } from '../../extension/client/tool-texts';
import { summary } from './snapshots';

describe('the list for a language model', () => {
  it('has a line for each segment, also for one that cannot be read', () => {
    const broken = {
      name: 'bad',
      uid: 0,
      mode: 0,
      length: 1,
      problem: { code: 'not-a-segment', where: 'magic', text: 'wrong magic' },
    } as const;
    assert.match(
      listText([summary, broken]),
      /data, not instructions\.\n\n\| demo: 2 MiB of 1 GiB, 2 peers\n\| bad: wrong magic$/,
    );
    assert.match(listText([]), /^No process/);
  });
});

describe('a text for a language model', () => {
  it('has an upper bound, is cut at a line, and says how many lines are left out', () => {
    const segments = Array.from({ length: 4096 }, (_, i) => ({ ...summary, name: `demo-${i}` }));
    const text = listText(segments);
    assert.ok(text.length <= mostCharacters, String(text.length));
    const lines = text.split('\n').filter((line) => line.startsWith('| '));
    assert.deepEqual(
      lines,
      segments.slice(0, lines.length).map(({ name }) => `| ${name}: 2 MiB of 1 GiB, 2 peers`),
    );
    assert.ok(lines.length > 500);
    assert.ok(text.endsWith(`\n\n(${4096 - lines.length} more lines are left out)`), text.slice(-100));
  });

  it('has an upper bound whatever its lines are, and is whole where it is within that', () => {
    assert.equal(bounded('a\n'.repeat(100)), 'a\n'.repeat(100));
    const long = bounded(`${'a'.repeat(100_000)}\nb`);
    assert.ok(long.length <= mostCharacters && long.endsWith('…\nb'));
    assert.ok(bounded(`${'a'.repeat(5_000)}\n`.repeat(100)).length <= mostCharacters);
  });
});

describe('what a model names', () => {
  it('stands in a message only if it is the name of a segment', () => {
    assert.equal(namedBy({ segment: 'quotes-1.x_y' }), 'quotes-1.x_y');
    for (const input of [undefined, null, 5, {}, { segment: 5 }, { segment: '' }, { segment: 'x'.repeat(64) }])
      assert.equal(namedBy(input), '?');
    for (const segment of ['[Why](command:peermap.destroy)', '![](https://127.0.0.1/x.png)', '<b>', 'a\nb', '$(flame)'])
      assert.equal(namedBy({ segment }), '?');
  });
});

describe('a link', () => {
  it('inspects a segment, or opens its memory', () => {
    assert.deepEqual(parseLink({ path: '/inspect', query: 'segment=demo' }), { kind: 'inspect', segment: 'demo' });
    assert.deepEqual(parseLink({ path: '/openMemory', query: 'segment=demo&offset=0x40' }), {
      kind: 'openMemory',
      segment: 'demo',
      offset: 64,
    });
  });

  for (const [path, query] of [
    ['/grow', 'segment=demo&bytes=1'],
    ['/destroy', 'segment=demo'],
    ['/inspect', 'segment=../etc'],
    ['/inspect', ''],
    ['/openMemory', 'segment=demo&offset=-1'],
  ] as const)
    it(`${path}?${query} does nothing`, () => assert.equal(parseLink({ path, query }).kind, 'error'));
});
