// SPDX-License-Identifier: MIT
//
// What /proc says of the processes in sight.  It is asked once for each process, and again when that stops, goes on or is traced: never
// because a snapshot came.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Peer, ProcessFacts } from '../extension/protocol/model';
import { pidHere } from '../extension/protocol/process';
import { useActions } from './context';

export type Facts = ReadonlyMap<number, ProcessFacts>;

/** What makes it worth asking again.  That a process runs or sleeps changes all the time and nothing with it. */
export function factsKey(peer: Pick<Peer, 'pid' | 'samePid' | 'pidHere' | 'startTime' | 'processState'>): string {
  const { startTime, processState } = peer;
  const held = processState !== undefined && 'Tt'.includes(processState) ? processState : '';
  return `${pidHere(peer) ?? peer.pid} ${startTime} ${held}`;
}

export function useFacts(peers: readonly Peer[], open: boolean): Facts {
  const { ask } = useActions();
  const [facts, setFacts] = useState<Facts>(none);
  const asked = useRef(new Map<number, string>());
  useEffect(() => {
    if (!open) return;
    const fresh = peers.flatMap((peer) => {
      const pid = pidHere(peer);
      return pid === undefined || peer.state === 'dead' || asked.current.get(pid) === factsKey(peer) ? [] : [{ peer, pid }];
    });
    if (fresh.length === 0) return;
    for (const { peer, pid } of fresh) asked.current.set(pid, factsKey(peer));
    const take = ({ value }: { value: readonly ProcessFacts[] }): void =>
      setFacts((before) => new Map([...before, ...value.map((one) => [one.pid, one] as const)]));
    // Without them the registry shows what the segment itself tells.
    ask('peermap/facts', { pids: fresh.map(({ pid }) => pid) }).then(take, () => undefined);
  }, [peers, open]);
  return facts;
}

const none: Facts = new Map();
