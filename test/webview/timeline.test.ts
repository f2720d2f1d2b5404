// SPDX-License-Identifier: MIT
//
// The timeline's and the map's models at size: sums over many events, percentiles, zooming.  Without a browser.

import * as assert from 'node:assert/strict';
import type { PeermapEvent } from '../../extension/protocol/model';
import { chartsOf } from '../../webview/charts-model';
import { chunkSize } from '../../webview/event-chunk';
import { bits } from '../../webview/event-index';
import { emptyLog, type EventLog } from '../../webview/event-log';
import { bucketOf, Histogram, startOf, studyOf } from '../../webview/latency-model';
import { mapKey } from '../../webview/map-keys';
import { lanesOf, mapScale, ticksOf, toX } from '../../webview/map-model';
import { pointedAt } from '../../webview/map-point';
import { offsetAt, pannedBy, zoomedBy, zoomedScale, zoomedTo } from '../../webview/map-zoom';
import { Samples } from '../../webview/samples';
import { lanesIn } from '../../webview/sight';
import { initialState } from '../../webview/state';
import { columnsOf } from '../../webview/timeline-columns';
import { pickedFrom } from '../../webview/timeline-pick';
import { roundsIn, runningRound } from '../../webview/timeline-rounds';
import { sceneOf, shapeAt, type TimeLane } from '../../webview/timeline-scene';
import { timelineText } from '../../webview/timeline-text';
import { isTool, toolMarks, toolsOf } from '../../webview/timeline-tools';
import { initialView } from '../../webview/view-state';
import { failing, full, GiB, KiB, MiB, the, three } from './fixtures';
import { batchOf } from './preview';

const logOf = (events: readonly PeermapEvent[]): EventLog => emptyLog.append(batchOf(events), true);

/** `count` answers of 8 peers, 1 ms apart, each as late as its number in µs. */
function answers(count: number): EventLog {
  const some = the(three().events.find(({ kind }) => kind === 'map-ack'));
  return logOf(
    Array.from({ length: count }, (_, at) => ({
      ...some,
      seq: at + 1,
      timeNs: (at + 1) * 1e6,
      slot: at % 8,
      ns: (at % 1000) * 1e3,
      error: at % 5000 === 77 ? 12 : 0,
    })),
  );
}

describe('inspector timeline from afar', () => {
  it('sums up the same through the index as one by one', () => {
    const count = 5 * chunkSize + 123;
    const log = answers(count);
    const window = { start: 3.5e6, end: (count - 700) * 1e6 };
    const columns = the(columnsOf(log, [5], window, 40).get(5));
    const wanted = { count: new Uint32Array(40), failed: new Uint32Array(40) };
    for (const event of log.events()) {
      const at = Math.floor(((event.timeNs - window.start) / (window.end - window.start)) * 40);
      if (event.slot !== 5 || event.timeNs < window.start || event.timeNs > window.end) continue;
      wanted.count[at] = (wanted.count[at] ?? 0) + 1;
      if (event.error !== 0) wanted.failed[at] = 1;
    }
    // A sum narrower than a pixel goes where its middle is: a column may have some of its neighbour's.
    const total = (of: Uint32Array): number => of.reduce((sum, one) => sum + one, 0);
    assert.equal(total(columns.count) + columns.bars.length, total(wanted.count));
    columns.count.forEach((one, at) => assert.ok(Math.abs(one - (wanted.count[at] ?? 0)) <= 8, `column ${at}: ${one}`));
    const failed = columns.flags.reduce((sum, flags) => sum + ((flags & bits.ackFailed) === 0 ? 0 : 1), 0);
    assert.equal(failed, total(wanted.failed));
    assert.ok(Math.max(...columns.longest) >= 990e3);
  });

  it('a click on a column selects an event of that lane and time', () => {
    const log = answers(3 * chunkSize);
    const window = { start: 0, end: 3 * chunkSize * 1e6 };
    const lanes: TimeLane[] = [{ slot: 3, name: 'three', present: true }];
    const scene = sceneOf(log, lanes, window, 500);
    const shape = the(shapeAt(scene, 0, 250));
    assert.equal(shape.kind, 'column');
    const event = the(log.find(pickedFrom(shape, log, 3, window, 500)));
    assert.equal(event.slot, 3);
    assert.ok(Math.abs(event.timeNs - window.end / 2) < window.end / 50);
  });

  it('completes a round whose beginning or end is outside the window, and finds the one that runs', () => {
    const model = three();
    const log = logOf(model.events);
    const end = model.events.findLastIndex(({ kind }) => kind === 'round-end');
    for (const [from, to] of [
      [end - 2, end - 1],
      [end, end + 1],
      [end - 7, end - 6],
    ] as const) {
      const round = the(roundsIn(log, from, to).at(-1));
      assert.deepEqual([round.result, round.acks.length, round.epoch], ['done', 3, 24]);
    }
    assert.equal(runningRound(log), undefined);
    model.header.epoch += 1;
    model.event('round-begin', { op: 'grow', bySlot: 0, byPid: 4711, size: 9 * MiB, ns: 7 * MiB });
    for (let growth = 0; growth < 3; growth += 1) model.growInside(64 * KiB);
    assert.equal(runningRound(logOf(model.events))?.target, 9 * MiB);
  });

  it('marks what tools did, and nothing else', () => {
    const model = three();
    model.attach('vscode-881', 881);
    model.resize(8 * MiB, model.peers[3]);
    model.resize(9 * MiB, model.peers[0]);
    const names = Object.fromEntries(model.peers.map(({ slot, pid, name }) => [`${slot}:${pid}`, name]));
    const log = logOf(model.events);
    const marks = toolMarks(log, 0, log.length, toolsOf(names));
    assert.deepEqual(
      marks.map(({ kind, pid }) => [kind, pid]),
      [
        ['attach', 881],
        ['round-end', 881],
      ],
    );
    assert.deepEqual([isTool('peermap-cli-9'), isTool('vscode'), isTool('my-vscode-1')], [true, false, false]);
  });

  it('reads as a text: what happened, how long it took, and what is missing', () => {
    const model = failing();
    const snapshot = model.snapshot();
    const names = Object.fromEntries(model.peers.map(({ slot, pid, name }) => [`${slot}:${pid}`, name]));
    const state = { ...initialState('telemetry', initialView), snapshot, names, log: logOf(model.events), wallMs: 1.7e12 };
    const text = timelineText(state, snapshot, 0, model.now);
    assert.match(text, /Timeline of telemetry/);
    assert.match(text, /Round 7: growth 7\.5 MiB → 8 MiB by collector; rolled back after/);
    assert.match(text, /logger died: found by collector/);
    assert.match(text, /planner: 6, 1, /);
  });
});

describe('inspector latency', () => {
  it('percentiles are right to within a bucket, from nanoseconds to hours', () => {
    for (const unit of [1, 1e3, 1e6, 1e9, 1e12]) {
      const times = new Histogram();
      for (let at = 1; at <= 1000; at += 1) times.add(at * unit);
      for (const percent of [50, 90, 99]) {
        const found = the(times.percentile(percent));
        assert.ok(Math.abs(found / (percent * 10 * unit) - 1) < 0.07, `p${percent} of ${unit}: ${found}`);
      }
      assert.equal(times.percentile(100) === undefined, false);
      assert.equal(times.max, 1000 * unit);
    }
    assert.equal(new Histogram().percentile(50), undefined);
    for (const ns of [0, 1, 15, 17, 1000, 5e9, 1e15, Infinity]) {
      const bucket = bucketOf(ns);
      assert.ok(startOf(bucket) <= Math.max(1, ns), String(ns));
    }
  });

  it('is of the events in a stretch of time, for each peer', () => {
    const log = answers(8000);
    const study = studyOf(log, 1001e6, 2001e6);
    assert.deepEqual([study.events, study.answers.total, study.rounds.total], [1000, 1000, 0]);
    assert.deepEqual([...study.bySlot.keys()].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(the(study.bySlot.get(0)).total, 125);
    const late = studyOf(logOf(failing().events), 0, Infinity);
    assert.deepEqual([...late.lateBySlot], [[2, 1]]);
  });
});

describe('inspector charts', () => {
  it('sizes are steps, and are known before the window if anything told them', () => {
    const model = three();
    const log = logOf(model.events);
    const rounds = model.events.filter(({ kind }) => kind === 'round-end');
    const [first, last] = [the(rounds[10]), the(rounds.at(-1))];
    const charts = chartsOf(log, [], { start: first.timeNs + 1e6, end: last.timeNs + 1e9 }, 600);
    assert.equal(charts.active[0], first.size);
    assert.equal(charts.active.at(-1), model.header.active);
    assert.ok(charts.active.every((size, at) => at === 0 || size >= (charts.active[at - 1] ?? 0)));
    assert.ok(charts.resident.every(Number.isNaN));
    assert.equal(
      charts.bins.reduce((sum, bin) => sum + bin.rounds, 0),
      13,
    );
    const grown = charts.bins.reduce((sum, { rate, from, to }) => sum + (rate * (to - from)) / 1e9, 0);
    assert.ok(Math.abs(grown - (model.header.active - first.size)) < 1, String(grown));
  });

  it('samples are kept where they are news, and no others', () => {
    const model = three();
    let samples = new Samples().with(model.snapshot());
    const one = samples;
    model.now += 1e9;
    assert.equal(samples.with(model.snapshot()), samples);
    model.growInside(MiB);
    samples = samples.with(model.snapshot());
    assert.deepEqual([one.all.length, samples.all.length], [1, 2]);
    assert.equal(one.with(model.snapshot()).all.length, 2);
    for (let turn = 0; turn < 25_000; turn += 1) {
      model.header.active += 4096;
      samples = samples.with({ ...model.snapshot(), monotonicNs: model.now + turn });
      if (turn === 50) model.peers = [];
    }
    assert.equal(samples.all.length, 20_000);
    assert.equal(samples.all.at(-1)?.active, model.header.active);
  });
});

describe('inspector map at any scale', () => {
  const snapshot = failing().snapshot();
  const header = the(snapshot.header);
  const whole = mapScale(snapshot, header);
  const bounds = { start: -header.headerLength, end: header.reserved };

  it('zooms about the offset under the pointer, and back out to the whole', () => {
    const zoom = the(zoomedBy(whole, whole, bounds, 0.25, 4 * MiB));
    const before = (4 * MiB - whole.start) / (whole.end - whole.start);
    assert.ok(Math.abs((4 * MiB - zoom.start) / (zoom.end - zoom.start) - before) < 1e-9);
    assert.equal(zoomedBy(zoomedScale(whole, zoom), whole, bounds, 8, 4 * MiB), undefined);
    const far = the(pannedBy(zoomedScale(whole, zoom), zoom, bounds, -100));
    assert.equal(far.start, bounds.start);
    const deep = Array.from({ length: 80 }).reduce<ReturnType<typeof zoomedBy>>(
      (last) => zoomedBy(zoomedScale(whole, last), whole, bounds, 0.5, 4 * MiB),
      undefined,
    );
    assert.equal(the(deep).end - the(deep).start, 64);
    const one = the(zoomedTo(MiB, 4096, bounds));
    assert.ok(one.start < MiB && one.end > MiB + 4096);
  });

  it('an offset is where it is drawn', () => {
    for (const scale of [
      whole,
      zoomedScale(whole, { start: MiB, end: MiB + 8192 }),
      { start: 0, end: 5 * MiB, broken: true, far: 66 * MiB },
    ])
      for (const x of [0, 100, 499.5, 1000]) {
        const offset = the(offsetAt(scale, 1000, x));
        assert.ok(Math.abs(toX(scale, 1000, offset) - x) < 1.5, `${x}`);
      }
    assert.equal(offsetAt(whole, 1000, 1100), undefined);
    const ticks = ticksOf({ start: GiB + 100, end: GiB + 8292, broken: false }, 1000);
    assert.ok(ticks.length > 2 && ticks.length < 12 && ticks.every((at) => at > GiB), ticks.join(' '));
  });

  it('pointing tells the offset, the address in that process, and what is there', () => {
    const lanes = new Map(lanesOf(snapshot, header).map((lane) => [lane.name, lane]));
    const { active, target, horizon, reserved } = header;
    const scale = { ...whole, width: 1100, scaled: 1000, active, target, horizon, reserved };
    const at = (name: string, offset: number, roots = snapshot.roots) =>
      pointedAt(the(lanes.get(name)), scale, roots, toX(scale, 1000, offset));
    assert.match(at('viewer', 2 * MiB).lines.join('\n'), /address 0x520000(1f|20)[0-9a-f]+ in viewer/);
    const lack = at('camera-left', 7 * MiB);
    assert.match(lack.lines.join('\n'), /active, and lacking here/);
    assert.deepEqual(lack.range, { offset: 6.5 * MiB, length: MiB });
    const root = { name: 'frames', type: 'struct ring', offset: MiB, size: MiB, version: 1 };
    const onRoot = at('collector', 1.5 * MiB, [root]);
    assert.match(onRoot.lines.join('\n'), /root frames, struct ring/);
    assert.deepEqual(onRoot.range, { offset: MiB, length: MiB });
  });

  it('keys walk lanes and pieces, zoom about the selection, and go home', () => {
    const where = { at: 2, count: 5, scale: whole, whole, bounds, zoom: undefined, range: { offset: MiB, length: 4096 } };
    const key = (name: string, shiftKey = false) =>
      mapKey({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey }, where);
    assert.deepEqual(key('ArrowDown'), { kind: 'lane', at: 3 });
    assert.deepEqual(key('End'), { kind: 'lane', at: 4 });
    assert.deepEqual(key('ArrowRight'), { kind: 'piece', by: 1 });
    assert.deepEqual(key('Home'), { kind: 'zoom', zoom: undefined });
    const zoom = key('+');
    assert.ok(zoom?.kind === 'zoom' && zoom.zoom && zoom.zoom.start < MiB && zoom.zoom.end > MiB);
    assert.equal(key('q'), undefined);
  });

  it('finds the lanes in sight of a thousand, whatever their heights', () => {
    const { peers } = full();
    const tops = [0];
    for (let at = 0; at < 1000; at += 1) tops.push(the(tops.at(-1)) + (at % 3 === 0 ? 45 : 26));
    assert.ok(peers.length > 100);
    const { first, end } = lanesIn(tops, 10_000, 400);
    assert.ok(the(tops[first]) < 10_000 && the(tops[end]) >= 10_400 && end - first < 25);
    assert.deepEqual(lanesIn([0], 0, 400), { first: 0, end: 0 });
    assert.equal(lanesIn(tops, 1e9, 400).end, 1000);
  });
});
