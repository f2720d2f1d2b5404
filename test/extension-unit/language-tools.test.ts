// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import { parseLink } from '../../extension/client/link';
import { listText } from '../../extension/client/tool-texts';
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
