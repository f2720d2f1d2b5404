// SPDX-License-Identifier: MIT
//
// Tables without a browser: their order, what is found, what is in sight, and what leaves them as text.

import * as assert from 'node:assert/strict';
import { arranged, inSight, plainLook, sortedBy, toCsv, toJson, toTsv, type Column } from '../../webview/grid-model';

interface Process {
  name: string;
  size: number | undefined;
}

const columns: Column<Process>[] = [
  { key: 'name', title: 'Name', width: 10, names: true, value: ({ name }) => name },
  { key: 'size', title: 'Size', width: 10, value: ({ size }) => size },
  { key: 'actions', title: 'Actions', width: 4, controls: true, value: () => undefined },
];
const rows: Process[] = [
  { name: 'worker-10', size: 9 },
  { name: 'worker-9', size: undefined },
  { name: 'Indexer', size: 10 },
];
const names = (found: readonly Process[]): string[] => found.map(({ name }) => name);

describe('grid rows', () => {
  it('are sorted up, down, and as they came, by pressing a title three times', () => {
    const up = sortedBy(plainLook, 'size');
    assert.deepEqual(names(arranged(rows, columns, up)), ['worker-10', 'Indexer', 'worker-9']);
    const down = sortedBy(up, 'size');
    assert.deepEqual(names(arranged(rows, columns, down)), ['Indexer', 'worker-10', 'worker-9']);
    assert.equal(arranged(rows, columns, sortedBy(down, 'size')), rows);
  });

  it('sort numbers in names as numbers, and letters whatever their case', () => {
    assert.deepEqual(names(arranged(rows, columns, { ...plainLook, sort: 'name' })), ['Indexer', 'worker-9', 'worker-10']);
  });

  it('are found by words in any cell, all of them', () => {
    assert.deepEqual(names(arranged(rows, columns, { ...plainLook, filter: 'WORK 10' })), ['worker-10']);
    assert.deepEqual(names(arranged(rows, columns, { ...plainLook, filter: 'work indexer' })), []);
  });

  it('in sight are few however many there are, and none is drawn past the end', () => {
    const { from, to } = inSight(1000, 26, 13_000, 416);
    assert.ok(from <= 500 && to >= 516 && to - from < 40, `${from} ${to}`);
    assert.deepEqual(inSight(3, 26, 9_999, 416), { from: 3, to: 3 });
    assert.deepEqual(inSight(0, 26, 0, 416), { from: 0, to: 0 });
  });
});

describe('grid text', () => {
  const odd: Process[] = [
    { name: 'say "hi", you', size: -1 },
    { name: '=HYPERLINK("x")', size: 2 },
    { name: 'two\nlines\tand a tab', size: undefined },
  ];

  it('as CSV quotes what needs it, and keeps numbers as they are', () => {
    const csv = toCsv(columns, odd);
    assert.equal(csv, 'name,size\r\n"say ""hi"", you",-1\r\n"\'=HYPERLINK(""x"")",2\r\n"two\nlines\tand a tab",\r\n');
  });

  it('is no formula to a spreadsheet, whoever chose the name', () => {
    for (const name of ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\r=1']) {
      const row = [{ name, size: 1 }];
      assert.doesNotMatch(toCsv(columns, row).split('\r\n')[1] ?? '', /^"?[=+\-@\t\r]/, name);
      assert.doesNotMatch(toTsv(columns, row).split('\n')[1] ?? '', /^[=+\-@\t\r]/, name);
    }
  });

  it('as TSV is a line for each row', () => {
    assert.deepEqual(toTsv(columns, odd).split('\n'), [
      'Name\tSize',
      'say "hi", you\t-1',
      '\'=HYPERLINK("x")\t2',
      'two lines and a tab\t',
    ]);
  });

  it('as JSON says null for what is not known, and nothing of buttons', () => {
    assert.deepEqual(JSON.parse(toJson(columns, rows.slice(1, 2))), [{ name: 'worker-9', size: null }]);
  });
});
