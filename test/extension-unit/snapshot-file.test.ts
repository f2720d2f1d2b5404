// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { answerFromFile } from '../../extension/client/snapshot-answers';
import { collect, structs } from '../../extension/client/snapshot-collect';
import type { ServerConnection } from '../../extension/client/server-connection';
import { describeSegment } from '../../extension/client/tool-texts';
import { describe as textOf } from '../../extension/protocol/describe';
import type { PeermapEvent } from '../../extension/protocol/model';
import { parseSnapshotFile, type SnapshotFile } from '../../extension/protocol/snapshot-file';
import { event, MiB, peer, snapshot } from './snapshots';

const events: PeermapEvent[] = [
  event(1, 'round-begin', { epoch: 2, op: 'grow', bySlot: 0, byPid: 100, size: 3 * MiB, ns: 2 * MiB }),
  event(2, 'map-ack', { epoch: 2, slot: 1, pid: 101, method: 'agent', ns: 9000 }),
  event(3, 'map-late', { epoch: 2, slot: 2, pid: 102, ns: 9000, error: 16 }),
  event(4, 'round-end', { epoch: 2, op: 'grow', bySlot: 0, byPid: 100, size: 3 * MiB, ns: 12_300 }),
];

function file(change: Partial<SnapshotFile> = {}): SnapshotFile {
  return {
    format: 'peermap-snapshot',
    version: 1,
    host: 'here',
    exportedAt: '2026-01-02T03:04:05.000Z',
    extension: '1.2.3',
    snapshot: snapshot([peer(0, 'indexer'), peer(1, 'search')]),
    events: { events, last: 4, missed: 0 },
    facts: [],
    structures: [],
    problems: [],
    ...change,
  };
}

const read = (value: unknown) => parseSnapshotFile(JSON.stringify(value));
const refusal = (value: unknown) => {
  const answer = typeof value === 'string' ? parseSnapshotFile(value) : read(value);
  return answer.kind === 'error' ? answer.text : '';
};

describe('a snapshot file', () => {
  it('is read again as it was written', () => {
    assert.deepEqual(read(file()), { kind: 'file', file: file() });
    assert.equal(read(file({ heap: null })).kind, 'file');
  });

  it('of no or of another format is refused with the reason', () => {
    assert.match(refusal('{'), /not JSON/);
    assert.match(refusal('null'), /not a snapshot/);
    assert.match(refusal({ format: 'other' }), /not a snapshot/);
    assert.match(refusal({ ...file(), version: 2 }), /version 2, and this Peermap reads version 1/);
    assert.match(refusal({ ...file(), version: 'x' }), /does not say/);
  });

  it('that is damaged is refused with the place', () => {
    const broken: [string, (string | number)[], unknown][] = [
      ['host', ['host'], undefined],
      ['snapshot.peers[1].base', ['snapshot', 'peers', 1, 'base'], 'javascript:0'],
      ['snapshot.peers[0].mapped', ['snapshot', 'peers', 0, 'mapped'], -1],
      ['snapshot.header.active', ['snapshot', 'header', 'active'], '2'],
      ['events.events[3].ns', ['events', 'events', 3, 'ns'], null],
      ['facts', ['facts'], {}],
    ];
    for (const [place, path, value] of broken) {
      const damaged = structuredClone(file());
      const holder = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], damaged);
      (holder as Record<string, unknown>)[String(path.at(-1))] = value;
      assert.ok(refusal(damaged).includes(`"${place}"`), `${place}: ${refusal(damaged)}`);
    }
  });

  it('with structures nested without end is refused, and does not end the process', () => {
    let text = '{"name":"a","type":"t","offset":0,"size":1,"value":""}';
    for (let depth = 0; depth < 4000; depth += 1)
      text = `{"name":"a","type":"t","offset":0,"size":1,"value":"","fields":[${text}]}`;
    const source = '"source":{"file":"f","reader":"r"}';
    const structure = `{"root":"r","type":"t",${source},"offset":0,"size":1,"takenAtMs":0,"fields":[${text}]}`;
    assert.match(refusal(JSON.stringify(file()).replace('"structures":[]', `"structures":[${structure}]`)), /structures\[0\]/);
  });

  it('answers what it holds, and says of the rest why not', () => {
    const facts = [100, 101].map((pid) => ({
      pid,
      user: 'u',
      uid: 0,
      executable: '',
      commandLine: '',
      startedAtMs: 0,
      threads: 1,
    }));
    const answer = answerFromFile(file({ facts }), 'peermap/facts', { pids: [101] }) as { value: unknown[] };
    assert.deepEqual(answer.value, [facts[1]]);
    assert.throws(() => answerFromFile(file(), 'peermap/heap', {}), /could not be counted/);
    assert.throws(() => answerFromFile(file(), 'peermap/read', { offset: 0, length: 1 }), /not what is in its memory/);
    assert.throws(() => answerFromFile(file(), 'peermap/grow' as never, {}), /no question/);
  });
});

describe('collecting a snapshot', () => {
  const server = (refused: readonly string[], batches: PeermapEvent[][]) => {
    const answers: Record<string, (params: { after?: number }) => unknown> = {
      'peermap/snapshot': () => ({
        value: { ...snapshot([peer(0, 'indexer')]), header: { ...snapshot([]).header, eventHead: 4 } },
        problems: [],
      }),
      'peermap/events': ({ after = 0 }) => {
        const batch = batches.find((each) => (each[0]?.seq ?? 0) > after) ?? [];
        return { value: { events: batch, last: batch.at(-1)?.seq ?? after, missed: 0 }, problems: [] };
      },
      'peermap/heap': () => ({ value: null, problems: [] }),
      'peermap/facts': () => ({ value: [], problems: [] }),
      'peermap/census': () => ({ value: { objects: [], limits: { shmmni: 4096 } }, problems: [] }),
    };
    const request = (method: string, params: object) => {
      if (refused.includes(method)) return Promise.reject(new Error(`no ${method}`));
      return Promise.resolve(answers[method]?.(params));
    };
    return { request } as unknown as Pick<ServerConnection, 'request'>;
  };

  it('follows the ring to the moment of the snapshot, and no further', async () => {
    const later = [events.slice(0, 2), [...events.slice(2), event(5, 'detach', {})]];
    const made = await collect(server([], later), { segment: 'demo', extension: '1' });
    assert.deepEqual([made.events.events.map(({ seq }) => seq), made.events.last], [[1, 2, 3, 4], 4]);
    assert.equal(read(made).kind, 'file');
  });

  const withRoots = (count: number) => {
    const asked: string[] = [];
    const roots = Array.from({ length: count }, (_, at) => ({
      name: `root${at}`,
      offset: 0,
      size: 8,
      type: 'table',
      version: 1,
    }));
    const { request } = server([], [events]) as unknown as { request: (method: string, params: object) => Promise<object> };
    const counting = async (method: string, params: object) => {
      asked.push(method);
      if (method === 'peermap/structure') return { value: { root: (params as { root: string }).root }, problems: [] };
      const answer = await request(method, params);
      return method === 'peermap/snapshot' ? { ...answer, value: { ...(answer as { value: object }).value, roots } } : answer;
    };
    const structures = () => asked.filter((method) => method === 'peermap/structure').length;
    return { asking: { request: counting } as unknown as Pick<ServerConnection, 'request'>, asked, structures };
  };

  it('asks for roots as structs only where they are wanted', async () => {
    const { asking, structures } = withRoots(3);
    await collect(asking, { segment: 'demo', extension: '1' });
    await describeSegment(asking, { segment: 'demo' });
    assert.equal(structures(), 0);
    const made = await collect(asking, { segment: 'demo', extension: '1', structures: true });
    assert.deepEqual(
      made.structures.map(({ root }) => root),
      ['root0', 'root1', 'root2'],
    );
  });

  it('takes no more of them than was said, and says how many it left out', async () => {
    const { asking, structures } = withRoots(structs.most + 7);
    const made = await collect(asking, { segment: 'demo', extension: '1', structures: true });
    assert.equal(structures(), structs.most);
    assert.equal(made.structures.length, structs.most);
    assert.deepEqual(
      made.problems.map(({ code, where, text }) => [code, where, text.split(' ')[0]]),
      [['left-out', 'peermap/structure', '7']],
    );
  });

  it('asks for nothing more once it is cancelled', async () => {
    const { asking, asked, structures } = withRoots(10);
    const token = {
      get isCancellationRequested() {
        return structures() === 2;
      },
    } as vscode.CancellationToken;
    await assert.rejects(collect(asking, { segment: 'demo', extension: '1', structures: true, token }), /Nobody waits/);
    assert.equal(structures(), 2);
    assert.equal(asked.at(-1), 'peermap/structure');
  });

  it('keeps what could not be had as a problem, and fails only without the segment itself', async () => {
    const made = await collect(server(['peermap/heap', 'peermap/census'], [events]), { segment: 'demo', extension: '1' });
    assert.deepEqual(
      made.problems.map(({ where }) => where),
      ['peermap/heap', 'peermap/census'],
    );
    assert.ok(!('heap' in made) && !('limits' in made));
    await assert.rejects(collect(server(['peermap/snapshot'], []), { segment: 'demo', extension: '1' }), /no peermap\/snapshot/);
  });
});

describe('a segment as text', () => {
  it('does not depend on the order in which it is told, nor on clocks and latencies', () => {
    const peers = [peer(0, 'indexer', { latencyNs: 1 }), peer(1, 'search')];
    const one = textOf({ snapshot: { ...snapshot(peers), takenAtMs: 1, monotonicNs: 2 } });
    const again = [peer(1, 'search'), peer(0, 'indexer', { latencyNs: 99 })];
    assert.equal(textOf({ snapshot: { ...snapshot(again), takenAtMs: 8, monotonicNs: 9 } }), one);
  });

  it('changes in the line of what changed', () => {
    const lines = (bytes: number) => textOf({ snapshot: snapshot([peer(0, 'indexer', { mapped: bytes })]) }).split('\n');
    const [before, after] = [lines(2 * MiB), lines(3 * MiB)];
    const changed = after.filter((line, index) => line !== before[index]);
    assert.deepEqual(changed, ['    maps 3 MiB (3145728 bytes); it mapped it, by its agent']);
  });

  it('names what a peer lacks, and tells of the last round', () => {
    const lacking = peer(1, 'search', { missing: [{ address: '0x7e8000001000', length: 4096 }] });
    const text = textOf({ snapshot: snapshot([peer(0, 'indexer'), lacking, peer(2, 'stats', { processState: 't' })]), events });
    assert.match(text, /MISSING 4 KiB at 0x7e8000001000, offset 0x1000/);
    assert.match(text, /stats \(102\): alive, held by a debugger/);
    assert.match(text, /epoch 2: growth to 3 MiB, by indexer \(100\); it was done/);
    assert.match(text, /search \(101\): mapped it, by its agent/);
    assert.match(text, /stats \(102\): did not answer in time: a debugger or another tracer holds it/);
  });
});
