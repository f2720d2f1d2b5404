// SPDX-License-Identifier: MIT
//
// What the timeline says of the thing under the pointer.  Pure.

import * as l10n from '@vscode/l10n';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import { methodWords, opWords } from '../extension/protocol/mapping';
import type { Peer } from '../extension/protocol/model';
import { kinds } from './event-chunk';
import { bits, markBits } from './event-index';
import { detailOf, eventWord, latencyOf, nameOf, roundText, sizeOf, subjectOf, wordOf, type Names } from './event-text';
import { ackTone, type Shape } from './timeline-scene';
import { toolText } from './timeline-tools';

export function tipLines(shape: Shape, names: Names, peers: readonly Peer[]): string[] {
  const more = shape.count > 1 ? [l10n.t('and {0} more here: zoom in', shape.count - 1)] : [];
  switch (shape.kind) {
    case 'gap':
      return [shape.text];
    case 'round':
      return [...roundText(shape.round, names, peers), ...more];
    case 'ack':
      return [ackText(shape, names, peers), l10n.t('round {0}, {1}', shape.round.epoch, opWords[shape.round.op]), ...more];
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
    case 'tool':
      return [`${nameOf(names, peers, shape.mark.slot, shape.mark.pid)}: ${toolText(shape.mark)}`, ...more];
    case 'bar':
      return [flagWords(shape.bar.flags).join(', '), l10n.t('click to select it')];
    case 'column':
      return [
        shape.count === 1 ? l10n.t('1 event here') : l10n.t('{0} events here', shape.count.toLocaleString('en-US')),
        flagWords(shape.flags).join(', '),
        shape.longest > 0 ? l10n.t('the longest took {0}', formatNanoseconds(shape.longest)) : '',
        l10n.t('zoom in to tell them apart'),
      ].filter((text) => text !== '');
  }
}

function ackText({ ack, round }: Extract<Shape, { kind: 'ack' }>, names: Names, peers: readonly Peer[]): string {
  const who = peers.find(({ slot }) => slot === ack.slot)?.name ?? nameOf(names, peers, ack.slot, 0);
  const took = ack.latencyNs === undefined ? undefined : formatNanoseconds(ack.latencyNs);
  switch (ackTone(ack, round)) {
    case 'ok':
      return took === undefined ? l10n.t('{0}: mapped', who) : l10n.t('{0}: mapped after {1}', who, took);
    case 'reached':
      return took === undefined
        ? l10n.t('{0}: {1}', who, methodWords[ack.method])
        : l10n.t('{0}: {1} after {2}', who, methodWords[ack.method], took);
    case 'waiting':
      return l10n.t('{0}: has not answered yet', who);
    case 'late':
      return took === undefined ? l10n.t('{0}: late', who) : l10n.t('{0}: late after {1}', who, took);
    case 'failed':
      return l10n.t('{0}: failed with errno {1}', who, ack.error);
  }
}

/** What a summary has in it, in words. */
export function flagWords(flags: number): string[] {
  const words = kinds.filter((_, at) => (flags & markBits & (1 << at)) !== 0).map(eventWord);
  if (flags & bits.roundDone) words.push(l10n.t('rounds'));
  if (flags & bits.roundInside) words.push(l10n.t('growths that ask nobody'));
  if (flags & bits.roundBack) words.push(l10n.t('rounds rolled back'));
  if (flags & bits.ackOk) words.push(l10n.t('answers'));
  if (flags & bits.ackReached) words.push(l10n.t('answers while stopped'));
  if (flags & bits.ackFailed) words.push(l10n.t('failed answers'));
  return words;
}
