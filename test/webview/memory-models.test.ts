// SPDX-License-Identifier: MIT
//
// The hex view's, the heap's and the roots' arithmetic, without a browser.

import * as assert from 'node:assert/strict';
import { ageStep, fromBase64, nextFading, seenAgain, toBase64, type Seen } from '../../webview/memory-bytes';
import { columnsOf } from '../../webview/memory-column';
import { countOf, differencesOf, neighbour } from '../../webview/memory-compare';
import { gone, jumped, noHistory } from '../../webview/memory-history';
import { basesOf, parsePlace, targetOf } from '../../webview/memory-places';
import { caretAfter, contentHeight, revealing, rowAt, rowCount, tallest, topOf, type Extent } from '../../webview/memory-rows';
import { anchorOf, find, parsePattern, type Pattern } from '../../webview/memory-search';
import { meaningsOf, pointerIn } from '../../webview/memory-values';
import { forecastOf, fragmentationOf, growthsOf, heapProblems, type Sample } from '../../webview/heap-model';
import { readAgain, treeRows, treeTsv } from '../../webview/roots-model';
import { GiB, KiB, MiB, three, the, type Model } from './fixtures';
import { heapOf, indexStructure } from './heap-fixture';

const range = (offset: number, bytes: number[]): { offset: number; bytes: string; takenAtMs: number } => ({
  offset,
  bytes: toBase64(Uint8Array.from(bytes)),
  takenAtMs: 0,
});

describe('memory that was read', () => {
  it('a byte that reads differently has changed then; one that was not seen before has not', () => {
    const first = seenAgain(undefined, range(100, [1, 2, 3]), 0);
    assert.equal(first.changed.size, 0);
    const second = seenAgain(first, range(101, [2, 9, 7]), 50);
    assert.deepEqual([...second.changed], [[102, 50]]);
    assert.deepEqual(
      [...seenAgain(second, range(101, [2, 9, 8]), 70).changed],
      [
        [102, 50],
        [103, 70],
      ],
    );
  });

  it('a change fades in steps, and is forgotten in the end', () => {
    assert.deepEqual([0, 999, 1000, 4999, 5000, 29_999, 30_000].map(ageStep), [0, 0, 1, 1, 2, 2, undefined]);
    const seen: Seen = seenAgain(seenAgain(undefined, range(0, [1]), 0), range(0, [2]), 100);
    assert.equal(nextFading(seen.changed, 300), 800);
    assert.equal(nextFading(seen.changed, 40_000), undefined);
    assert.equal(seenAgain(seen, range(0, [2]), 40_000).changed.size, 0);
  });
});

describe('rows of memory', () => {
  const extent: Extent = { first: -320 * KiB, end: MiB, perRow: 16 };

  it('the scroll bar and the row agree, in small segments and in those that no element is high enough for', () => {
    for (const rows of [20, 1000, 100_000, 2 ** 40]) {
      for (const row of [0, 1, 17, rows - 21, rows - 20].filter((one) => one >= 0 && one <= rows - 20)) {
        const there = rowAt(rows, 20, topOf(rows, 20, row));
        assert.ok(Math.abs(there - row) <= rows * 1e-9, `${row} of ${rows} became ${there}`);
      }
      assert.ok(contentHeight(rows) <= tallest);
      assert.equal(rowAt(rows, 20, contentHeight(rows)), Math.max(0, rows - 20));
    }
  });

  it('keys move the caret, and not past the ends', () => {
    const after = (key: string, caret: number, ctrlKey = false): number | undefined =>
      caretAfter({ key, ctrlKey }, caret, extent, 20);
    assert.equal(after('ArrowDown', 5), 21);
    assert.equal(after('Home', 21), 16);
    assert.equal(after('End', 21), 31);
    assert.equal(after('PageDown', 3), 3 + 19 * 16);
    assert.equal(after('End', 0, true), MiB - 1);
    assert.equal(after('Home', 500, true), 0);
    assert.equal(after('ArrowUp', extent.first + 3), extent.first + 3);
    assert.equal(after('ArrowDown', MiB - 3), MiB - 3);
    assert.equal(after('ArrowRight', MiB - 1), MiB - 1);
    assert.equal(after('x', 5), undefined);
  });

  it('what is in sight stays where it is, what is not comes into sight', () => {
    const zero = 320 * 64;
    assert.equal(revealing(extent, zero, 20, 16 * 19), zero);
    assert.equal(revealing(extent, zero, 20, 16 * 20), zero + 1);
    assert.equal(revealing(extent, zero, 20, -1), zero - 1);
    assert.equal(revealing(extent, 0, 20, MiB - 1), rowCount(extent) - 20);
  });
});

describe('places in memory', () => {
  const model = elsewhere();
  const snapshot = model.snapshot();
  const { header } = model;
  const offsetOf = (text: string): number | string => {
    const parsed = parsePlace(text, snapshot, header);
    return parsed.kind === 'place' ? parsed.offset : parsed.text;
  };

  it('a place is typed as offset, address, root or share', () => {
    assert.equal(offsetOf('4096'), 4096);
    assert.equal(offsetOf(' 0x1000 '), 4096);
    assert.equal(offsetOf('-0x10'), -16);
    assert.equal(offsetOf('25%'), header.active / 4);
    assert.equal(offsetOf('index'), 0x1000);
    assert.equal(offsetOf('0x7e8000000400'), 0x400);
    assert.equal(offsetOf('0x520000000400'), 0x400);
  });

  it('what leads nowhere says why', () => {
    assert.match(String(offsetOf('0x7e8100000000')), /reserved in indexer, search/);
    assert.match(String(offsetOf('0x1234567890000')), /outside/);
    assert.match(String(offsetOf('nowhere')), /Type an offset/);
    assert.match(String(offsetOf('101%')), /past 100/);
  });

  it('a pointer of any process leads to the same bytes, a small number is an offset, anything else nothing', () => {
    assert.deepEqual(targetOf(0x520000000400n, snapshot, header), { offset: 0x400, as: 'address', names: ['stats'] });
    assert.equal(targetOf(0x7e8000000400n, snapshot, header)?.offset, 0x400);
    assert.deepEqual(targetOf(0x400n, snapshot, header), { offset: 0x400, as: 'offset', names: [] });
    assert.equal(targetOf(0n, snapshot, header), undefined);
    assert.equal(targetOf(0xffff_ffff_ffff_ffffn, snapshot, header), undefined);
  });

  it('a column counts from the data, the object, or the base of a peer; peers with one base are one', () => {
    assert.equal(basesOf(snapshot, header).length, 2);
    const labels = columnsOf(snapshot, header).map(({ label }) => label(0x20));
    assert.deepEqual(labels, ['000000020', '000050020', '0x7e8000000020', '0x520000000020']);
  });
});

describe('values in memory', () => {
  it('bytes are numbers in both orders, as far as there are enough', () => {
    const bytes = Uint8Array.from([0xff, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    const of = (name: string): (string | undefined)[] => {
      const found = meaningsOf(bytes).find((one) => one.name === name);
      return [found?.little, found?.big];
    };
    assert.deepEqual(of('int8'), ['-1', '-1']);
    assert.deepEqual(of('uint16'), ['255', '65280']);
    assert.deepEqual(of('int64'), ['4607182418800017663', '-72057594037866433']);
    assert.equal(of('double')[0], '1.0000000000000566');
    assert.equal(meaningsOf(Uint8Array.from([0x3f, 0x80, 0, 0])).at(-1)?.big, '1');
    assert.deepEqual(
      meaningsOf(bytes.subarray(0, 3)).map(({ name }) => name),
      ['int8', 'uint8', 'int16', 'uint16'],
    );
    assert.equal(pointerIn(bytes.subarray(1)), undefined);
  });
});

describe('searching memory', () => {
  const pattern = (kind: Parameters<typeof parsePattern>[0], text: string): Pattern | string => {
    const parsed = parsePattern(kind, text);
    return parsed.kind === 'pattern' ? parsed.pattern : parsed.text;
  };

  it('patterns are typed as text, bytes or numbers', () => {
    assert.deepEqual(pattern('text', 'é'), [0xc3, 0xa9]);
    assert.deepEqual(pattern('hex', 'de ad ?? ef'), [0xde, 0xad, undefined, 0xef]);
    assert.deepEqual(pattern('int16', '-2'), [0xfe, 0xff]);
    assert.deepEqual(pattern('int32', '0x01020304'), [4, 3, 2, 1]);
    assert.deepEqual(pattern('double', '1'), [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    for (const [kind, text] of [
      ['hex', 'dea'],
      ['hex', '??'],
      ['int16', '65536'],
      ['int64', '1.5'],
      ['float', 'x'],
      ['text', ''],
    ] as const)
      assert.equal(typeof pattern(kind, text), 'string', `${kind} ${text}`);
  });

  it('the server looks for the longest run of bytes that are known', () => {
    assert.deepEqual(anchorOf([1, undefined, 2, 3, undefined]), { at: 2, bytes: Uint8Array.from([2, 3]) });
  });

  /** As the server: what is in `memory`, a piece of 64 bytes at a time. */
  const searched = async (memory: number[], wanted: Pattern, from: number, backwards = false): Promise<unknown> => {
    let pieces = 0;
    const found = await find({
      pattern: wanted,
      from,
      backwards,
      extent: { first: 0, end: memory.length },
      search: ({ from: at, pattern: encoded, backwards: back }) => {
        const bytes = fromBase64(encoded);
        pieces += 1;
        assert.ok(pieces < 100, 'it goes on for ever');
        for (let step = 0; step < 64; step += 1) {
          const place = back ? at - 1 - step : at + step;
          if (place < 0 || place >= memory.length) return Promise.resolve({ until: place, end: true });
          if (bytes.every((byte, index) => memory[place + index] === byte))
            return Promise.resolve({ found: place, until: place, end: false });
        }
        return Promise.resolve({ until: back ? at - 64 : at + 64, end: false });
      },
      read: ({ offset, length }) => Promise.resolve(range(offset, memory.slice(offset, offset + length))),
      progress: (share) => assert.ok(share >= 0 && share <= 1),
      cancelled: () => false,
    });
    return found.kind === 'found' ? [found.offset, found.wrapped] : found.kind;
  };

  it('goes on at the other end, and finds each place once', async () => {
    const memory = Array.from({ length: 500 }, () => 0);
    memory[20] = memory[300] = 7;
    memory[301] = 8;
    assert.deepEqual(await searched(memory, [7], 0), [20, false]);
    assert.deepEqual(await searched(memory, [7], 20), [300, false]);
    assert.deepEqual(await searched(memory, [7], 300), [20, true]);
    assert.deepEqual(await searched(memory, [7], 300, true), [20, false]);
    assert.deepEqual(await searched(memory, [7], 20, true), [300, true]);
    assert.equal(await searched(memory, [9], 250), 'none');
    assert.equal(await searched(memory, [9], 250, true), 'none');
    assert.deepEqual(await searched(memory, [7, 8, undefined], 0), [300, false]);
    assert.deepEqual(await searched(memory, [undefined, 8], 400), [300, true]);
    assert.equal(await searched(memory, [7, undefined, 8], 0), 'none');
  });
});

describe('comparing memory', () => {
  it('differing bytes near each other are one place', () => {
    const kept = { offset: 100, bytes: Uint8Array.from({ length: 64 }, () => 0), atMs: 0 };
    const now = { offset: 96, bytes: Uint8Array.from({ length: 64 }, (_, at) => ([6, 8, 40].includes(at) ? 1 : 0)) };
    const runs = differencesOf(kept, now);
    assert.deepEqual(runs, [
      { offset: 102, length: 3 },
      { offset: 136, length: 1 },
    ]);
    assert.equal(countOf(runs), 4);
    assert.equal(neighbour(runs, 102, 1)?.offset, 136);
    assert.equal(neighbour(runs, 136, 1)?.offset, 102);
    assert.equal(neighbour(runs, 102, -1)?.offset, 136);
  });

  it('one goes back to where one jumped from, and forward again', () => {
    const history = jumped(jumped(noHistory, 0, 10), 15, 20);
    const back = the(gone(history, -1));
    assert.equal(back.to, 15);
    assert.equal(the(gone(back.history, 1)).to, 20);
    assert.equal(gone(history, 1), undefined);
    assert.equal(gone(jumped(back.history, 15, 99), 1), undefined);
  });
});

describe('the heap', () => {
  const samples = (used: (second: number) => number, seconds = 120): Sample[] =>
    Array.from({ length: seconds }, (_, at) => ({ atMs: at * 1000, used: used(at), size: 16 * MiB }));

  it('is broken up as far as what is free is not one run', () => {
    const { outside, inside, insideBytes } = fragmentationOf(heapOf());
    assert.equal(outside, 0.5);
    assert.ok(inside > 0 && inside < 1 && insideBytes > 0);
    assert.equal(fragmentationOf(heapOf(1, { largestFree: 4 * MiB })).outside, 0);
    assert.equal(fragmentationOf(heapOf(1, { freeBytes: 0, holeBytes: 0, largestFree: 0 })).outside, 0);
  });

  it('a steady rate says when it grows and when it is full', () => {
    const forecast = forecastOf(
      samples((second) => 4 * MiB + second * 64 * KiB),
      GiB,
    );
    if (forecast.kind !== 'trend') throw new Error(forecast.kind);
    assert.ok(Math.abs(forecast.bytesPerSecond - 64 * KiB) < 1);
    assert.ok(Math.abs(forecast.growsInS - (12 * MiB - 119 * 64 * KiB) / (64 * KiB)) < 0.01);
    assert.ok(forecast.fullInS > 16_000);
  });

  it('there is no forecast without a trend, or too early', () => {
    assert.equal(
      forecastOf(
        samples((second) => MiB * (second % 2)),
        GiB,
      ).kind,
      'no-trend',
    );
    assert.equal(
      forecastOf(
        samples(() => MiB),
        GiB,
      ).kind,
      'no-trend',
    );
    assert.equal(
      forecastOf(
        samples((second) => GiB - second * MiB),
        GiB,
      ).kind,
      'no-trend',
    );
    assert.equal(
      forecastOf(
        samples((second) => second, 10),
        GiB,
      ).kind,
      'early',
    );
    assert.equal(forecastOf([], GiB).kind, 'early');
  });

  it('its history is the growths of the segment, and its problems are named', () => {
    const model = three();
    const growths = growthsOf(model.events);
    assert.equal(growths.length, 24);
    assert.equal(growths.at(-1)?.to, model.header.active);
    assert.deepEqual(heapProblems(heapOf()), []);
    const found = heapProblems(heapOf(1, { faults: 2, lostThreads: 1, reclaimed: 3 }));
    assert.deepEqual(
      found.map(({ key, severity }) => `${key} ${severity}`),
      ['faults error', 'lost warning', 'reclaimed warning'],
    );
  });
});

describe('roots', () => {
  const roots = [{ name: 'index', type: 'struct index', offset: 0x1000, size: 64, version: 2 }];
  const answer = (words: number) => ({ value: indexStructure(words), problems: [] });

  it('a closed root is one row; what is open is a tree with what was left out', () => {
    const reads = { index: readAgain(undefined, answer(11), 0) };
    assert.equal(treeRows(roots, new Set(), reads).length, 1);
    const rows = treeRows(roots, new Set(['index', 'index/buckets']), reads);
    assert.deepEqual(
      rows.map(({ name, level }) => `${level} ${name}`),
      ['1 index', '2 words', '2 title', '2 first', '2 buckets', '3 [0]', '3 [1]', '3 [2]', '3 1,021 more are left out'],
    );
    assert.equal(rows.find(({ name }) => name === 'first')?.target, 0x2000);
  });

  it('a value that reads differently is marked, and for a while', () => {
    const first = readAgain(undefined, answer(11), 0);
    const second = readAgain(first, answer(12), 100);
    assert.deepEqual([...second.changed], [['index/words', 100]]);
    assert.deepEqual([...readAgain(second, answer(12), 200).changed], [['index/words', 100]]);
    assert.equal(readAgain(second, answer(12), 60_000).changed.size, 0);
  });

  it('a root that nobody can describe says why, and what to do', () => {
    const problems = [{ code: 'no-access' as const, where: 'gdb', text: 'There is no gdb.' }];
    const reads = { index: readAgain(undefined, { value: null, problems }, 0) };
    const names = treeRows(roots, new Set(['index']), reads).map(({ name }) => name);
    assert.deepEqual(names.slice(0, 2), ['index', 'There is no gdb.']);
    assert.match(String(names[2]), /-g/);
  });

  it('is a table to paste, with whole names', () => {
    const text = treeTsv(roots, { index: readAgain(undefined, answer(11), 0) });
    assert.ok(text.includes('index.buckets[1]\tuint32_t\t7\t0x1024\t4'), text);
  });

  it('is a table that no spreadsheet takes for formulas, and in which numbers are numbers', () => {
    const root = { name: 'index', type: '=HYPERLINK("x")', offset: 0x1000, size: 64, version: 2 };
    const value = structuredClone(answer(11).value);
    const [field] = value.fields;
    assert.ok(field);
    Object.assign(field, { type: '+cmd|x', value: '-11' });
    const lines = treeTsv([root], { index: readAgain(undefined, { value, problems: [] }, 0) }).split('\n');
    assert.match(lines[1] ?? '', /^index\t'=HYPERLINK/);
    assert.match(lines[2] ?? '', /\t'\+cmd\|x\t-11\t/);
  });
});

function elsewhere(): Model {
  const model = three();
  const stats = the(model.peers[2]);
  Object.assign(stats, { base: '0x520000000000', relocated: true });
  const snapshot = model.snapshot.bind(model);
  model.snapshot = () => ({
    ...snapshot(),
    roots: [{ name: 'index', type: 'struct index', offset: 0x1000, size: 64, version: 2 }],
  });
  return model;
}
