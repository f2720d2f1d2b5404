// SPDX-License-Identifier: MIT
//
// What the timeline says of the thing under the pointer.  Pure.

import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import { methodWords, opWords } from '../extension/protocol/mapping';
import type { Peer } from '../extension/protocol/model';
import { detailOf, latencyOf, nameOf, roundText, sizeOf, subjectOf, wordOf, type Names } from './event-text';
import { ackTone, gapText, type Shape } from './timeline-scene';

export function tipLines(shape: Shape, names: Names, peers: readonly Peer[]): string[] {
  const more = shape.count > 1 && shape.kind !== 'gap' ? [`and ${shape.count - 1} more here: zoom in`] : [];
  switch (shape.kind) {
    case 'gap':
      return [gapText(shape.count)];
    case 'round':
      return [...roundText(shape.round, names, peers), ...more];
    case 'ack': {
      const { ack, round } = shape;
      const tone = ackTone(ack, round);
      const took = ack.latencyNs === undefined ? '' : ` after ${formatNanoseconds(ack.latencyNs)}`;
      const words = {
        ok: `mapped${took}`,
        reached: `${methodWords[ack.method]}${took}`,
        waiting: 'has not answered yet',
        late: `late${took}`,
        failed: `failed with errno ${ack.error}`,
      };
      const who = peers.find(({ slot }) => slot === ack.slot)?.name ?? nameOf(names, peers, ack.slot, 0);
      return [`${who}: ${words[tone]}`, `round ${round.epoch}, ${opWords[round.op]}`, ...more];
    }
    case 'mark': {
      const { event } = shape;
      const size = sizeOf(event);
      const latency = latencyOf(event);
      const facts = [
        size === undefined ? '' : formatBytes(size),
        latency === undefined ? '' : formatNanoseconds(latency),
        detailOf(event, names, peers),
      ].filter((text) => text !== '');
      return [`${subjectOf(event, names, peers)} ${wordOf(event)}`.trim(), facts.join(', '), ...more].filter(
        (text) => text !== '',
      );
    }
  }
}
