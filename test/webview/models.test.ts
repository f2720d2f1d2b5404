// SPDX-License-Identifier: MIT
//
// Rounds from events, the scale of the map, problems from snapshots, and the words for all of them.

import * as assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { clock, detailOf, errorCodes, firstErrorCode, roundText, sizeOf, wordOf } from '../../webview/event-text';
import { findingsOf } from '../../webview/findings';
import { breaksOf, lanesOf, mapScale, pieceLines, roomBehind, roundUp, scaleFor, ticksOf, toX } from '../../webview/map-model';
import { conditionOf, conditionText, kernelOf, lackText } from '../../webview/peer';
import { keyChange } from '../../webview/timeline-keys';
import { roundsOf } from '../../webview/timeline-model';
import { timeTicks } from '../../webview/time-axis';
import { ackTone, sceneOf, shapeAt, type TimeLane } from '../../webview/timeline-scene';
import { windowOf, zoomed } from '../../webview/timeline-view';
import { initialView } from '../../webview/view-state';
import { emptyLog } from '../../webview/event-log';
import { ahead, failing, full, GiB, KiB, mappingsOf, MiB, three, the } from './fixtures';
import { batchOf } from './preview';

describe('inspector rounds', () => {
  it('a round has its sizes, its result and an answer per peer', () => {
    const model = three();
    const rounds = roundsOf(model.events);
    assert.equal(rounds.length, 24);
    const last = the(rounds.at(-1));
    assert.equal(last.result, 'done');
    assert.equal(last.target, model.header.active);
    assert.equal(last.before, model.header.active - 192 * KiB);
    assert.deepEqual(
      last.acks.map(({ slot }) => slot),
      [0, 1, 2],
    );
    for (const ack of last.acks) assert.equal(ack.latencyNs, the(model.peers[ack.slot]).latencyNs);
  });

  it('a round that was rolled back names the late peer and not the others', () => {
    const last = the(roundsOf(failing().events).at(-1));
    assert.equal(last.result, 'rolled back');
    assert.deepEqual(
      last.acks.filter(({ late }) => late).map(({ slot }) => slot),
      [2],
    );
  });

  it('is made out from its end alone when the beginning was overwritten', () => {
    const model = three();
    const end = the(model.events.findLast(({ kind }) => kind === 'round-end'));
    const [round] = roundsOf([end]);
    assert.equal(round?.result, 'done');
    assert.equal(round.from, end.timeNs - end.ns);
  });

  it('is abandoned when its runner died and another took over', () => {
    const model = three();
    model.header.epoch += 1;
    model.event('round-begin', { op: 'grow', bySlot: 1, byPid: 4718, size: 9 * MiB, ns: 7 * MiB });
    assert.equal(roundsOf(model.events).at(-1)?.result, 'running');
    model.now += 5e6;
    model.event('takeover', { op: 'grow', bySlot: 0, byPid: 4711 });
    assert.equal(roundsOf(model.events).at(-1)?.result, 'abandoned');
  });

  it('a late answer that comes after all keeps its true latency', () => {
    const model = three();
    model.resize(8 * MiB, model.peers[0], ['stats']);
    model.now += 3e9;
    model.event('map-ack', { slot: 2, pid: 4724, method: 'agent', size: 8 * MiB, ns: 3.2e9 });
    const ack = roundsOf(model.events)
      .at(-1)
      ?.acks.find(({ slot }) => slot === 2);
    assert.equal(ack?.late, true);
    assert.equal(ack.latencyNs, 3.2e9);
  });
});

describe('inspector growths that ask nobody', () => {
  it('are rounds of one event each, beside those that ask', () => {
    const rounds = roundsOf(ahead().events);
    assert.deepEqual([...new Set(rounds.map(({ op }) => op))].sort(), ['ahead', 'inside']);
    const inside = rounds.filter(({ op }) => op === 'inside');
    assert.equal(inside.length, 19);
    assert.equal(rounds.find(({ op }) => op === 'ahead')?.target, 88 * MiB);
    for (const round of inside) {
      assert.deepEqual([round.result, round.acks, round.firstSeq], ['done', [], round.lastSeq]);
      assert.equal(the(round.to) - round.from, 4_800);
    }
    assert.equal(the(inside.at(-1)).target, ahead().header.active);
  });

  it('do not end the round that is under way', () => {
    const model = three();
    model.header.epoch += 1;
    const { epoch } = model.header;
    model.event('round-begin', { op: 'ahead', bySlot: 1, byPid: 4718, size: 64 * MiB, ns: 7 * MiB });
    model.growInside(64 * KiB);
    const rounds = roundsOf(model.events);
    assert.equal(rounds.find((round) => round.epoch === epoch)?.result, 'running');
    assert.equal(rounds.at(-1)?.op, 'inside');
  });

  it('say that nobody was asked, and of a stopped peer how it was reached', () => {
    const model = ahead();
    const { peers, events } = model;
    const say = (kind: string) => {
      const event = the(events.findLast((one) => one.kind === kind));
      return `${wordOf(event)}: ${detailOf(event, {}, peers)}`;
    };
    assert.match(say('round-end'), /^grew: every peer had it mapped ahead: nobody was asked/);
    assert.match(say('unstop'), /^agent let run: by .* though its process is stopped/);
    const reached = the(roundsOf(events).find(({ acks }) => acks.some(({ method }) => method === 'unstop')));
    assert.ok(roundText(reached, {}, peers).includes('1 was reached while stopped'));
    assert.deepEqual(
      reached.acks.map((ack) => ackTone(ack, reached)),
      ['ok', 'reached', 'ok'],
    );
  });

  it('a try that was refused is no success, and its reason is in words', () => {
    const model = ahead();
    model.event('unstop', { slot: 1, pid: 4718, bySlot: 0, byPid: 4711, error: 1 });
    model.event('map-late', { slot: 1, pid: 4718, size: MiB, ns: 1e9, error: 3 });
    model.event('lost', { slot: 1, pid: 4718, size: 64 * KiB });
    const [unstop, late, lost] = model.events.slice(-3).map((event) => ({
      word: wordOf(event),
      detail: detailOf(event, {}, model.peers),
      size: sizeOf(event),
    }));
    assert.equal(unstop?.word, 'not reached');
    assert.match(unstop.detail, /the system does not permit running its agent/);
    assert.match(late?.detail ?? '', /no answer by the deadline: its process cannot be seen from here/);
    assert.deepEqual([lost?.word, lost?.size], ['memory lost', 64 * KiB]);
    const ack = roundsOf(model.events)
      .flatMap(({ acks }) => acks)
      .findLast(({ late: is }) => is);
    assert.equal(ack?.error, 0);
  });
});

describe('inspector timeline', () => {
  const lanes: TimeLane[] = [
    { slot: -1, name: 'segment', present: true },
    ...[0, 1, 2].map((slot) => ({ slot, name: `${slot}`, present: true })),
  ];

  it('draws no more shapes than there are pixels for', () => {
    const model = full();
    const log = emptyLog.append(batchOf(model.events), true);
    const every: TimeLane[] = [
      { slot: -1, name: '', present: true },
      ...model.peers.map(({ slot, name }) => ({ slot, name, present: true })),
    ];
    const { shapes, columns } = sceneOf(log, every, { start: 0, end: model.now * 2 }, 300);
    assert.ok(shapes.length < 3 * every.length, `${shapes.length} shapes`);
    // From far: the beginning, the attachments, the rounds and their answers, each in a column of its lane.
    assert.equal(
      columns.reduce((sum, { count, bars }) => sum + bars.length + count.reduce((all, one) => all + one, 0), 0),
      1 + 128 + 40 + 40 * 128,
    );
  });

  it('finds the shape under the pointer, and none where there is none', () => {
    const model = three();
    const log = emptyLog.append(batchOf(model.events), true);
    const rounds = roundsOf(log.events());
    const last = the(rounds.at(-1));
    const scene = sceneOf(log, lanes, { start: last.from - 1e3, end: the(last.to) + 1e3 }, 1000);
    const shape = shapeAt(scene, 0, 500);
    assert.equal(shape?.kind === 'round' && shape.round.epoch, last.epoch);
    const ack = shapeAt(scene, 2, 500);
    assert.equal(ack?.kind === 'ack' && ack.ack.slot, 1);
    assert.equal(shapeAt(scene, 9, 500), undefined);
  });

  it('shows lost events as a gap with their number', () => {
    const model = three();
    const log = emptyLog.append(batchOf(model.events.slice(0, 50)), true).append(batchOf(model.events.slice(62), 12), false);
    const scene = sceneOf(log, lanes, { start: the(model.events[0]).timeNs, end: model.now }, 1000);
    const gaps = scene.shapes.filter(({ kind }) => kind === 'gap');
    assert.deepEqual(
      gaps.map(({ count }) => count),
      [12],
    );
  });

  it('zooms about the middle, follows at the right edge, and steps through events', () => {
    const model = three();
    const log = emptyLog.append(batchOf(model.events), true);
    const paused = { ...initialView, follow: false, span: 10e9, end: 100e9 };
    assert.deepEqual(zoomed(paused, 0, 0.5, 0.5), { span: 5e9, end: 97.5e9 });
    const where = { view: initialView, now: model.now, log, lanes };
    const key = (name: string, view = where.view): ReturnType<typeof keyChange> =>
      keyChange({ key: name, ctrlKey: false, metaKey: false, altKey: false }, { ...where, view });
    assert.equal(key('p')?.follow, false);
    assert.equal(key('w')?.span, initialView.span / 2);
    assert.deepEqual(key('F'), key('Home'));
    assert.equal(key('f', { ...initialView, stretch: { from: 1e9, to: 2e9 } })?.end, 2.08e9);
    assert.equal(key('.')?.event, model.events.length);
    assert.equal(key(',', { ...initialView, event: 9 })?.event, 8);
    assert.equal(key('x'), undefined);
    const all = { ...initialView, ...key('Home') };
    assert.ok(windowOf(all, model.now).start <= the(model.events[0]).timeNs);
  });

  it('ticks fall on round times and never crowd', () => {
    for (const span of [1e3, 7e4, 3e6, 5e8, 1e10, 4e12, 6e14]) {
      const { times, step } = timeTicks({ start: 5e12 + 7, end: 5e12 + 7 + span }, 8, 0);
      assert.ok(times.length <= 9, `${times.length} ticks for ${span}`);
      for (const time of times) assert.equal(time % step, 0);
    }
    assert.equal(clock(36_000e9 + 1_234_567, 1e6), '00.001 s');
    assert.equal(clock(36_061e9, 1e9), '10:01:01');
  });
});

describe('inspector map', () => {
  it('the scale stands still for small growths and moves for large ones', () => {
    assert.equal(roundUp(5 * MiB), 5 * MiB);
    assert.equal(roundUp(5 * MiB + 1), 6 * MiB);
    assert.equal(roundUp(9 * MiB), 10 * MiB);
    const { header } = three();
    assert.deepEqual(scaleFor(0, header.active, 16 * GiB), scaleFor(0, header.active + 64 * KiB, 16 * GiB));
  });

  it('is to scale throughout where the reservation is near, and broken where it is far', () => {
    assert.deepEqual(scaleFor(0, 60 * MiB, 64 * MiB), { start: 0, end: 64 * MiB, broken: false });
    assert.equal(scaleFor(0, 60 * MiB, 16 * GiB).broken, true);
  });

  it('shows what is mapped ahead to scale, and breaks off where the active part would be a sliver', () => {
    const near = scaleFor(0, 24 * MiB, 16 * GiB, 88 * MiB);
    assert.deepEqual(near, { start: 0, end: 112 * MiB, broken: true });
    const far = scaleFor(0, 2 * MiB, 16 * GiB, 66 * MiB);
    assert.deepEqual(far, { start: 0, end: 5 * MiB, broken: true, far: 66 * MiB });
    const places = [0, 2, 5, 6, 66, 500].map((size) => toX(far, 1000, size * MiB));
    assert.deepEqual(places.slice(0, 3), [0, 400, 1000]);
    assert.ok(the(places[3]) > 1000 && the(places[3]) < the(places[4]));
    assert.equal(places[4], places[5]);
    assert.ok(the(places[4]) < 1000 + roomBehind(far, 36));
    assert.equal(breaksOf(far, 1000).length, 2);
    assert.equal(breaksOf(near, 1000).length, 1);
    assert.equal(breaksOf(scaleFor(0, MiB, 4 * MiB, 4 * MiB), 1000).length, 0);
  });

  it('divides what is mapped where the active memory ends, and calls neither drift', () => {
    const snapshot = ahead(24 * MiB, 88 * MiB).snapshot();
    const header = the(snapshot.header);
    const [lane] = lanesOf(snapshot, header);
    assert.deepEqual(
      lane?.pieces?.map(({ offset, length, ahead: early }) => [offset, length, early]),
      [
        [-header.headerLength, header.headerLength, false],
        [0, header.active, false],
        [header.active, 104 * MiB - header.active, true],
      ],
    );
    assert.match(lane.facts, /maps 26\.5 MiB of 26\.5 MiB active, and 77\.5 MiB ahead$/);
    assert.equal(lane.note, '');
    assert.ok(pieceLines(the(lane.pieces[2]), false).includes('mapped ahead: not active yet'));
    assert.deepEqual(findingsOf(snapshot), []);
  });

  it('a field that a damaged segment claims cannot blow up the scale', () => {
    const model = three();
    the(model.peers[0]).mapped = 2 ** 52;
    const snapshot = model.snapshot();
    assert.ok(mapScale(snapshot, the(snapshot.header)).end <= model.header.reserved);
    assert.ok(ticksOf({ start: 0, end: 2 ** 46, broken: false }, 1000).length < 20);
    assert.ok(ticksOf({ start: 0, end: 1, broken: false }, 0.5).length < 20);
  });

  it('says what a lane lacks, where a relocated one is, and who is a stranger', () => {
    const snapshot = failing().snapshot();
    const lanes = new Map(lanesOf(snapshot, the(snapshot.header)).map((lane) => [lane.name, lane]));
    assert.equal(lanes.get('camera-left')?.note, 'lacks 1 MiB at 0x7e8000680000');
    assert.deepEqual(
      lanes.get('camera-left')?.missing.map(({ offset, length }) => [offset, length]),
      [[6.5 * MiB, MiB]],
    );
    assert.match(lanes.get('viewer')?.note ?? '', /relocated to 0x520000000000/);
    assert.match(lanes.get('hexdump')?.note ?? '', /not in the registry/);
    assert.deepEqual(pieceLines(the(the(lanes.get('camera-left')).missing[0]), true).slice(0, 2), [
      '0x7e8000680000 – 0x7e8000780000',
      '1 MiB at offset 0x680000',
    ]);
  });
});

describe('inspector words', () => {
  it('a dead peer lacks nothing; a stopped one says so', () => {
    const [peer] = three().peers;
    const missing = [{ address: '0x7e8000000000' as const, length: MiB }];
    assert.equal(lackText({ ...the(peer), state: 'dead', missing }), '');
    assert.equal(lackText({ ...the(peer), missing }), 'lacks 1 MiB at 0x7e8000000000');
    assert.equal(conditionText(conditionOf({ ...the(peer), state: 'late', processState: 'T' })), 'late, stopped');
    assert.equal(conditionText(conditionOf({ ...the(peer), samePid: false })), 'alive, another process has its pid');
    assert.equal(conditionText(conditionOf({ ...the(peer), processState: 'T', frozen: {} })), 'alive, frozen');
    assert.equal(conditionText(conditionOf({ ...the(peer), samePid: false, pidHere: 77 })), 'alive');
    const perhaps = conditionText(conditionOf({ ...the(peer), samePid: false, pidPerhaps: 77 }));
    assert.equal(perhaps, 'alive, of another pid namespace, perhaps pid 77 here');
  });

  it('a frozen peer is a problem that names the file to thaw it by; one seen under another number is none', () => {
    const model = three();
    const file = '/sys/fs/cgroup/freezer/x/freezer.state';
    Object.assign(the(model.peers[1]), { frozen: { file, thaw: 'THAWED' }, processState: 'D' });
    Object.assign(the(model.peers[2]), { samePid: false, pidHere: 77 });
    const found = findingsOf(model.snapshot()).filter(({ code }) => code === 'frozen' || code === 'pid-reused');
    assert.deepEqual(
      found.map(({ code, text }) => [code, text]),
      [['frozen', `Its cgroup is frozen: write THAWED to ${file} to let it go on.`]],
    );
  });

  it('the kernel agrees up to its page, drifts beyond it, and may be unknown', () => {
    const { header, peers } = three();
    const peer = { ...the(peers[0]), mapped: 7 * MiB };
    assert.equal(kernelOf({ ...peer, mapped: 7 * MiB - 100 }, header).kind, 'agrees');
    assert.equal(kernelOf(peer, header).kind, 'agrees');
    const short = kernelOf({ ...peer, mappings: mappingsOf(6 * MiB) }, header);
    assert.equal(short.kind === 'drift' && short.text, '1 MiB less than claimed');
    const unseen = { ...peer };
    delete unseen.mappings;
    assert.equal(kernelOf(unseen, header).kind, 'unknown');
  });

  it('finds each thing that is wrong once, worst first', () => {
    const found = findingsOf(failing().snapshot());
    assert.deepEqual(
      found.map(({ code }) => code),
      ['lacks-memory', 'lock-holder-died', 'late-peer', 'dead-peers', 'no-access', 'stranger'],
    );
    assert.equal(new Set(found.map(({ id }) => id)).size, found.length);
    assert.deepEqual(findingsOf(three().snapshot()), []);
  });

  it('that every user may write it is a warning', () => {
    const model = three();
    model.problems = [{ code: 'world-writable', where: 'object', text: 'mode 0666 lets every user write it' }];
    assert.deepEqual(
      findingsOf(model.snapshot()).map(({ severity, code }) => [severity, code]),
      [['warning', 'world-writable']],
    );
  });

  it('a peer that is only late in mapping ahead is no problem, unless the segment is strict', () => {
    const model = ahead();
    const search = the(model.peers[1]);
    Object.assign(search, { state: 'late', requested: search.acked + 1, processState: 'T' });
    const severities = () =>
      findingsOf(model.snapshot()).map(({ code, severity, text }) => [code, severity, /has all that/.test(text)]);
    assert.deepEqual(severities(), [['late-peer', 'info', true]]);
    search.mapped = model.header.active - 4096;
    search.mappings = mappingsOf(search.mapped);
    assert.deepEqual(severities(), [['late-peer', 'warning', false]]);
    Object.assign(search, { mapped: model.header.active, mappings: mappingsOf(model.header.active) });
    model.header.flags.push('strict');
    assert.deepEqual(severities(), [['late-peer', 'warning', false]]);
  });

  it('names errors as the header file does', async () => {
    const header = await readFile('native/include/peermap.h', 'utf8');
    const listed = [...header.matchAll(/^\s+X\((\w+), -(\d+), /gm)].map(([, name, code]) => [Number(code), `PEERMAP_${name}`]);
    assert.ok(listed.length > 10);
    assert.deepEqual(
      errorCodes.map((name, at) => [at - firstErrorCode, name]),
      listed,
    );
  });
});
